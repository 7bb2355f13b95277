// Coroutines that give many values.
#pragma once

#include <concepts>
#include <coroutine>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <source_location>
#include <type_traits>
#include <utility>

#include "heed/core/coro.hpp"
#include "heed/core/open_generator.hpp"
#include "heed/flow/cleanup.hpp"

namespace heed {

template <class T>
class AsyncGenerator;
template <class T>
class NextItem;

namespace detail {

class GeneratorHandle;

// The promise of a generator, independent of its values. Between two values its frame is suspended at a co_yield and
// belongs to no task; for each value it becomes a part of the task that asks for it.
struct GeneratorPromiseBase : PromiseBase, OpenGenerator {
  explicit GeneratorPromiseBase(const std::source_location& where) noexcept : PromiseBase(where) {
    continuation_ = handle().address();  // counts as started: one that nobody ever asks is no mistake
  }
  ~GeneratorPromiseBase();

  void return_void() noexcept { status_ = FrameStatus::value; }
  void unhandled_exception() noexcept {
    status_ = FrameStatus::unfinished;
    exception_left_body();
  }
  FinalAwaiter final_suspend() const noexcept { return {}; }

  // Makes the frame a part of the running task, up to the next value.
  std::coroutine_handle<> resume_for(PromiseBase& awaiter, const std::source_location& site) noexcept;
  // Control came back. True: there is a value. False: the generator came to its end, its frame is gone, and `failure`
  // is what it failed with, or null.
  bool step_ended(std::exception_ptr& failure) noexcept;
  // After that, when the value was taken.
  void destroy_if_dropped() noexcept;

  GeneratorHandle* holder = nullptr;  // null when it was dropped
  bool begun = false;
  bool running = false;
  bool closing = false;
  bool shut_down = false;  // the loop has asked it to close
};

// At a co_yield.
class YieldAwaiter {
 public:
  explicit YieldAwaiter(GeneratorPromiseBase& promise) noexcept : promise_(promise) {}
  bool await_ready() const noexcept { return false; }
  template <class P>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<P>,
                                        std::source_location site = std::source_location::current()) const noexcept {
    promise_.site_ = site;
    return running_scheduler->transfer(std::coroutine_handle<>::from_address(promise_.continuation_));
  }
  void await_resume() const {
    if (promise_.closing) [[unlikely]]
      throw_exit();
  }

 private:
  [[noreturn]] static void throw_exit();
  GeneratorPromiseBase& promise_;
};

template <class T>
struct GeneratorPromise final : GeneratorPromiseBase {
  explicit GeneratorPromise(std::source_location where = std::source_location::current()) noexcept
      : GeneratorPromiseBase(where) {}
  AsyncGenerator<T> get_return_object() noexcept;

  template <class U = T>
  requires std::constructible_from<Stored<T>, U &&> YieldAwaiter yield_value(U&& value) {
    item.emplace(std::forward<U>(value));
    return YieldAwaiter(*this);
  }

  std::optional<Stored<T>> item;
};

template <class T, class Awaitable>
Coro<T> await_value(Awaitable awaitable) {
  co_return co_await std::move(awaitable);
}

// Owns a generator.
class GeneratorHandle {
 public:
  GeneratorHandle() noexcept = default;
  GeneratorHandle(GeneratorHandle&& other) noexcept { take(other); }
  GeneratorHandle& operator=(GeneratorHandle&& other) noexcept {
    if (this != &other) {
      drop();
      take(other);
    }
    return *this;
  }
  ~GeneratorHandle() { drop(); }

  bool open() const noexcept { return promise_ != nullptr; }

 protected:
  explicit GeneratorHandle(GeneratorPromiseBase& promise) noexcept : promise_(&promise) { promise.holder = this; }
  static Coro<void> close(GeneratorHandle* generator);

 private:
  friend struct GeneratorPromiseBase;
  template <class T>
  friend class heed::NextItem;
  friend Coro<void> close_open_generator(OpenGenerator& open);

  void drop() noexcept;
  void take(GeneratorHandle& other) noexcept {
    promise_ = std::exchange(other.promise_, nullptr);
    if (promise_) promise_->holder = this;
  }
  // Throws std::runtime_error when `operation` is not possible now.
  void check_idle(const char* operation) const;

  GeneratorPromiseBase* promise_ = nullptr;
};

template <class T>
struct ItemOf {
  using type = std::optional<T>;
};
template <class T>
struct ItemOf<T&> {
  using type = T*;
};

}  // namespace detail

// A coroutine with co_await and co_yield, asyncio's asynchronous generator:
//
//   AsyncGenerator<int> countdown(int from) {
//     for (; from > 0; --from) {
//       co_yield from;
//       co_await sleep(1s);
//     }
//   }
//
// Lazy: it runs only while somebody awaits next(), as a part of that one's task; a value costs no turn of the loop. T may
// be a reference, or a type that can only be moved.
//
// A generator that is dropped before its end is destroyed at once: destructors run, but nothing can be awaited then.
// `co_await generator.aclose()` ends it in order: co_yield raises GeneratorExit, and the body may await what it needs to
// clean up. (C++ has no co_await in a catch block: keep std::current_exception(), leave the block, clean up, rethrow it.)
// Those that somebody still keeps when run() ends are closed that way, see shutdown_asyncgens().
//
// Belongs to the thread of the loop in which it was begun, and must stay where it is while next() or aclose() is awaited.
template <class T>
class [[nodiscard]] AsyncGenerator : public detail::GeneratorHandle {
 public:
  using promise_type = detail::GeneratorPromise<T>;
  using value_type = T;
  // std::optional<T>; for a reference a pointer.
  using Item = typename detail::ItemOf<T>::type;

