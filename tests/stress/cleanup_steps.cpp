// The steps that run a body and clean up after it: finally(), with(), on_error().
#include <algorithm>
#include <utility>

#include "heed/flow/cleanup.hpp"
#include "stress/guards.hpp"
#include "stress/world.hpp"

namespace heed::stress {

namespace {

// Which handler of on_error() a catch clause of that type would be: -1 none.
enum class Handlers : std::uint8_t { errors, errors_and_rest, cancellations_and_rest };

int fitting(const std::exception_ptr& exception, Handlers handlers) {
  bool errors = handlers != Handlers::cancellations_and_rest;
  int rest = handlers == Handlers::errors ? -1 : 1;
  try {
    std::rethrow_exception(exception);
  } catch (const Error&) {
    return errors ? 0 : rest;
  } catch (const CancelledError&) {
    return errors ? -1 : 0;
  } catch (const BaseException&) {
    return -1;
  } catch (...) {
    return rest;
  }
}

template <class E>
struct PlainHandler {
  World& world;
  Cleaning& cleaning;
  const Step& planned;
  int number;
  Value operator()(E) const { return world.handle_now(cleaning, planned, number); }
};
template <class E>
struct AwaitedHandler {
  World& world;
  Cleaning& cleaning;
  const Step& planned;
  int number;
  int context;
  Coro<Value> operator()(E) const { return world.handle(cleaning, planned, number, context); }
};

}  // namespace

// A body, and how it ended.
Coro<Value> World::noted_body(Token, FrameId frame, ScopeEnd& end, Index index, int context) {
  FrameGuard guard(*this, frame);
  FrameId child = oracle.new_frame();
  oracle.frame_waits(frame, Source::frame(child));
  oracle.frame_handles(frame, true);
  Outcome<Value> outcome = co_await as_result(body(Token(1), child, index, context));
  oracle.frame_handles(frame, false);
  if (std::exception_ptr failure = outcome.exception()) {
    not_resumed();
    end = {true, failure, identify(failure)};
    oracle.caught(Source::frame(child), end.thrown);
    oracle.frame_throws(frame, end.thrown);
    std::rethrow_exception(std::move(failure));
  }
  resumed(frame);
  end.known = true;
  if (outcome.value().origin() != child + 1) oracle.violation("a body returned another's value");
  oracle.frame_returns(frame);
  co_return Value(frame + 1);
}

// What a plain cleanup or handler does.
void World::clean_now(Cleaning& cleaning, const Step& planned) {
  ++cleaning.runs;
  ++progress_;
  bool destroyed = !running();
  coverage.count(destroyed ? Happened::cleanup_when_destroyed : Happened::cleanup_plain);
  act(planned.action);
  cleaning.cleanup.known = true;
  if (!planned.timeout) return;
  ErrorKind kind = planned.error;
  ErrorId id = new_error(kind);
  if (destroyed) oracle.raised_directly(id, "cleanup");
  try {
    throw_error(kind, id);
  } catch (...) {
    cleaning.cleanup.exception = std::current_exception();
    cleaning.cleanup.thrown = thrown_as(kind, id);
    throw;
  }
}

Value World::handle_now(Cleaning& cleaning, const Step& planned, int number) {
  if (std::current_exception() != cleaning.body.exception)
    oracle.violation("a handler does not run as a catch block of its exception");
  cleaning.handler = number;
  clean_now(cleaning, planned);
  if (planned.slot % 3 == 0) {
    cleaning.cleanup.exception = cleaning.body.exception;
    cleaning.cleanup.thrown = cleaning.body.thrown;
    throw;
  }
  cleaning.value = cleaning.body_frame + 1;
  return Value(cleaning.value);
}

Coro<Value> World::clean(Cleaning& cleaning, const Step& planned, int context) {
  ++cleaning.runs;
  coverage.count(Happened::cleanup_awaited);
  cleaning.cleanup_frame = oracle.new_frame();
  cleaning.value = cleaning.cleanup_frame + 1;
  return noted_body(Token(1), cleaning.cleanup_frame, cleaning.cleanup, planned.second, context);
}

Coro<Value> World::handle(Cleaning& cleaning, const Step& planned, int number, int context) {
  cleaning.handler = number;
  return clean(cleaning, planned, context);
}

Coro<Value> World::start_cleaned(Cleaning& cleaning, FrameId frame, const Step& planned, int context) {
  cleaning.body_frame = oracle.new_frame();
  cleaning.begun = true;
  cleaning.plain = planned.count % 2 == 0 || planned.second == no_index;
  oracle.frame_waits(frame, Source::frame(cleaning.body_frame));
  auto body = [this, &cleaning, &planned, context] {
    return noted_body(Token(1), cleaning.body_frame, cleaning.body, planned.body, context);
  };
  auto plainly = [this, &cleaning, &planned] { clean_now(cleaning, planned); };
  auto awaited = [this, &cleaning, &planned, context] { return clean(cleaning, planned, context); };
  if (planned.mode == 0) return cleaning.plain ? heed::finally(body(), plainly) : heed::finally(body(), awaited);
  return cleaning.plain ? heed::finally(body, plainly) : heed::finally(body, awaited);
}

Coro<Value> World::start_handled(Cleaning& cleaning, FrameId frame, const Step& planned, int context) {
  cleaning.body_frame = oracle.new_frame();
  cleaning.handles = true;
  oracle.frame_waits(frame, Source::frame(cleaning.body_frame));
  Coro<Value> body = noted_body(Token(1), cleaning.body_frame, cleaning.body, planned.body, context);
  bool plain = planned.count % 2 == 0 || planned.second == no_index;
  auto now = [&]<class E>(std::type_identity<E>, int number) {
    return PlainHandler<E>{*this, cleaning, planned, number};
  };
  auto later = [&]<class E>(std::type_identity<E>, int number) {
    return AwaitedHandler<E>{*this, cleaning, planned, number, context};
  };
  constexpr std::type_identity<const Error&> error;
  constexpr std::type_identity<const CancelledError&> cancellation;
  constexpr std::type_identity<std::exception_ptr> any;
  switch (static_cast<Handlers>(planned.mode % 3)) {
    case Handlers::errors:
      return plain ? heed::on_error(std::move(body), now(error, 0)) : heed::on_error(std::move(body), later(error, 0));
    case Handlers::errors_and_rest:
      return plain ? heed::on_error(std::move(body), now(error, 0), later(any, 1))
                   : heed::on_error(std::move(body), later(error, 0), now(any, 1));
    default: break;
  }
  return plain ? heed::on_error(std::move(body), now(cancellation, 0), now(any, 1))
               : heed::on_error(std::move(body), later(cancellation, 0), later(any, 1));
}

Coro<Value> World::start_with(Cleaning& cleaning, FrameId frame, const Step& planned, int context) {
  cleaning.acquire_frame = oracle.new_frame();
  oracle.frame_waits(frame, Source::frame(cleaning.acquire_frame));
  auto use = [this, &cleaning, &planned, frame, context](Value& resource) {
    if (resource.origin() != cleaning.acquire_frame + 1) oracle.violation("with() gave its body another resource");
    cleaning.body_frame = oracle.new_frame();
    cleaning.begun = true;
    oracle.frame_waits(frame, Source::frame(cleaning.body_frame));
    Index index = planned.second != no_index ? planned.second : planned.body;
    return noted_body(Token(1), cleaning.body_frame, cleaning.body, index, context);
  };
  auto check_resource = [this, &cleaning](Value& resource) {
    if (resource.origin() != cleaning.acquire_frame + 1) oracle.violation("with() released another resource");
  };
  auto release_now = [this, check_resource, &cleaning, &planned](Value& resource) {
    check_resource(resource);
    clean_now(cleaning, planned);
  };
  auto release = [this, check_resource, &cleaning, &planned, context](Value& resource) {
    check_resource(resource);
    return clean(cleaning, planned, context);
  };
  cleaning.plain = planned.count % 2 == 0 || planned.second == no_index;
  Coro<Value> acquire = noted_body(Token(1), cleaning.acquire_frame, cleaning.acquire, planned.body, context);
  return cleaning.plain ? heed::with(std::move(acquire), use, release_now)
                        : heed::with(std::move(acquire), use, release);
}

Coro<void> World::in_cleanup(Token, FrameId frame, const Step& planned, int context) {
  FrameGuard guard(*this, frame);
  Cleaning cleaning(oracle);
  cleanings_.push_back(&cleaning);
  struct Known {
    ~Known() { std::erase(all, cleaning); }
    std::vector<Cleaning*>& all;
    Cleaning* cleaning;
  } known{cleanings_, &cleaning};
  oracle.frame_handles(frame, true);
  Coro<Value> work = planned.kind == StepKind::finally    ? start_cleaned(cleaning, frame, planned, context)
                     : planned.kind == StepKind::on_error ? start_handled(cleaning, frame, planned, context)
                                                          : start_with(cleaning, frame, planned, context);
  Outcome<Value> outcome = co_await as_result(std::move(work));
  oracle.frame_handles(frame, false);
  cleaning.over = true;
  ScopeEnd end{true, outcome.exception(), identify(outcome.exception())};
  if (planned.kind == StepKind::with && cleaning.acquire.exception) {
    oracle.caught(Source::frame(cleaning.acquire_frame), cleaning.acquire.thrown);
    if (cleaning.begun || cleaning.runs != 0 || end.exception != cleaning.acquire.exception)
      oracle.violation("with() went on without its resource");
  } else if (cleaning.handles) {
    check_handled(cleaning, planned.mode % 3, end);
    if (outcome && outcome.value().origin() != (cleaning.body.value() ? cleaning.body_frame + 1 : cleaning.value))
      oracle.violation("on_error() returned another's value");
  } else {
    if (cleaning.runs != 1) oracle.violation("a cleanup did not run once");
    check_cleaned(cleaning, end);
    if (outcome && outcome.value().origin() != cleaning.body_frame + 1)
      oracle.violation("finally() returned another's value");
  }
  leave_step(frame, end);
  oracle.frame_returns(frame);
}

void World::check_handled(Cleaning& cleaning, unsigned handlers, const ScopeEnd& end) {
  int expected = cleaning.body.exception ? fitting(cleaning.body.exception, static_cast<Handlers>(handlers)) : -1;
  if (cleaning.handler != expected || cleaning.runs != (expected >= 0))
    oracle.violation("on_error() took another handler than a catch clause would");
  if (expected < 0) return check_cleaned(cleaning, end);
  if (cleaning.cleanup.exception) return check_cleaned(cleaning, end);
  coverage.count(Happened::handled);
  oracle.caught(Source::frame(cleaning.body_frame), cleaning.body.thrown);
  if (end.exception) oracle.violation("on_error() failed although its handler did not");
}

// What comes out is what the cleanup failed with, else the body's end; and a failure of the body that is replaced is in
// the books as merged, or was reported when a cancellation took its place.
void World::check_cleaned(Cleaning& cleaning, const ScopeEnd& end) {
  const ScopeEnd& body = cleaning.body;
  const ScopeEnd& cleanup = cleaning.cleanup;
  if (!body.known) return oracle.violation("a cleanup came back before its body");
  if (body.exception && cleaning.reported == 0) oracle.caught(Source::frame(cleaning.body_frame), body.thrown);
  if (cleanup.exception && cleaning.cleanup_frame != nobody)
    oracle.caught(Source::frame(cleaning.cleanup_frame), cleanup.thrown);
  bool both = cleanup.exception && cleanup.exception != body.exception;
  const ScopeEnd& expected = both ? cleanup : body;
  if (end.exception != expected.exception)
    oracle.violation(both ? "a cleanup failed, and that did not come out"
                          : "what came out after a cleanup is not what its body ended with");
  bool replaced = both && body.failed();
  if (cleaning.reported != (replaced && cleanup.cancelled()))
    oracle.violation("a failure was not reported that a cancellation took the place of, or another one was");
  if (!replaced) return;
  coverage.count(Happened::failures_replaced);
  if (cleanup.cancelled()) return;
  oracle.replaced();
  std::vector<const FailureRecord*> records = loop->failures().recent();
  if (records.empty() || records.back()->origin != FailureOrigin::replaced ||
      records.back()->disposition != Disposition::merged)
    oracle.violation("a failure that was replaced by that of its cleanup is not in the books");
}

// A body's failure is reported, as its coroutine ends with a cancellation or is destroyed. Whether it is one.
bool World::note_replaced(const std::exception_ptr& exception) {
  // Several may have the same one, which came out of one task: that whose cleanup has ended, or is gone.
  Cleaning* found = nullptr;
  for (Cleaning* candidate : cleanings_) {
    bool gone = candidate->cleanup_frame != nobody && !oracle.frame_alive(candidate->cleanup_frame);
    if (candidate->body.exception == exception && candidate->reported == 0 && (candidate->cleanup.known || gone))
      found = candidate;
  }
  if (!found) return false;
  Cleaning& cleaning = *found;
  coverage.count(Happened::reported_replaced);
  ++cleaning.reported;
  oracle.caught(Source::frame(cleaning.body_frame), cleaning.body.thrown);
  oracle.raised_and_reported(cleaning.body.thrown.id, "body with a cleanup");
  return true;
}

// The step goes on, or raises that.
void World::leave_step(FrameId frame, const ScopeEnd& end) {
  oracle.frame_waits(frame, Source());
  if (!end.exception) return resumed(frame);
  not_resumed();
  if (end.cancelled()) scopes.told(current_task().id());
  oracle.frame_throws(frame, end.thrown);
  std::rethrow_exception(end.exception);
}

}  // namespace heed::stress
