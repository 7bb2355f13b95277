// Locks, events, conditions, semaphores, limiters, barriers and queues that the tasks of one loop share, each with an
// account of its own: who holds it, who waits, what must be in it. The accounts are kept by those who use them.
#pragma once

#include <algorithm>
#include <array>
#include <deque>
#include <map>
#include <set>
#include <variant>
#include <vector>

#include "heed/sync/barrier.hpp"
#include "heed/sync/capacity_limiter.hpp"
#include "heed/sync/condition.hpp"
#include "heed/sync/event.hpp"
#include "heed/sync/lock.hpp"
#include "heed/sync/queue.hpp"
#include "heed/sync/semaphore.hpp"
#include "stress/oracle.hpp"
#include "stress/random.hpp"
#include "stress/scopes.hpp"
#include "stress/value.hpp"

namespace heed::stress {

// One wait of one frame.
struct SyncWait {
  FrameId frame = nobody;
  TaskId task = 0;
  std::uint64_t arrival = 0;
  bool suspended = false;  // it had to wait
  bool called = false;     // it must come back: the event was set, the barrier was full, it was notified ...
  bool perhaps = false;    // of a condition: it was notified, or somebody else; of a limiter: it has been given a token
  bool refused = false;    // it must come back with an exception of the library
  bool moved = false;      // perhaps it went back to the end of the line
  bool overtaken = false;  // somebody who came later was served: its wait was cancelled, or it is cheated
  bool asked = false;      // of a condition: it was cancelled
  unsigned round = 0;      // of a barrier
  std::uint64_t called_at = 0;  // of a condition: when it was notified
  std::uint64_t since = 0;      // ... and when at the earliest
};

// Those who wait for one thing, in order of arrival.
class WaitLine {
 public:
  WaitLine(Oracle& oracle, std::string name) : oracle_(oracle), name_(std::move(name)) {}

  void enter(SyncWait& wait);
  void leave(SyncWait& wait);
  // It was served, and leaves: first come first served.
  void served(SyncWait& wait);
  // Those who came before this one, and still wait, must not be served later.
  void overtake(std::uint64_t arrival);
  // Somebody took what those who wait were called for: they go back to the end of the line.
  void mix_up();
  // All of them must come back.
  unsigned call_all();
  // All of them that were not called.
  void refuse_all();

  bool empty() const noexcept { return waits_.empty(); }
  std::size_t size() const noexcept { return waits_.size(); }
  // Not called and not refused.
  std::size_t uncalled() const;
  const std::vector<SyncWait*>& waits() const noexcept { return waits_; }
  const std::string& name() const noexcept { return name_; }
  // The loop sleeps: is there anybody of whom `should_not` is true?
  template <class F>
  void check_asleep(F should_not, const char* what);
  void violation(const std::string& text) { oracle_.violation(name_ + ": " + text); }
  static std::uint64_t last_arrival() noexcept { return last_arrival_; }

 private:
  Oracle& oracle_;
  std::string name_;
  std::vector<SyncWait*> waits_;
  static inline std::uint64_t last_arrival_ = 0;
};

template <class F>
void WaitLine::check_asleep(F should_not, const char* what) {
  for (const SyncWait* wait : waits_) {
    if (oracle_.passed_over(wait->frame)) continue;
    if (should_not(*wait)) violation(std::string("the loop sleeps, and ") + what);
    if (wait->overtaken) violation("the loop sleeps, and so does a task that another one has overtaken");
    if (wait->called || wait->refused) violation("the loop sleeps, and a task that was woken did not come back");
  }
}

// --- accounts ----------------------------------------------------------------------------------------------------

struct LockAccount {
  LockAccount(Oracle& oracle, std::string name, Lock& what) : lock(what), line(oracle, std::move(name)) {}
  Lock& lock;
  WaitLine line;
  std::uint64_t holder = 0;  // which acquisition, 0: it is free
  std::uint64_t last_holder = 0;
  TaskId task = 0;
  std::vector<const WaitLine*> conditions;  // who waits for one of these may be on his way to this lock
  bool nobody_waits() const {
    return line.empty() &&
           std::all_of(conditions.begin(), conditions.end(), [](const WaitLine* other) { return other->empty(); });
  }
  std::uint64_t take();
  void check();
};

struct EventAccount {
  EventAccount(Oracle& oracle, std::string name) : line(oracle, std::move(name)) {}
  Event event;
  WaitLine line;
  bool set = false;
};

struct ConditionAccount {
  ConditionAccount(Oracle& oracle, std::string name, LockAccount& its_lock, Condition& what)
      : condition(what), lock(its_lock), line(oracle, std::move(name)) {}
  Condition& condition;
  LockAccount& lock;
  WaitLine line;         // for the notification, and then for the lock
  unsigned tickets = 0;  // what the predicate of wait_for() asks for

  void notify(std::size_t count);
  // It ended with a cancellation: a notification that it had goes to the next.
  void gone(SyncWait& wait);