  // One that is at its end.
  AsyncGenerator() noexcept = default;

  // `auto item = co_await generator.next();`: the next value, or nothing after the last one. What the body raises comes
  // out of here, once; the generator is at its end then.
  // Throws std::runtime_error when another next() or aclose() is awaited, or it was begun in another loop.
  // On cancel: raised in the body, where it awaits; so it ends the generator, unless the body handles it.
  NextItem<T> next() noexcept { return NextItem<T>(*this); }

  // Ends the generator, as described. At its end, or not begun: nothing runs. An exception of the body other than
  // GeneratorExit comes out. Throws std::runtime_error "async generator ignored GeneratorExit" when the body yields
  // another value, and as next() does.
  // On cancel: raised in the body, where it awaits.
  Coro<void> aclose() { return close(this); }

 private:
  friend promise_type;
  explicit AsyncGenerator(detail::GeneratorPromiseBase& promise) noexcept : GeneratorHandle(promise) {
    static_assert(alignof(promise_type) <= 16, "the values of a generator must not be aligned above 16 bytes");
  }
};

// What AsyncGenerator::next() returns: await it once, or give it to whatever takes a coroutine.
template <class T>
class [[nodiscard]] NextItem {
 public:
  using Item = typename detail::ItemOf<T>::type;

  explicit NextItem(detail::GeneratorHandle& generator) noexcept : generator_(&generator) {}

  bool await_ready() const {
    if (!generator_->open()) return true;
    generator_->check_idle("anext()");
    return false;
  }
  template <detail::CoroutinePromise P>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<P> awaiter,
                                        std::source_location site = std::source_location::current()) noexcept {
    promise_ = static_cast<detail::GeneratorPromise<T>*>(generator_->promise_);
    return promise_->resume_for(awaiter.promise(), site);
  }
  [[gnu::always_inline]] Item await_resume() const {
    std::exception_ptr failure;
    if (!promise_) return Item();
    if (!promise_->step_ended(failure)) {
      if (failure) detail::rethrow(failure);
      return Item();
    }
    Taken taken{*promise_};
    if constexpr (std::is_reference_v<T>) {
      return &promise_->item->get();
    } else {
      return std::move(promise_->item);
    }
  }

  friend Future<Item> to_future(NextItem next) { return detail::to_future(as_coro(next)); }

 private:
  struct Taken {
    detail::GeneratorPromise<T>& promise;
    ~Taken() {
      promise.item.reset();
      promise.destroy_if_dropped();
    }
  };

  detail::GeneratorHandle* generator_;
  detail::GeneratorPromise<T>* promise_ = nullptr;
};

template <class T>
Coro<typename NextItem<T>::Item> as_coro(NextItem<T> next) {
  return detail::await_value<typename NextItem<T>::Item>(next);
}
template <class T>
auto as_result(NextItem<T> next) {
  return as_result(as_coro(next));
}
template <class T>
auto pass(NextItem<T> next) {
  return pass(as_coro(next));
}
template <class T>
auto create_task(NextItem<T> next, TaskOptions options = {},
                 std::source_location where = std::source_location::current()) {
  return create_task(as_coro(next), std::move(options), where);
}

// Closes all generators of the running loop that were begun and are not at their end, the last begun first, so that one
// which iterates over another can still end in order. What fails is reported as "an error occurred during closing of
// asynchronous generator". run() does it when all tasks have ended; a generator that a task waits for is left alone.
// On cancel: the generator that is being closed gets it; the others stay open.
Coro<void> shutdown_asyncgens();

namespace detail {

template <class T>
AsyncGenerator<T> GeneratorPromise<T>::get_return_object() noexcept {
  return AsyncGenerator<T>(*this);
}

template <class F, class Argument>
Coro<void> call_for_item(F& function, Argument&& argument) {
  if constexpr (IsCoro<std::invoke_result_t<F&, Argument>>::value) {
    co_await pass(std::invoke(function, std::forward<Argument>(argument)));
  } else {
    std::invoke(function, std::forward<Argument>(argument));
    co_return;
  }
}

}  // namespace detail

// Calls `function`, which may be a coroutine, with each value of the generator. When it fails, the generator is closed,
// and then that comes out.
// On cancel: raised where it awaits, in the generator or in the function.
template <class T, class F>
requires std::invocable<F&, T> Coro<void> for_each(AsyncGenerator<T> generator, F function) {
  for (;;) {
    auto item = co_await generator.next();
    if (!item) co_return;
    auto outcome = co_await as_result(detail::call_for_item<F, T>(function, static_cast<T&&>(*item)));
    if (outcome.has_value()) continue;
    detail::KeptFailure kept(outcome.exception());
    auto closed = co_await as_result(generator.aclose());
    co_await detail::Fail(kept.replaced_by(closed.exception(), "closing the generator after"));
  }
}

}  // namespace heed
