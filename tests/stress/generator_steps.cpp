// The steps that iterate over generators.
#include <algorithm>
#include <utility>

#include "heed/core/sleep.hpp"
#include "heed/failure/exceptions.hpp"
#include "stress/guards.hpp"
#include "stress/world.hpp"

namespace heed::stress {

namespace {

// Tells the oracle of the life of a generator's frame. One that is dropped at a co_yield ends without a step.
class GeneratorGuard {
 public:
  GeneratorGuard(World& world, Generated& generated) : world_(world), generated_(generated) {
    coverage.count(Happened::frames);
    world.oracle.frame_began(generated.frame);
    generated.begun_at = world.next_generator();
  }
  GeneratorGuard(const GeneratorGuard&) = delete;
  GeneratorGuard& operator=(const GeneratorGuard&) = delete;
  ~GeneratorGuard() {
    bool ends = world_.running() && !generated_.at_yield;
    if (generated_.at_yield) coverage.count(Happened::generators_dropped);
    if (ends && !world_.oracle.frame_returned(generated_.frame)) world_.not_resumed();
    if (generated_.at_yield && generated_.stepped && !generated_.dropped)
      world_.oracle.violation("a generator died while it was asked");
    world_.oracle.frame_gone(generated_.frame, !ends, false);
    generated_.ended = true;
    if (ends) generated_.closing = false;
  }

 private:
  World& world_;
  Generated& generated_;
};

// Somebody awaits a step of the generator.
class Stepping {
 public:
  explicit Stepping(Generated& generated) : generated_(generated) {
    generated.stepped = true;
    generated.idle_at_close = false;
  }
  Stepping(const Stepping&) = delete;
  Stepping& operator=(const Stepping&) = delete;
  ~Stepping() { generated_.stepped = false; }

 private:
  Generated& generated_;
};

// Whoever iterates has it, unless it is left open.
class Held {
 public:
  explicit Held(Generated& generated) : generated_(generated) {}
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;
  ~Held() {
    if (!generated_.kept) generated_.object = AsyncGenerator<Value>();
  }