 private:
  // The next ones have got a notification of this time, or perhaps if they came later.
  void call(std::size_t count, std::uint64_t at);
};

struct SemaphoreAccount {
  SemaphoreAccount(Oracle& oracle, std::string name, Semaphore& what, std::ptrdiff_t value, bool is_bounded)
      : semaphore(what), line(oracle, std::move(name)), available(value), bound(value), bounded(is_bounded) {}
  Semaphore& semaphore;
  WaitLine line;
  std::ptrdiff_t available;  // those that were granted and not taken are still here
  std::ptrdiff_t bound;
  bool bounded;
  void check();
};

struct LimiterAccount {
  LimiterAccount(Oracle& oracle, std::string name, std::size_t tokens)
      : limiter(static_cast<std::ptrdiff_t>(tokens)), line(oracle, std::move(name)), total(tokens) {}
  CapacityLimiter limiter;
  WaitLine line;
  std::size_t total;
  std::map<std::uint64_t, std::uint64_t> holders;  // which acquisition
  std::multiset<std::uint64_t> waiting;
  std::uint64_t last_holder = 0;
  void check();
};

struct BarrierAccount {
  BarrierAccount(Oracle& oracle, std::string name, unsigned count)
      : barrier(static_cast<std::ptrdiff_t>(count)), line(oracle, std::move(name)), parties(count) {}
  Barrier barrier;
  WaitLine line;
  unsigned parties;
  bool broken = false;
  std::vector<std::set<std::size_t>> passed;  // the numbers that were given, of each round
  // The last one came: all who wait pass.
  void open_round();
  void pass(unsigned round, std::size_t number);
  void check();
};

// What queues hold. A Value may throw when it is moved, as far as the queue knows: it keeps it in a box.
struct Item {
  Item(std::uint32_t number, unsigned its_rank) : value(number), rank(its_rank) {}
  Value value;
  unsigned rank;
  friend bool operator<(const Item& a, const Item& b) noexcept { return a.rank < b.rank; }
};

enum class Order : std::uint8_t { first_in, last_in, ranked };

// The part that does not depend on the type of the queue.
struct QueueBooks {
  QueueBooks(Oracle& oracle, const std::string& name, Order how, std::size_t limit)
      : getters(oracle, name + ", get"),
        putters(oracle, name + ", put"),
        joiners(oracle, name + ", join"),
        order(how),
        maxsize(limit) {}
  WaitLine getters, putters, joiners;
  Order order;
  std::size_t maxsize;
  std::deque<std::pair<std::uint32_t, unsigned>> items;  // number, rank; in order of arrival
  std::size_t unfinished = 0;
  bool shut_down = false;

  bool full() const noexcept { return maxsize != 0 && items.size() >= maxsize; }
  void put(std::uint32_t item, unsigned rank);
  void got(std::uint32_t item);
  void item_done();
  void shutdown(bool immediate);
  // Somebody in this line was served. `wait`: null if he did not come by the line.
  static void served(WaitLine& line, SyncWait* wait);
  void check_asleep();
};

template <class Q>
struct QueueAccount : QueueBooks {
  QueueAccount(Oracle& oracle, const std::string& name, Order how, std::size_t limit)
      : QueueBooks(oracle, name, how, limit), queue(static_cast<std::ptrdiff_t>(limit)) {}
  Q queue;
  void check() {
    if (queue.qsize() != items.size() || queue.full() != full() || queue.empty() != items.empty() ||
        queue.is_shut_down() != shut_down)
      getters.violation("it holds more or less than was put in and not taken out");
  }
  // What is left comes out as well.
  void drain() {
    while (!items.empty() && !queue.empty()) got(queue.get_nowait().value.origin());
    check();
  }
};

using FifoAccount = QueueAccount<heed::Queue<Item>>;
using LifoAccount = QueueAccount<LifoQueue<Item>>;
using RankedAccount = QueueAccount<PriorityQueue<Item>>;

// --- all of one loop ---------------------------------------------------------------------------------------------

class SyncPool {
 public:
  SyncPool(Oracle& oracle, Scopes& scopes, std::uint64_t seed);
  SyncPool(const SyncPool&) = delete;
  SyncPool& operator=(const SyncPool&) = delete;

  LockAccount& lock(unsigned n) { return locks_[n % locks_.size()]; }
  EventAccount& event(unsigned n) { return events_[n % events_.size()]; }
  ConditionAccount& condition(unsigned n) { return conditions_[n % conditions_.size()]; }
  SemaphoreAccount& semaphore(unsigned n) { return semaphores_[n % semaphores_.size()]; }
  LimiterAccount& limiter(unsigned n) { return limiters_[n % limiters_.size()]; }
  BarrierAccount& barrier(unsigned n) { return barriers_[n % barriers_.size()]; }
  // Calls it with one of the queues.
  template <class F>
  decltype(auto) with_queue(unsigned n, F function) {
    return std::visit([&](auto* queue) -> decltype(auto) { return function(*queue); }, queues_[n % queues_.size()]);
  }

  std::uint32_t new_item() noexcept { return ++last_item_; }
  // Somebody asked for the cancellation of a task that waits for a condition, or withdrew such a request.
  void cancelled_in_condition(TaskId task);
  void withdrawn(TaskId task);

  // --- what is checked -------------------------------------------------------------------------------------------
  // At any time.
  void check();
  void loop_sleeps();
  // The loop is closed: all is free, nobody waits, and what is in the queues can be taken out.
  void check_closed();

 private:
  Oracle& oracle_;
  Scopes& scopes_;
  std::array<Lock, 2> plain_locks_;
  Condition own_condition_;
  Condition shared_condition_{plain_locks_[0]};
  std::array<std::uint8_t, 6> sizes_;
  Semaphore small_, large_;
  BoundedSemaphore bounded_;
  std::deque<LockAccount> locks_;
  std::deque<ConditionAccount> conditions_;
  std::deque<EventAccount> events_;
  std::deque<SemaphoreAccount> semaphores_;
  std::deque<LimiterAccount> limiters_;
  std::deque<BarrierAccount> barriers_;
  FifoAccount first_in_, endless_;
  LifoAccount last_in_;
  RankedAccount ranked_;
  std::array<std::variant<FifoAccount*, LifoAccount*, RankedAccount*>, 4> queues_{&first_in_, &last_in_, &ranked_,
                                                                                  &endless_};
  std::uint32_t last_item_ = 0;
};

}  // namespace heed::stress
