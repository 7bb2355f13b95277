// Coroutines that many tests run.
#pragma once

#include <exception>
#include <stdexcept>
#include <string>
#include <utility>

#include "heed/core/coro.hpp"
#include "heed/core/event_loop.hpp"
#include "heed/core/sleep.hpp"

namespace heed::test {

template <class T>
Coro<T> returns(T value) {
  co_return value;
}

// Throws std::runtime_error(text) without ever being suspended.
inline Coro<> fails(std::string text = "boom") {
  throw std::runtime_error(text);
  co_return;
}

// The same after one turn of the loop.
inline Coro<> fails_later(std::string text = "boom") {
  co_await yield_now();
  throw std::runtime_error(text);
}

inline Coro<> throws(std::exception_ptr exception) {
  std::rethrow_exception(exception);
  co_return;
}

inline Coro<> sleeps(Duration duration) { co_await sleep(duration); }

inline Coro<> turns(int count) {
  for (int i = 0; i < count; ++i) co_await yield_now();
}

template <class T>
Coro<> waits_for(Future<T> future) {
  co_await future;
}

// Until it is cancelled.
inline Coro<> waits_for_ever() {
  Future<> never = running_loop().create_future<>();
  co_await never;
}

}  // namespace heed::test
