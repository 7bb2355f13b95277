// The steps that put items into queues and get them out, and the actions on everything of this floor.
#include "heed/sync/queue.hpp"
#include "stress/sync_steps.hpp"
#include "stress/sync_waits.hpp"

namespace heed::stress {

namespace {

// Whether it is what a queue says that was shut down.
bool was_shut_down(const std::exception_ptr& failure) {
  coverage.count(Happened::queues_shut);
  return is_a<QueueShutDown>(failure);
}

template <class A>
Coro<void> put(Token, World& world, FrameId frame, A& account, const Step& planned) {
  FrameGuard guard(world, frame);
  InLine in_line(world, frame, account.putters);
  std::uint32_t item = world.sync().new_item();
  unsigned rank = planned.amount % 3u;
  bool has_room = !account.full() && !account.shut_down;
  auto wait = awaited(account.queue.put(Item(item, rank)), planned.style, in_line.wait.suspended);
  Outcome<void> outcome = co_await as_result(std::move(wait));
  if (std::exception_ptr failure = outcome.exception()) {
    if (!in_line.failed(failure) && (!was_shut_down(failure) || !account.shut_down))
      account.putters.violation("a task was told that it is shut down, and it is not");
    end_failed(world, frame, planned, failure);
  } else {
    if (in_line.wait.suspended && has_room) account.putters.violation("a task waited though there is room");
    QueueBooks::served(account.putters, &in_line.wait);
    account.put(item, rank);
    coverage.count(Happened::items_put);
    in_line.came();
  }
  world.oracle.frame_returns(frame);
}

template <class A>
Coro<std::optional<Item>> next_item(Token, A& account, const Step& planned, bool& suspended) {
  if (planned.mode == 1) {
    std::optional<Item> item = co_await pass(awaited(account.queue.next(), planned.style, suspended));
    if (!item && (!account.shut_down || !account.items.empty()))
      account.getters.violation("next() says that it is over, and it is not");
    co_return item;
  }
  co_return co_await pass(awaited(account.queue.get(), planned.style, suspended));
}

template <class A>
void item_done(A& account) {
  if (account.unfinished != 0) {
    account.queue.task_done();
    return account.item_done();
  }
  try {
    account.queue.task_done();
    account.joiners.violation("more items were done than were put in");
  } catch (const std::invalid_argument&) {
    coverage.count(Happened::sync_refused);
  }
}

template <class A>
Coro<void> get(Token, World& world, FrameId frame, A& account, const Step& planned) {
  FrameGuard guard(world, frame);
  InLine in_line(world, frame, account.getters);
  bool has_items = !account.items.empty();
  Outcome<std::optional<Item>> outcome =
      co_await as_result(next_item(Token(1), account, planned, in_line.wait.suspended));
  if (std::exception_ptr failure = outcome.exception()) {
    if (!in_line.failed(failure) && (!was_shut_down(failure) || !account.shut_down || !account.items.empty()))
      account.getters.violation("a task was told that it is shut down, and it is not");
    end_failed(world, frame, planned, failure);
    world.oracle.frame_returns(frame);
    co_return;
  }
  if (in_line.wait.suspended && has_items) account.getters.violation("a task waited though there are items");
  if (outcome.value()) {
    QueueBooks::served(account.getters, &in_line.wait);
    account.got(outcome.value()->value.origin());
    coverage.count(Happened::items_got);
  }
  in_line.wait.refused = in_line.wait.refused && outcome.value();
  in_line.came();
  if (outcome.value() && planned.timeout) item_done(account);
  world.oracle.frame_returns(frame);
}

Coro<void> join(Token, World& world, FrameId frame, QueueBooks& books, detail::QueueBase& queue, const Step& planned) {
  FrameGuard guard(world, frame);
  InLine in_line(world, frame, books.joiners);
  bool is_done = books.unfinished == 0;
  Outcome<void> outcome = co_await as_result(awaited(queue.join(), planned.style, in_line.wait.suspended));
  if (outcome.exception()) {
    if (!in_line.failed(outcome.exception())) books.joiners.violation("it refused a task");
    end_failed(world, frame, planned, outcome.exception());
  } else {
    if (in_line.wait.suspended ? is_done || !in_line.wait.called : !is_done)
      books.joiners.violation("join() came back too early, or waited for nothing");
    if (in_line.wait.suspended) books.joiners.served(in_line.wait);
    in_line.came();
  }
  world.oracle.frame_returns(frame);
}

// --- actions -----------------------------------------------------------------------------------------------------

template <class A>
void put_nowait(World& world, A& account, const Action& action) {
  std::uint32_t item = world.sync().new_item();
  unsigned rank = action.amount % 3u;
  try {
    account.queue.put_nowait(Item(item, rank));
    QueueBooks::served(account.putters, nullptr);
    account.put(item, rank);
    coverage.count(Happened::items_put);
  } catch (const QueueFull&) {
    coverage.count(Happened::sync_refused);
    if (!account.full() || account.shut_down) account.putters.violation("put_nowait() found it full");
  } catch (const QueueShutDown&) {
    if (!account.shut_down) account.putters.violation("put_nowait() found it shut down");
  }
}

template <class A>
void get_nowait(A& account) {
  try {
    Item item = account.queue.get_nowait();
    QueueBooks::served(account.getters, nullptr);
    account.got(item.value.origin());
    coverage.count(Happened::items_got);
  } catch (const QueueEmpty&) {
    coverage.count(Happened::sync_refused);
    if (!account.items.empty() || account.shut_down) account.getters.violation("get_nowait() found it empty");
  } catch (const QueueShutDown&) {
    if (!account.items.empty() || !account.shut_down) account.getters.violation("get_nowait() found it shut down");
  }
}

// By somebody who need not hold it.
void release_lock(LockAccount& account) {
  try {
    account.lock.release();
    if (account.holder == 0) account.line.violation("it was released, and nobody holds it");
    account.holder = 0;
  } catch (const std::runtime_error&) {
    coverage.count(Happened::sync_refused);
    if (account.holder != 0) account.line.violation("it could not be released");
  }
}

void release_semaphore(SemaphoreAccount& account) {
  if (account.bounded && (account.available != account.bound || !account.line.empty())) return;
  try {
    account.semaphore.release();
    if (account.bounded) account.line.violation("it was released too often");
    ++account.available;
  } catch (const std::invalid_argument&) {
    coverage.count(Happened::sync_refused);
    if (!account.bounded) account.line.violation("it could not be released");
  }
}

// Of the task that runs.
void release_token(World& world, LimiterAccount& account) {
  AnyTask task = world.running() ? current_task() : AnyTask();
  bool holds = task && account.holders.count(task.id()) != 0;
  try {
    account.limiter.release();
    if (!holds) return account.line.violation("a task released a token that it does not hold");
    account.holders.erase(task.id());
  } catch (const std::runtime_error&) {
    coverage.count(Happened::sync_refused);
    if (holds) account.line.violation("a task could not release its token");
  }
}

// Nobody loses a token: not those either who were given one and did not take it yet.
void set_total(LimiterAccount& account, std::size_t total) {
  if (total < account.total)
    for (SyncWait* wait : account.line.waits()) wait->perhaps = true;
  account.total = total;
  account.limiter.set_total_tokens(static_cast<std::ptrdiff_t>(total));
}

void notify_now(ConditionAccount& account, std::size_t count) {
  bool held = account.lock.holder != 0;
  try {
    account.condition.notify(count);
    if (!held) return account.line.violation("a notification without the lock was not refused");
    account.notify(count);
    coverage.count(Happened::notifications);
  } catch (const std::runtime_error&) {
    coverage.count(Happened::sync_refused);
    if (held) account.line.violation("a notification was refused");
  }
}

}  // namespace

Coro<void> queue_step(World& world, FrameId frame, const Step& planned) {
  return world.sync().with_queue(planned.slot, [&](auto& account) -> Coro<void> {
    if (planned.kind == StepKind::queue_put) return put(Token(1), world, frame, account, planned);
    if (planned.kind == StepKind::queue_get) return get(Token(1), world, frame, account, planned);
    return join(Token(1), world, frame, account, account.queue, planned);
  });
}

namespace {
// Those whom the action may have woken.
const WaitLine* line_of(SyncPool& pool, const Action& action) {
  switch (action.kind) {
    case ActionKind::event_set: return &pool.event(action.slot).line;
    case ActionKind::notify: return &pool.condition(action.slot).line;
    case ActionKind::lock_release: return &pool.lock(action.slot).line;
    case ActionKind::semaphore_release: return &pool.semaphore(action.slot).line;
    case ActionKind::limiter_total: return &pool.limiter(action.slot).line;
    case ActionKind::put_nowait: return pool.with_queue(action.slot, [](auto& a) { return &a.getters; });
    case ActionKind::get_nowait: return pool.with_queue(action.slot, [](auto& a) { return &a.putters; });
    default: return nullptr;
  }
}
}  // namespace

void sync_action(World& world, const Action& action) {
  SyncPool& pool = world.sync();
  switch (action.kind) {
    case ActionKind::event_set: {
      EventAccount& account = pool.event(action.slot);
      if (!std::exchange(account.set, true)) account.line.call_all();
      account.event.set();
      break;
    }
    case ActionKind::event_clear:
      pool.event(action.slot).set = false;
      pool.event(action.slot).event.clear();
      break;
    case ActionKind::notify: notify_now(pool.condition(action.slot), action.flag ? 100u : action.amount % 3u); break;
    case ActionKind::lock_release: release_lock(pool.lock(action.slot)); break;
    case ActionKind::semaphore_release: release_semaphore(pool.semaphore(action.slot)); break;
    case ActionKind::token_release: release_token(world, pool.limiter(action.slot)); break;
    case ActionKind::limiter_total: set_total(pool.limiter(action.slot), action.amount % 4u); break;
    case ActionKind::barrier_abort:
    case ActionKind::barrier_reset: {
      BarrierAccount& account = pool.barrier(action.slot);
      account.broken = action.kind == ActionKind::barrier_abort;
      account.line.refuse_all();
      if (account.broken) {
        account.barrier.abort();
      } else {
        account.barrier.reset();
      }
      break;
    }
    case ActionKind::put_nowait: pool.with_queue(action.slot, [&](auto& a) { put_nowait(world, a, action); }); break;
    case ActionKind::get_nowait: pool.with_queue(action.slot, [](auto& a) { get_nowait(a); }); break;
    case ActionKind::task_done: pool.with_queue(action.slot, [](auto& a) { item_done(a); }); break;
    case ActionKind::queue_shutdown:
      pool.with_queue(action.slot, [&](auto& a) {
        a.shutdown(action.flag);
        a.queue.shutdown(action.flag);
      });
      break;
    default: return;
  }
  pool.check();
  if (action.other != 1) return;
  const WaitLine* line = line_of(pool, action);
  if (line && !line->empty()) world.cancel_waiting(line->waits().front()->task);
}

}  // namespace heed::stress
