#include "heed/flow/async_generator.hpp"

#include <stdexcept>
#include <string>

#include "heed/core/error_context.hpp"
#include "heed/core/loop_core.hpp"
#include "heed/failure/exceptions.hpp"
#include "heed/failure/report.hpp"

namespace heed {

namespace detail {

GeneratorPromiseBase::~GeneratorPromiseBase() {
  if (holder) holder->promise_ = nullptr;
}

std::coroutine_handle<> GeneratorPromiseBase::resume_for(PromiseBase& awaiter,
                                                         const std::source_location& site) noexcept {
  awaiter.site_ = site;
  continuation_ = awaiter.handle().address();
  running = true;
  if (!std::exchange(begun, true)) enter(running_scheduler->core().open_generators);
  return running_scheduler->transfer(handle());
}

bool GeneratorPromiseBase::step_ended(std::exception_ptr& failure) noexcept {
  running = false;
  if (status_ == FrameStatus::unfinished) return true;
  if (failed()) failure = take_failure();
  destroy_finished(*this);
  return false;
}

void GeneratorPromiseBase::destroy_if_dropped() noexcept {
  if (!holder) destroy_unfinished(*this);
}

void YieldAwaiter::throw_exit() { throw GeneratorExit(); }

void GeneratorHandle::drop() noexcept {
  GeneratorPromiseBase* promise = std::exchange(promise_, nullptr);
  if (!promise) return;
  promise->holder = nullptr;
  if (!promise->running) destroy_unfinished(*promise);  // else by the step that is under way
}

void GeneratorHandle::check_idle(const char* operation) const {
  if (promise_->running)
    throw std::runtime_error(std::string(operation) + ": asynchronous generator is already running");
  const OpenGenerators* list = promise_->list();
  if (list && list != &running_scheduler->core().open_generators)
    throw std::runtime_error(std::string(operation) + ": asynchronous generator is bound to a different event loop");
}

namespace {

// Resumes the generator to end it. Gives what it failed with, or null.
class [[nodiscard]] CloseStep {
 public:
  explicit CloseStep(GeneratorPromiseBase& promise) noexcept : promise_(promise) {}
  bool await_ready() const noexcept { return false; }
  template <CoroutinePromise P>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<P> awaiter,
                                        std::source_location site = std::source_location::current()) noexcept {
    promise_.closing = true;
    return promise_.resume_for(awaiter.promise(), site);
  }
  std::exception_ptr await_resume() const {
    std::exception_ptr failure;
    if (!promise_.step_ended(failure)) return failure;
    promise_.closing = false;
    promise_.destroy_if_dropped();
    return std::make_exception_ptr(std::runtime_error("async generator ignored GeneratorExit"));
  }

 private:
  GeneratorPromiseBase& promise_;
};

}  // namespace

Coro<void> GeneratorHandle::close(GeneratorHandle* generator) {
  if (!generator->open()) co_return;
  generator->check_idle("aclose()");
  if (!generator->promise_->begun) {
    generator->drop();
    co_return;
  }
  std::exception_ptr failure = co_await CloseStep(*generator->promise_);
  if (failure && !find<GeneratorExit>(failure)) co_await Fail(std::move(failure));
}

Coro<void> close_open_generator(OpenGenerator& open) {
  return GeneratorHandle::close(static_cast<GeneratorPromiseBase&>(open).holder);
}

namespace {

GeneratorPromiseBase* last_to_close(const OpenGenerators& list) noexcept {
  for (OpenGenerator* open = list.last(); open; open = open->previous()) {
    auto& promise = static_cast<GeneratorPromiseBase&>(*open);
    if (!promise.shut_down && !promise.running && promise.holder) return &promise;
  }
  return nullptr;
}

void report_close(LoopCore& loop, std::exception_ptr failure, const std::source_location& generator) noexcept {
  ErrorContext context;
  try {
    context.message = "an error occurred during closing of asynchronous generator " + function_name(generator);
  } catch (const std::bad_alloc&) {
  }
  loop.report_failure(std::move(failure), FailureOrigin::cleanup, context);
}

}  // namespace

}  // namespace detail

Coro<void> shutdown_asyncgens() {
  detail::LoopCore& loop = detail::core_of_running_loop();
  for (;;) {
    detail::GeneratorPromiseBase* generator = detail::last_to_close(loop.open_generators);
    if (!generator) co_return;
    generator->shut_down = true;
    std::source_location site = generator->site_;
    Outcome<void> closed = co_await as_result(detail::close_open_generator(*generator));
    if (closed.has_value()) continue;
    if (find<BaseException>(closed.exception())) co_await detail::Fail(closed.exception());
    detail::report_close(loop, closed.exception(), site);
  }
}

}  // namespace heed
