#include "stress/sync_pool.hpp"

#include <algorithm>

namespace heed::stress {

// --- lines -------------------------------------------------------------------------------------------------------

void WaitLine::enter(SyncWait& wait) {
  wait.arrival = ++last_arrival_;
  waits_.push_back(&wait);
}

void WaitLine::leave(SyncWait& wait) {
  auto found = std::find(waits_.begin(), waits_.end(), &wait);
  if (found != waits_.end()) waits_.erase(found);
}

void WaitLine::served(SyncWait& wait) {
  leave(wait);
  if (wait.overtaken) violation("a task was served after one that came later");
  overtake(wait.arrival);
}

void WaitLine::overtake(std::uint64_t arrival) {
  for (SyncWait* wait : waits_)
    if (wait->arrival < arrival && !wait->moved) wait->overtaken = true;
}

void WaitLine::mix_up() {
  for (SyncWait* wait : waits_) wait->moved = true;
}

unsigned WaitLine::call_all() {
  unsigned called = 0;
  for (SyncWait* wait : waits_)
    if (!wait->refused) called += !std::exchange(wait->called, true);
  return called;
}

void WaitLine::refuse_all() {
  for (SyncWait* wait : waits_)
    if (!wait->called) wait->refused = true;
}

std::size_t WaitLine::uncalled() const {
  return static_cast<std::size_t>(std::count_if(waits_.begin(), waits_.end(),
                                                [](const SyncWait* wait) { return !wait->called && !wait->refused; }));
}

// --- accounts ----------------------------------------------------------------------------------------------------

std::uint64_t LockAccount::take() {
  if (holder != 0) line.violation("two tasks hold it");
  return holder = ++last_holder;
}

void LockAccount::check() {
  if (lock.locked() != (holder != 0)) line.violation("locked() does not say whether somebody holds it");
}

// A task that was cancelled leaves the notification to the next one, now or when it has the lock: which of both is not
// known here.
void ConditionAccount::notify(std::size_t count) { call(count, WaitLine::last_arrival()); }

void ConditionAccount::call(std::size_t count, std::uint64_t at) {
  std::size_t carried = 0;
  for (SyncWait* wait : line.waits()) {
    if (wait->called) {
      // Perhaps this one had the older notification, as those before it had been cancelled by then.
      if (count != 0 && wait->arrival <= at && at < wait->called_at) {
        std::swap(wait->called_at, at);
        wait->since = std::min(wait->since, wait->called_at);
      }
      continue;
    }
    if (count != 0 && wait->arrival <= at) {
      --count;
      carried += std::exchange(wait->perhaps, false);
      wait->since = carried != 0 ? wait->arrival : at;
      wait->called = true;
      wait->called_at = at;
    } else if (!wait->perhaps && count + carried != 0) {
      --(count != 0 ? count : carried);
      wait->perhaps = true;
    }
  }
}

void ConditionAccount::gone(SyncWait& ended) {
  line.leave(ended);
  if (ended.called) call(1, ended.called_at);
  if (ended.perhaps) call(1, 0);
}

void SemaphoreAccount::check() {
  auto granted = static_cast<std::ptrdiff_t>(line.size());
  std::ptrdiff_t value = semaphore.value();
  if (available < 0) line.violation("more hold it than it has slots");
  if (value > available || value < available - granted) line.violation("its value is wrong");
  if (value == 0 && !semaphore.locked()) line.violation("it has no slot, and is not locked");
  if (value != 0 && line.empty() && semaphore.locked()) line.violation("it has a slot, and is locked");
}

void LimiterAccount::check() {
  LimiterStatistics now = limiter.statistics();
  bool all_hold = now.total_tokens == total && now.borrowed_tokens >= holders.size() &&
                  now.borrowed_tokens <= holders.size() + line.size() &&
                  now.borrowed_tokens == limiter.borrowed_tokens();
  // Those who were granted one are among those who wait.
  bool all_wait = now.tasks_waiting + now.borrowed_tokens <= holders.size() + line.size();
  std::size_t found = 0;
  for (const Borrower& borrower : now.borrowers)
    found +=
        holders.count(borrower.is_task() ? borrower.task_id() : reinterpret_cast<std::uintptr_t>(borrower.object()));
  if (!all_hold || !all_wait || found != holders.size() || found != now.borrowers.size())
    line.violation("its statistics are wrong");
  std::size_t available = now.borrowed_tokens < total ? total - now.borrowed_tokens : 0;
  if (limiter.available_tokens() != available) line.violation("its tokens do not add up");
}

void BarrierAccount::open_round() {
  auto round = static_cast<unsigned>(passed.size());
  passed.emplace_back();
  for (SyncWait* wait : line.waits()) {
    if (wait->called || wait->refused) continue;
    wait->called = true;
    wait->round = round;
  }
}

void BarrierAccount::pass(unsigned round, std::size_t number) {
  if (number >= parties) line.violation("a number is too large");
  if (!passed[round].insert(number).second) line.violation("two tasks got the same number");
}

void BarrierAccount::check() {
  if (barrier.broken() != broken) line.violation("broken() is wrong");
  if (barrier.n_waiting() > line.uncalled()) line.violation("more wait than came");
}

void QueueBooks::put(std::uint32_t item, unsigned rank) {
  if (shut_down) putters.violation("an item was put in after the shutdown");
  if (full()) putters.violation("it holds more than it may");
  items.emplace_back(item, rank);
  ++unfinished;
}

void QueueBooks::got(std::uint32_t item) {
  auto place = items.begin();
  if (order == Order::last_in && !items.empty()) place = items.end() - 1;
  if (order == Order::ranked)
    place =
        std::min_element(items.begin(), items.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  if (place == items.end() || place->first != item)
    return getters.violation("an item came out that was not the next, or not in it");
  items.erase(place);
}

void QueueBooks::item_done() {
  if (--unfinished == 0) joiners.call_all();
}

void QueueBooks::shutdown(bool immediate) {
  shut_down = true;
  putters.refuse_all();
  if (immediate) {
    unfinished -= std::min(unfinished, items.size());
    items.clear();
    if (unfinished == 0) joiners.call_all();
  }
  if (items.empty()) getters.refuse_all();
  getters.mix_up();
}

// As in asyncio nothing is reserved for those who were woken: who comes meanwhile may take it, and they go back to the
// end of the line.
void QueueBooks::served(WaitLine& line, SyncWait* wait) {
  if (!wait || !wait->suspended) {
    if (wait) line.leave(*wait);
    return line.mix_up();
  }
  bool firm = !wait->moved;
  if (firm) return line.served(*wait);
  line.leave(*wait);
  line.mix_up();
}

void QueueBooks::check_asleep() {
  getters.check_asleep([&](const SyncWait&) { return !items.empty() || shut_down; },
                       "a task waits for an item that is there");
  putters.check_asleep([&](const SyncWait&) { return !full() || shut_down; }, "a task waits for room that is there");
  joiners.check_asleep([&](const SyncWait&) { return unfinished == 0; }, "a task waits for items that are done");
}

// --- all of one loop ---------------------------------------------------------------------------------------------

namespace {
std::array<std::uint8_t, 6> random_sizes(std::uint64_t seed) {
  Random random(seed * 0x2545f4914f6cdd1du + 3);
  std::array<std::uint8_t, 6> sizes{};
  for (std::uint8_t& size : sizes) size = static_cast<std::uint8_t>(random.between(1, 2));
  return sizes;
}
}  // namespace

SyncPool::SyncPool(Oracle& oracle, Scopes& scopes, std::uint64_t seed)
    : oracle_(oracle),
      scopes_(scopes),
      sizes_(random_sizes(seed)),
      small_(1),
      large_(sizes_[0]),
      bounded_(sizes_[1]),
      first_in_(oracle, "queue 0", Order::first_in, sizes_[2]),
      endless_(oracle, "queue 3", Order::first_in, 0),
      last_in_(oracle, "queue 1", Order::last_in, sizes_[3]),
      ranked_(oracle, "queue 2", Order::ranked, sizes_[4] + 1u) {
  for (Lock* lock : {&plain_locks_[0], &plain_locks_[1], &own_condition_.lock()})
    locks_.emplace_back(oracle, "lock " + std::to_string(locks_.size()), *lock);
  conditions_.emplace_back(oracle, "condition 0", locks_[2], own_condition_);
  conditions_.emplace_back(oracle, "condition 1", locks_[0], shared_condition_);
  locks_[2].conditions.push_back(&conditions_[0].line);
  locks_[0].conditions.push_back(&conditions_[1].line);
  for (const char* name : {"event 0", "event 1"}) events_.emplace_back(oracle, name);
  semaphores_.emplace_back(oracle, "semaphore 0", small_, 1, false);
  semaphores_.emplace_back(oracle, "semaphore 1", large_, sizes_[0], false);
  semaphores_.emplace_back(oracle, "bounded semaphore", bounded_, sizes_[1], true);
  limiters_.emplace_back(oracle, "limiter 0", 1u);
  limiters_.emplace_back(oracle, "limiter 1", sizes_[5]);
  barriers_.emplace_back(oracle, "barrier 0", 2u);
  barriers_.emplace_back(oracle, "barrier 1", 1u + sizes_[5]);
}

void SyncPool::cancelled_in_condition(TaskId task) {
  for (ConditionAccount& account : conditions_)
    for (SyncWait* wait : account.line.waits())
      if (wait->task == task) wait->asked = true;
}

void SyncPool::withdrawn(TaskId task) {
  for (ConditionAccount& account : conditions_)
    for (SyncWait* wait : account.line.waits())
      if (wait->task == task) wait->asked = false;
}

void SyncPool::check() {
  for (LockAccount& account : locks_) account.check();
  for (EventAccount& account : events_)
    if (account.event.is_set() != account.set) account.line.violation("is_set() is wrong");
  for (SemaphoreAccount& account : semaphores_) account.check();
  for (LimiterAccount& account : limiters_) account.check();
  for (BarrierAccount& account : barriers_) account.check();
  for (unsigned i = 0; i < queues_.size(); ++i) with_queue(i, [](auto& account) { account.check(); });
}

void SyncPool::loop_sleeps() {
  check();
  for (LockAccount& account : locks_)
    account.line.check_asleep([&](const SyncWait&) { return account.holder == 0; },
                              "a task waits for a lock that is free");
  for (EventAccount& account : events_)
    account.line.check_asleep([&](const SyncWait&) { return account.set; }, "a task waits for an event that is set");
  for (ConditionAccount& account : conditions_) {
    for (const SyncWait* wait : account.line.waits()) {
      if (oracle_.passed_over(wait->frame) || account.lock.holder != 0) continue;
      bool doomed = wait->asked || scopes_.in_cancelled_region(wait->task);
      if (wait->called || wait->overtaken || doomed)
        account.line.violation("the loop sleeps, and so does a task that was notified or cancelled");
    }
  }
  for (SemaphoreAccount& account : semaphores_)
    account.line.check_asleep([&](const SyncWait&) { return account.available > 0; },
                              "a task waits for a slot that is free");
  for (LimiterAccount& account : limiters_) {
    account.line.check_asleep([&](const SyncWait&) { return account.holders.size() < account.total; },
                              "a task waits for a token that is free");
    if (account.limiter.borrowed_tokens() != account.holders.size())
      account.line.violation("the loop sleeps, and a token is on its way");
  }
  for (BarrierAccount& account : barriers_)
    account.line.check_asleep(
        [&](const SyncWait&) { return account.broken || account.line.uncalled() >= account.parties; },
        "a task waits at a barrier that is full, or broken");
  for (BarrierAccount& account : barriers_)
    if (account.barrier.n_waiting() != account.line.uncalled()) account.line.violation("fewer wait than came");
  for (unsigned i = 0; i < queues_.size(); ++i) with_queue(i, [](auto& account) { account.check_asleep(); });
}

void SyncPool::check_closed() {
  if (oracle_.violated()) return;
  check();
  auto all_free = [](WaitLine& line, bool free) {
    if (!line.empty()) line.violation("the loop is closed, and somebody waits");
    if (!free) line.violation("the loop is closed, and it is not free");
  };
  for (LockAccount& account : locks_) all_free(account.line, account.holder == 0 && account.lock.try_acquire());
  for (SemaphoreAccount& account : semaphores_)
    all_free(account.line, account.semaphore.value() == account.available && account.available >= account.bound &&
                               account.semaphore.try_acquire());
  for (LimiterAccount& account : limiters_) {
    LimiterStatistics now = account.limiter.statistics();
    all_free(account.line, now.borrowed_tokens == 0 && now.tasks_waiting == 0 && now.borrowers.empty());
  }
  for (BarrierAccount& account : barriers_) all_free(account.line, account.barrier.n_waiting() == 0);
  for (EventAccount& account : events_) all_free(account.line, true);
  for (ConditionAccount& account : conditions_) all_free(account.line, true);
  for (unsigned i = 0; i < queues_.size(); ++i)
    with_queue(i, [&](auto& account) {
      all_free(account.getters, true);
      all_free(account.putters, true);
      all_free(account.joiners, true);
      account.drain();
    });
}

}  // namespace heed::stress
