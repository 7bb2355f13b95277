#include "stress/driver.hpp"

#include "heed/failure/log.hpp"
#include "heed/flow/run.hpp"
#include "stress/sync_pool.hpp"
#include "stress/world.hpp"

namespace heed::stress {

namespace {

constexpr unsigned most_iterations = 400;
constexpr unsigned idle_iterations = 12;

class Driver {
 public:
  Driver(World& world, const LoopPlan& plan) : world_(world), oracle_(world.oracle), plan_(plan) {}

  void run() {
    coverage.count(Happened::loops);
    oracle_.begin_loop();
    world_.schedule.begin_loop();
    world_.make_sync_pool();
    world_.plan = &plan_;
    switch (plan_.mode) {
      case Mode::stepped:
      case Mode::until_complete: run_loop(); break;
      case Mode::runner: run_runner(); break;
    }
    world_.sync().check_closed();
  }

 private:
  void run_loop() {
    auto owner = std::make_unique<StressLoop>(world_);
    EventLoop& loop = *owner;
    world_.loop = owner.get();
    if (plan_.mode == Mode::stepped) {
      start(plan_.first);
      start(plan_.second);
      step_until_idle();
    } else {
      start(plan_.second);
      complete(plan_.first, [&](Coro<Value> main) { return loop.run_until_complete(std::move(main)); });
      between();
      guarded([&] { loop.run_forever(); });  // resumes what is left, until it would sleep for ever
    }
    between();
    world_.closing = true;
    if (!plan_.unclosed) {
      guarded([&] { loop.close(); });
      loop_closed();
    }
    owner.reset();
    world_.closing = false;
    world_.loop = nullptr;
  }

  void run_runner() {
    Runner runner(RunOptions().handle_interrupts(false).shutdown_timeout(std::chrono::seconds(1)).loop_factory([this] {
      auto loop = std::make_unique<StressLoop>(world_);
      world_.loop = loop.get();
      return loop;
    }));
    runner.get_loop();
    start(plan_.second);
    complete(plan_.first, [&](Coro<Value> main) { return runner.run(std::move(main)); });
    between();
    if (plan_.second != no_index) complete(plan_.second, [&](Coro<Value> main) { return runner.run(std::move(main)); });
    between();
    world_.note_idle_generators();
    guarded([&] { runner.close(); });
    world_.check_generators(interrupted_);
    loop_closed();
    world_.loop = nullptr;
  }

  // A task of the main program, whose handle is dropped.
  void start(Index body) {
    if (body == no_index) return;
    CellId cell = oracle_.new_cell(CellKind::task);
    FrameId frame = oracle_.new_frame(cell);
    Task<Value> task = world_.loop->create_task(world_.body(Token(1), frame, body, static_cast<int>(cell)));
    oracle_.bind_task(cell, task.id());
    if (body % 2 == 0) {
      world_.put(0, Entry{std::move(task), cell});
    } else if (plan_.mode != Mode::runner) {
      world_.scopes.set_private(cell);
    }
  }

  void complete(Index body, auto run) {
    if (body == no_index) return;
    CellId cell = oracle_.new_cell(CellKind::task);
    FrameId frame = oracle_.new_frame(cell);
    if (plan_.mode != Mode::runner) world_.scopes.set_private(cell);
    guarded(
        [&] {
          // All main tasks of a runner share one context: there it stays as it is.
          int context = plan_.mode == Mode::runner ? context_value() : static_cast<int>(cell);
          Value value = run(world_.body(Token(1), frame, body, context));
          world_.got(cell, value);
        },
        cell);
  }

  // What comes out: an interrupt, what `main` ended with, or that the loop was stopped.
  void guarded(auto function, CellId main = nobody) {
    try {
      function();
    } catch (...) {
      Thrown thrown = identify(std::current_exception());
      if (oracle_.is_interrupt(thrown)) {
        coverage.count(Happened::interrupts);
        interrupted_ = true;
        oracle_.interrupt_seen(thrown.id);
      } else if (main == nobody) {
        oracle_.violation("left the loop: " + describe(std::current_exception()));
      } else if (thrown.known()) {
        oracle_.caught(Source::cell(main), thrown);
      } else if (message_of(std::current_exception()) != "Event loop stopped before Future completed.") {
        oracle_.violation("left run_until_complete(): " + describe(std::current_exception()));
      }
    }
    world_.check();
  }