 private:
  Generated& generated_;
};

constexpr std::uint32_t after_exit = 50;  // the value of one that ignores GeneratorExit
const char exit_ignored[] = "async generator ignored GeneratorExit";

const Step& turn_step() {
  static const Step step = [] {
    Step turn;
    turn.kind = StepKind::turn;
    return turn;
  }();
  return step;
}

bool says(const std::exception_ptr& exception, const char* text) {
  const auto* error = find<std::runtime_error>(exception);
  return error && std::string(error->what()).find(text) != std::string::npos;
}

}  // namespace

AsyncGenerator<Value> World::generator(Token, GeneratorId id, const Step& planned) {
  Generated& self = generators_[id];
  GeneratorGuard guard(*this, self);
  std::exception_ptr ending;
  Thrown thrown;
  for (unsigned i = 0; i < planned.count % 5u; ++i) {
    if (i == planned.amount % 4u && planned.body != no_index && grow()) {
      FrameId child = oracle.new_frame();
      oracle.frame_waits(self.frame, Source::frame(child));
      oracle.frame_handles(self.frame, true);
      Outcome<Value> between = co_await as_result(body(Token(1), child, planned.body, context_value()));
      oracle.frame_handles(self.frame, false);
      if ((ending = between.exception())) {
        not_resumed();
        thrown = identify(ending);
        oracle.caught(Source::frame(child), thrown);
        oracle.frame_waits(self.frame, Source());
        break;
      }
      resumed(self.frame);
    }
    ++self.given;
    self.at_yield = true;
    try {
      co_yield Value(self.first_value + i);
    } catch (const GeneratorExit&) {
      ending = std::current_exception();
    }
    self.at_yield = false;
    if (!ending) continue;
    coverage.count(Happened::generators_told);
    asked_to_close(self);
    break;
  }
  ++self.cleanups;
  bool told = find<GeneratorExit>(ending) != nullptr;
  if (told && self.ignores_exit) {
    self.at_yield = true;
    self.closing = false;
    try {
      co_yield Value(self.first_value + after_exit);
      ending = nullptr;
    } catch (const GeneratorExit&) {
      asked_to_close(self);
    }
    self.at_yield = false;
  }
  if (planned.second != no_index && grow()) {
    coverage.count(Happened::generators_cleaned_up);
    FrameId child = oracle.new_frame();
    oracle.frame_waits(self.frame, Source::frame(child));
    oracle.frame_handles(self.frame, true);
    Outcome<Value> cleaned = co_await as_result(body(Token(1), child, planned.second, context_value()));
    oracle.frame_handles(self.frame, false);
    if (cleaned.exception()) {
      not_resumed();
      ending = cleaned.exception();
      thrown = identify(ending);
      oracle.caught(Source::frame(child), thrown);
      oracle.frame_waits(self.frame, Source());
    } else {
      resumed(self.frame);
    }
  }
  if (ending && !find<GeneratorExit>(ending)) {
    oracle.frame_throws(self.frame, thrown);
    if (self.shut_down && !self.stepped) note_failed_close(self, thrown);
    std::rethrow_exception(ending);
  }
  oracle.frame_returns(self.frame);
  if (ending) std::rethrow_exception(ending);
}

// A generator got its GeneratorExit: by somebody's aclose(), or by shutdown_asyncgens(), which takes the last one first.
void World::asked_to_close(Generated& self) {
  if (self.stepped) return;
  coverage.count(Happened::generators_shut_down);
  if (std::exchange(self.shut_down, true)) oracle.violation("a generator was asked to close twice by the shutdown");
  self.closing = true;
  for (const Generated& other : generators_)
    if (other.open_in(oracle.loop()) && other.begun_at > self.begun_at && !other.stepped && !other.shut_down)
      oracle.violation("the shutdown closed a generator before one that was begun later");
  AnyTask task = current_task();
  if (oracle.cell_of_task(task.id()) != nobody) return;
  if (plan->mode != Mode::runner) oracle.violation("a generator runs in a task that nobody made");
  shutdown_cell_ = oracle.new_cell(CellKind::task);  // the runner's own task
  oracle.bind_task(shutdown_cell_, task.id());
}

// What a generator failed with that shutdown_asyncgens() closes: it is reported, but a BaseException ends the shutdown.
void World::note_failed_close(Generated& self, Thrown thrown) {
  bool interrupt = oracle.is_interrupt(thrown);
  if (interrupt || thrown.cancellation) {
    cut_close_ = self.frame;
    if (shutdown_cell_ == nobody || oracle.task_id(shutdown_cell_) != current_task().id()) return;
    shutdown_cut_ = oracle.loop();
    if (!interrupt) return;
    oracle.caught(Source::frame(self.frame), thrown);
    return oracle.task_failed(shutdown_cell_, thrown);
  }
  coverage.count(Happened::generators_failed_to_close);
  oracle.caught(Source::frame(self.frame), thrown);
  oracle.raised_directly(thrown.id, "generator");
}

// An exception of a step, or of aclose(), came from the generator.
ScopeEnd World::end_of_generator(Generated& self, std::exception_ptr out) {
  ScopeEnd end{true, out, identify(out)};
  if (!out) return end;
  if (!self.ended) oracle.violation("a generator failed and has not ended");
  oracle.caught(Source::frame(self.frame), end.thrown);
  coverage.count(Happened::generators_failed);
  return end;
}

Coro<void> World::in_generator(Token, FrameId frame, GeneratorId id, const Step& planned) {
  FrameGuard guard(*this, frame);
  Generated& self = generators_[id];
  Held held(self);
  bool until_end = planned.mode == 0;
  unsigned limit = until_end ? 20 : planned.slot % 4u;
  for (unsigned taken = 0; taken < limit; ++taken) {
    if (self.runs()) {
      oracle.frame_waits(frame, Source::turn());
      Outcome<std::optional<Value>> refused = co_await as_result(self.object.next());
      bool dropped = refused && !refused.value();
      if (!dropped && !says(refused.exception(), "already running"))
        oracle.violation("a generator that runs was not refused to another one");
      coverage.count(Happened::library_refused);
      break;
    }
    oracle.frame_waits(frame, Source::frame(self.frame));
    oracle.frame_handles(frame, true);
    std::optional<Value> item;
    std::exception_ptr failure;
    {
      Stepping stepping(self);
      if (planned.style == Style::outcome) {
        Outcome<std::optional<Value>> outcome = co_await as_result(self.object.next());
        failure = outcome.exception();
        if (!failure) item = std::move(outcome).value();
      } else {
        try {
          item = co_await self.object.next();
        } catch (...) {
          failure = std::current_exception();
        }
      }
    }
    oracle.frame_handles(frame, false);
    if (failure) leave_step(frame, end_of_generator(self, failure));
    oracle.frame_waits(frame, Source());
    resumed(frame);
    if (!item) {
      coverage.count(Happened::generators_ended);
      if (self.begun_at != 0 && !self.ended && self.object.open()) oracle.violation("a generator gave nothing");
      break;
    }
    check_item(self, item->origin());
    ++progress_;
    if (planned.timeout) act(planned.action);
    if (planned.style == Style::lvalue && planned.slot >= 4) {
      FrameId child = oracle.new_frame();
      oracle.frame_waits(frame, Source::frame(child));
      co_await pause(Token(1), child, turn_step());
      resumed(frame);
    }
  }
  if (planned.mode == 2) {
    self.kept = true;
    coverage.count(Happened::generators_left_open);
  }
  if (planned.mode == 1) {
    FrameId child = oracle.new_frame();
    oracle.frame_waits(frame, Source::frame(child));
    co_await close_generator(Token(1), child, id);
    resumed(frame);
  }
  oracle.frame_returns(frame);
}

// Each value comes once, in order.
void World::check_item(Generated& self, std::uint32_t origin) {
  coverage.count(Happened::generated_values);
  if (self.shut_down || self.cleanups != 0) oracle.violation("a generator that was closed gave a value");
  if (origin != self.first_value + self.taken++ || self.taken != self.given)
    oracle.violation("a value of a generator was lost, or came twice");
}

Coro<void> World::close_generator(Token, FrameId frame, GeneratorId id) {
  FrameGuard guard(*this, frame);
  Generated& self = generators_[id];
  bool runs = self.runs(), open = self.begun_at != 0 && !self.ended, was_told = self.cleanups != 0;
  oracle.frame_waits(frame, runs ? Source::turn() : Source::frame(self.frame));  // it may await this one
  oracle.frame_handles(frame, true);
  std::exception_ptr failure;
  {
    std::optional<Stepping> stepping;
    if (!runs) stepping.emplace(self);
    Outcome<void> closed = co_await as_result(self.object.aclose());
    failure = closed.exception();
  }
  oracle.frame_handles(frame, false);
  coverage.count(Happened::generators_closed);
  if (runs || (failure && says(failure, exit_ignored))) {
    coverage.count(Happened::library_refused);
    bool ignored = !runs && self.ignores_exit && open && !was_told;
    if (!ignored && !(runs && (!failure || says(failure, "already running"))))
      oracle.violation("aclose() did not work, or on a generator that runs");
    oracle.frame_waits(frame, Source());
    oracle.frame_returns(frame);
    co_return;
  }
  ScopeEnd end = end_of_generator(self, failure);
  if (self.begun_at != 0 && !self.ended) oracle.violation("aclose() came back, and the generator has not ended");
  if (open && self.cleanups != 1) oracle.violation("a generator that was closed did not clean up once");
  leave_step(frame, end);
  oracle.frame_returns(frame);
}

Coro<void> World::close_all_generators(Token, FrameId frame) {
  FrameGuard guard(*this, frame);
  oracle.frame_waits(frame, Source::turn());
  oracle.frame_handles(frame, true);
  Outcome<void> closed = co_await as_result(shutdown_asyncgens());
  oracle.frame_handles(frame, false);
  ScopeEnd end{true, closed.exception(), identify(closed.exception())};
  if (end.exception) {
    if (cut_close_ == nobody) oracle.violation("shutdown_asyncgens() failed, and no generator had ended it");
    if (cut_close_ != nobody) oracle.caught(Source::frame(cut_close_), end.thrown);
  } else {
    for (const Generated& generated : generators_)
      if (generated.open_in(oracle.loop()) && !generated.stepped && !generated.shut_down)
        oracle.violation("shutdown_asyncgens() came back, and a generator is open");
  }
  leave_step(frame, end);
  oracle.frame_returns(frame);
}

// A new one, or one that was left open.
Coro<void> World::start_generator(FrameId frame, const Step& planned) {
  if (planned.style == Style::pass)
    for (GeneratorId id = 0; id < generators_.size(); ++id)
      if (generators_[id].kept && generators_[id].loop == oracle.loop()) {
        coverage.count(Happened::generators_taken_up);
        return in_generator(Token(1), frame, id, planned);
      }
  GeneratorId id = static_cast<GeneratorId>(generators_.size());
  Generated& made = generators_.emplace_back();
  made.frame = oracle.new_frame();
  made.loop = oracle.loop();
  made.first_value = 1'000'000 + 100 * id;
  made.ignores_exit = planned.bomb || planned.slot == 7;
  made.object = generator(Token(1), id, planned);
  coverage.count(Happened::generators_made);
  return in_generator(Token(1), frame, id, planned);
}

void World::drop_generator(const Action& action) {
  std::vector<GeneratorId> kept;
  for (GeneratorId id = 0; id < generators_.size(); ++id)
    if (generators_[id].kept) kept.push_back(id);
  if (kept.empty()) return;
  Generated& generated = generators_[kept[action.slot % kept.size()]];
  generated.dropped = generated.runs();  // it ends with the step that is under way
  if (generated.dropped) coverage.count(Happened::generators_dropped_running);
  generated.object = AsyncGenerator<Value>();
}

void World::note_idle_generators() {
  for (Generated& generated : generators_)
    generated.idle_at_close = generated.open_in(oracle.loop()) && !generated.runs() && generated.object.open();
}

// After the runner has closed the loop.
void World::check_generators(bool interrupted) {
  if (plan->mode != Mode::runner || interrupted || shutdown_cut_ == oracle.loop()) return;
  auto hangs = [&](const Generated& generated) { return generated.loop == oracle.loop() && generated.closing; };
  if (std::any_of(generators_.begin(), generators_.end(), hangs)) return;  // it did not end in time
  for (const Generated& generated : generators_)
    if (generated.open_in(oracle.loop()) && generated.idle_at_close && !generated.shut_down)
      oracle.violation("a generator that was left open was not closed");
}

// A report of the shutdown that is about no failure of the program.
bool World::note_ignored_exit(const std::exception_ptr& exception) {
  if (!says(exception, exit_ignored)) return false;
  for (Generated& generated : generators_) {
    if (!generated.ignores_exit || !generated.shut_down || generated.told_ignored) continue;
    generated.told_ignored = true;
    oracle.raised_and_reported(oracle.new_error(ErrorKind::runtime), "generator");
    return true;
  }
  oracle.violation("a generator is said to have ignored GeneratorExit, and did not");
  return true;
}

}  // namespace heed::stress
