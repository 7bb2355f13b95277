// The steps that hold locks, semaphores and tokens while a body runs, and those that wait for events, conditions and
// barriers.
#include "stress/sync_steps.hpp"

#include "stress/moment.hpp"
#include "stress/sync_sections.hpp"
#include "stress/sync_waits.hpp"

namespace heed::stress {

namespace {

HeldBy how_held(const Step& planned) { return planned.mode == 1 ? HeldBy::hand : HeldBy::guard; }

// The body that runs while something is held, or some time.
Coro<void> section(Token, World& world, FrameId frame, const Step& planned, int context) {
  coverage.count(Happened::sync_sections);
  FrameId child = world.oracle.new_frame();
  world.oracle.frame_waits(frame, Source::frame(child));
  if (planned.body == no_index || !world.grow()) {
    Step idle;
    idle.kind = planned.count % 2 == 0 ? StepKind::turn : StepKind::sleep;
    idle.amount = planned.amount;
    co_await world.pause(Token(1), child, idle);
    co_return world.resumed(frame);
  }
  Value value = co_await world.body(Token(1), child, planned.body, context);
  world.resumed(frame);
  if (value.origin() != child + 1) world.oracle.violation("a body returned another's value");
}

// --- held while a body runs --------------------------------------------------------------------------------------

// False: it was cancelled, and goes on without.
Coro<bool> acquire(Token, World& world, FrameId frame, const Step& planned, LockSection& to_hold) {
  LockAccount& account = to_hold.account();
  bool is_free = account.holder == 0 && account.nobody_waits();
  InLine in_line(world, frame, account.line);
  LockGuard guard;
  std::exception_ptr failure;
  if (to_hold.how() == HeldBy::guard) {
    auto wait = awaited(account.lock.scoped(), planned.style, in_line.wait.suspended);
    if (planned.style == Style::pass) {
      guard = co_await pass(std::move(wait));
    } else {
      Outcome<LockGuard> outcome = co_await as_result(std::move(wait));
      failure = outcome.exception();
      if (!failure) guard = std::move(outcome).value();
    }
  } else {
    Outcome<void> outcome = co_await as_result(awaited(account.lock.acquire(), planned.style, in_line.wait.suspended));
    failure = outcome.exception();
  }
  if (failure) {
    if (!in_line.failed(failure)) account.line.violation("it refused a task");
    end_failed(world, frame, planned, failure);
    co_return false;
  }
  account.line.served(in_line.wait);
  if (in_line.wait.suspended && is_free) account.line.violation("a task waited though it is free");
  to_hold.taken(std::move(guard), in_line.wait.task);
  in_line.came();
  co_return true;
}

Coro<void> with_lock(Token, World& world, FrameId frame, const Step& planned, int context) {
  FrameGuard guard(world, frame);
  LockAccount& account = world.sync().lock(planned.slot);
  // A task that waits for what it holds waits for ever: mostly it does not.
  if (account.holder != 0 && account.task == current_task().id() && planned.count != 0) {
    world.oracle.frame_returns(frame);
    co_return;
  }
  LockSection held(account, how_held(planned));
  bool holds = co_await pass(acquire(Token(1), world, frame, planned, held));
  if (holds) {
    co_await section(Token(1), world, frame, planned, context);
    held.release(planned.timeout);
  }
  world.oracle.frame_returns(frame);
}

Coro<void> with_semaphore(Token, World& world, FrameId frame, const Step& planned, int context) {
  FrameGuard guard(world, frame);
  SemaphoreAccount& account = world.sync().semaphore(planned.slot);
  SemaphoreSection held(account, how_held(planned));
  {
    bool is_free = account.available > 0;
    InLine in_line(world, frame, account.line);
    SemaphoreGuard taken;
    std::exception_ptr failure;
    if (held.how() == HeldBy::guard) {
      auto wait = awaited(account.semaphore.scoped(), planned.style, in_line.wait.suspended);
      if (planned.style == Style::pass) {
        taken = co_await pass(std::move(wait));
      } else {
        Outcome<SemaphoreGuard> outcome = co_await as_result(std::move(wait));
        failure = outcome.exception();
        if (!failure) taken = std::move(outcome).value();
      }
    } else {
      Outcome<void> outcome =
          co_await as_result(awaited(account.semaphore.acquire(), planned.style, in_line.wait.suspended));
      failure = outcome.exception();
    }
    if (failure) {
      if (!in_line.failed(failure)) account.line.violation("it refused a task");
      end_failed(world, frame, planned, failure);
      world.oracle.frame_returns(frame);
      co_return;
    }
    account.line.served(in_line.wait);
    if (in_line.wait.suspended && is_free && in_line.is_first())
      account.line.violation("a task waited though a slot is free");
    held.taken(std::move(taken));
    in_line.came();
  }
  co_await section(Token(1), world, frame, planned, context);
  held.release(planned.timeout);
  world.oracle.frame_returns(frame);
}

// With mode 2 on behalf of an object: the account.
Coro<void> with_limiter(Token, World& world, FrameId frame, const Step& planned, int context) {
  FrameGuard guard(world, frame);
  LimiterAccount& account = world.sync().limiter(planned.slot);
  bool for_task = planned.mode != 2;
  std::uint64_t borrower = for_task ? current_task().id() : reinterpret_cast<std::uintptr_t>(&account);
  LimiterSection held(account, borrower);
  {
    bool refuses = account.holders.count(borrower) != 0, is_free = account.holders.size() < account.total;
    bool perhaps_waits = account.waiting.count(borrower) != 0;
    InLine in_line(world, frame, account.line);
    WaitsFor waits(account.waiting, borrower);
    auto wait = for_task ? account.limiter.acquire() : account.limiter.acquire_on_behalf_of(&account);
    Outcome<LimiterGuard> outcome = co_await as_result(awaited(std::move(wait), planned.style, in_line.wait.suspended));
    if (outcome.exception()) {
      bool cancelled = in_line.failed(outcome.exception());
      if (!cancelled) coverage.count(Happened::sync_refused);
      if (!cancelled && !refuses && !perhaps_waits) account.line.violation("it refused a task");
      end_failed(world, frame, planned, outcome.exception());
      world.oracle.frame_returns(frame);
      co_return;
    }
    if (refuses) account.line.violation("it gave a second token");
    if (in_line.wait.suspended) {
      account.line.served(in_line.wait);
    } else {  // those who were granted a token, and did not take it yet, are not cheated
      account.line.leave(in_line.wait);
      if (account.limiter.statistics().tasks_waiting != 0)
        account.line.violation("a task took a token for which others wait");
    }
    if (in_line.wait.suspended && is_free && in_line.is_first())
      account.line.violation("a task waited though a token is free");
    held.taken(std::move(outcome).value(), in_line.wait.perhaps);
    in_line.came();
  }
  co_await section(Token(1), world, frame, planned, context);
  held.release(planned.timeout, planned.mode == 1);
  world.oracle.frame_returns(frame);
}

// --- events and barriers -----------------------------------------------------------------------------------------

Coro<void> event_wait(Token, World& world, FrameId frame, const Step& planned) {
  FrameGuard guard(world, frame);
  EventAccount& account = world.sync().event(planned.slot);
  InLine in_line(world, frame, account.line);
  bool was_set = account.set;
  auto wait = awaited(account.event.wait(), planned.style, in_line.wait.suspended);
  std::exception_ptr failure;
  if (planned.style == Style::pass) {
    co_await pass(std::move(wait));
  } else {
    Outcome<void> outcome = co_await as_result(std::move(wait));
    failure = outcome.exception();
  }
  if (failure) {
    if (!in_line.failed(failure)) account.line.violation("it refused a task");
    end_failed(world, frame, planned, failure);
  } else {
    if (in_line.wait.suspended ? was_set || !in_line.wait.called : !was_set)
      account.line.violation("a task goes on and it is not set, or waited though it is");
    if (in_line.wait.suspended) account.line.served(in_line.wait);
    in_line.came();
  }
  world.oracle.frame_returns(frame);
}

Coro<void> barrier_wait(Token, World& world, FrameId frame, const Step& planned) {
  FrameGuard guard(world, frame);
  BarrierAccount& account = world.sync().barrier(planned.slot);
  InLine in_line(world, frame, account.line);
  SyncWait& wait = in_line.wait;
  bool was_broken = account.broken, may_pass = account.line.uncalled() >= account.parties;
  Outcome<std::size_t> outcome = co_await as_result(awaited(account.barrier.wait(), planned.style, wait.suspended));
  if (std::exception_ptr failure = outcome.exception()) {
    if (!in_line.failed(failure)) {
      coverage.count(Happened::barriers_broken);
      if (!is_a<BrokenBarrierError>(failure) || !(wait.suspended ? wait.refused : was_broken))
        account.line.violation("a task was told that it is broken, and it is not");
    }
    end_failed(world, frame, planned, failure);
    world.oracle.frame_returns(frame);
    co_return;
  }
  if (was_broken) account.line.violation("a task passed a barrier that is broken");
  if (!wait.suspended) {  // the last one to come: the others pass
    if (!may_pass) account.line.violation("a task passed that is not the last one");
    account.line.leave(wait);
    coverage.count(Happened::barriers_passed);
    account.open_round();
    account.pass(static_cast<unsigned>(account.passed.size() - 1), outcome.value());
  } else {
    if (!wait.called) account.line.violation("a task passed before the last one came");
    account.line.served(wait);
    if (wait.called) account.pass(wait.round, outcome.value());
  }
  in_line.came();
  world.oracle.frame_returns(frame);
}

// --- conditions --------------------------------------------------------------------------------------------------

// The waits for one condition, of one frame.
class Rounds {
 public:
  Rounds(World& world, FrameId frame, ConditionAccount& account, LockSection& held)
      : world_(world), frame_(frame), account_(account), held_(held) {}
  Rounds(const Rounds&) = delete;
  Rounds& operator=(const Rounds&) = delete;
  ~Rounds() {
    if (!round_) return;
    if (world_.running()) held_.lent_back(round_->wait.task);
    gone();
  }
  bool waits() const noexcept { return round_.has_value(); }
  void begin() {
    round_.emplace(world_, frame_, account_.line, false);
    round_->wait.suspended = true;
    held_.lend();
  }
  void came() {
    coverage.count(Happened::conditions_met);
    SyncWait& wait = round_->wait;
    held_.lent_back(wait.task);
    if (!wait.called && !wait.perhaps) account_.line.violation("a task goes on that was not notified");
    if (wait.asked) account_.line.violation("a task that was cancelled goes on as if nothing had happened");
    account_.line.served(wait);
    account_.lock.line.overtake(wait.since != 0 ? wait.since : wait.arrival);
    round_->came();
    round_.reset();
  }
  void failed(const std::exception_ptr& failure) {
    held_.lent_back(round_->wait.task);
    if (!round_->failed(failure)) account_.line.violation("it refused a task");
    gone();
    round_.reset();
  }
  // What wait_for() asks, with the lock held.
  bool ask() {
    if (waits()) came();
    if (!held_.holds()) account_.line.violation("a predicate is asked without the lock");
    coverage.count(Happened::predicates_asked);
    if (account_.tickets != 0) return --account_.tickets, true;
    begin();
    return false;
  }