  void step_until_idle() {
    std::uint64_t seen = 0;
    unsigned idle = 0;
    for (unsigned i = 0; i < most_iterations && idle < idle_iterations; ++i) {
      coverage.count(Happened::iterations);
      if (oracle_.tracing()) oracle_.trace("--- iteration " + std::to_string(i));
      world_.clock.advance(std::chrono::milliseconds(1));
      world_.schedule.begin_iteration();
      world_.loop->stop();
      guarded([&] { world_.loop->run_forever(); });
      oracle_.check_lists(world_.loop->failures());
      idle = std::exchange(seen, world_.progress()) == seen ? idle + 1 : 0;
      if (i % 16 == 7) between();
    }
  }

  // The next action that is planned for outside of the loop.
  void between() {
    if (next_ < plan_.between.size()) world_.act(plan_.between[next_++]);
  }

  void loop_closed() {
    const Ledger& books = world_.loop->failures();
    if (oracle_.tracing()) oracle_.trace("--- closed: " + books.summary());
    oracle_.check_closed(books);
    coverage.count(Happened::failures_raised, books.failures().raised);
    coverage.count(Happened::failures_retrieved, books.failures().retrieved);
    coverage.count(Happened::failures_merged, books.failures().merged);
    coverage.count(Happened::failures_reported, books.failures().reported);
    coverage.count(Happened::cancels_requested, books.cancellations().requested);
    coverage.count(Happened::cancels_delivered, books.cancellations().delivered);
    coverage.count(Happened::cancels_completed_anyway, books.cancellations().completed_anyway);
    coverage.count(Happened::cancels_withdrawn, books.cancellations().withdrawn);
    for (Index action : plan_.after) world_.act(action);
    if (!plan_.drop_before_end) return;
    world_.drop_all();
    oracle_.check_closed(books);
  }

  World& world_;
  Oracle& oracle_;
  const LoopPlan& plan_;
  std::size_t next_ = 0;
  bool interrupted_ = false;  // an interrupt left the loop
};

// The log of the process goes to the world that runs, and the destructors of values look at its running task.
class Route {
 public:
  explicit Route(World& world) {
    static bool installed = false;
    current_ = &world;
    if (std::exchange(installed, true)) return;
    Value::when_blown = [](std::uint32_t origin) {
      ErrorKind kind = ErrorKind::custom;
      ErrorId id = current_->new_error(kind);
      current_->oracle.task_failed(current_->oracle.root_of(origin - 1), Thrown{id, false});
      throw_error(kind, id);
    };
    when_gather_group_seen = [](const std::exception_ptr& exception) { return current_->gather_group_seen(exception); };
    Value::when_destroyed = [] {
      if (current_ && current_->running() && current_task() && current_task().done())
        current_->oracle.violation("current_task() is a task that has ended");
    };
    set_log_sink([](const LogRecord& record) {
      if (current_) current_->log_told(record);
    });
  }
  Route(const Route&) = delete;
  Route& operator=(const Route&) = delete;
  ~Route() { current_ = nullptr; }

 private:
  static inline World* current_ = nullptr;
};

}  // namespace

namespace {
bool has_groups(const Program& program) {
  for (const Body& body : program.bodies)
    for (const Step& step : body.steps)
      if (step.kind == StepKind::group || step.kind == StepKind::joined) return true;
  return false;
}
}  // namespace

std::string run_program(const Program& program, bool tracing) {
  std::string violation;
  {
    Thrown::cancellations_are_alike = has_groups(program);
    World world(program, tracing);
    Route route(world);
    for (const LoopPlan& plan : program.loops) {
      Driver driver(world, plan);
      driver.run();
      if (world.oracle.violated()) break;
    }
    world.drop_all();
    world.oracle.check_over();
    violation = world.oracle.first_violation();
    forget_adopted();
  }
  auto expect_none = [&](long& count, const char* what) {
    if (count != 0 && violation.empty()) violation = std::to_string(count) + what;
    count = 0;
  };
  expect_none(Value::live, " values, parameters or captures were never destroyed, or twice");
  expect_none(Value::broken, " values were used after their end or copied bit by bit");
  expect_none(Counted::live, " exceptions were never destroyed, or twice");
  return violation;
}

}  // namespace heed::stress