 private:
  void gone() { account_.gone(round_->wait); }
  World& world_;
  FrameId frame_;
  ConditionAccount& account_;
  LockSection& held_;
  std::optional<InLine> round_;
};

Coro<void> wait_until_notified(Token, ConditionAccount& account, const Step& planned, Rounds& rounds) {
  bool suspended = false;
  if (planned.timeout) {
    bool met = co_await account.condition.wait_for([&rounds] { return rounds.ask(); });
    if (!met) account.line.violation("wait_for() returned before what it waits for is true");
  } else {
    rounds.begin();
    co_await awaited(account.condition.wait(), planned.style, suspended);
    rounds.came();
  }
}

Coro<void> condition_wait(Token, World& world, FrameId frame, const Step& planned, int context) {
  FrameGuard guard(world, frame);
  ConditionAccount& account = world.sync().condition(planned.slot);
  LockAccount& lock = account.lock;
  if (planned.mode == 2 && lock.holder == 0) {  // without the lock: it is refused
    Outcome<void> outcome = co_await as_result(account.condition.wait());
    if (!outcome.exception()) account.line.violation("a task waited without the lock");
    coverage.count(Happened::sync_refused);
  }
  if (lock.holder != 0 && lock.task == current_task().id()) {
    world.oracle.frame_returns(frame);
    co_return;
  }
  LockSection held(lock, how_held(planned));
  bool holds = co_await pass(acquire(Token(1), world, frame, planned, held));
  if (holds) {
    Rounds rounds(world, frame, account, held);
    auto work = wait_until_notified(Token(1), account, planned, rounds);
    if (planned.style == Style::pass) {
      co_await pass(std::move(work));
    } else {
      Outcome<void> outcome = co_await as_result(std::move(work));
      if (outcome.exception()) {
        coverage.count(Happened::conditions_cancelled);
        rounds.failed(outcome.exception());
        end_failed(world, frame, planned, outcome.exception());
      }
    }
    co_await section(Token(1), world, frame, planned, context);
    held.release(planned.count % 2 == 0);
  }
  world.oracle.frame_returns(frame);
}

Coro<void> notify(Token, World& world, FrameId frame, const Step& planned) {
  FrameGuard guard(world, frame);
  ConditionAccount& account = world.sync().condition(planned.slot);
  if (account.lock.holder != 0 && account.lock.task == current_task().id()) {
    world.oracle.frame_returns(frame);
    co_return;
  }
  LockSection held(account.lock, how_held(planned));
  bool holds = co_await pass(acquire(Token(1), world, frame, planned, held));
  if (holds) {
    account.tickets = planned.timeout ? account.tickets + 1u : 0u;
    std::size_t count = planned.count == 0 ? static_cast<std::size_t>(-1) : planned.count;
    coverage.count(Happened::notifications);
    account.condition.notify(count);
    account.notify(count);
    if (planned.mode == 2 && !account.line.empty()) world.cancel_waiting(account.line.waits().front()->task);
    held.release(planned.amount % 2 == 0);
  }
  world.oracle.frame_returns(frame);
}

}  // namespace

World::World(const Program& what, bool tracing) : program(what) { oracle.trace_to_stdout(tracing); }
World::~World() = default;

void World::make_sync_pool() {
  sync_pools_.push_back(std::make_unique<SyncPool>(oracle, scopes, program.seed + sync_pools_.size()));
}

void World::cancel_waiting(TaskId id) {
  AnyTask task = task_with(id);
  if (!task) return;
  coverage.count(Happened::cancelled_when_called);
  coverage.count(moment_of(task));
  cancel_task(std::move(task), "first in line");
}

Coro<void> queue_step(World& world, FrameId frame, const Step& planned);

Coro<void> sync_step(World& world, FrameId frame, const Step& planned, int context) {
  Token token(1);
  switch (planned.kind) {
    case StepKind::with_lock: return with_lock(std::move(token), world, frame, planned, context);
    case StepKind::with_semaphore: return with_semaphore(std::move(token), world, frame, planned, context);
    case StepKind::with_limiter: return with_limiter(std::move(token), world, frame, planned, context);
    case StepKind::event_wait: return event_wait(std::move(token), world, frame, planned);
    case StepKind::condition_wait: return condition_wait(std::move(token), world, frame, planned, context);
    case StepKind::condition_notify: return notify(std::move(token), world, frame, planned);
    case StepKind::barrier_wait: return barrier_wait(std::move(token), world, frame, planned);
    default: return queue_step(world, frame, planned);
  }
}

}  // namespace heed::stress
