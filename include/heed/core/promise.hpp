// What every coroutine of the library carries in its frame, independent of its result.
#pragma once

#include <coroutine>
#include <cstdint>
#include <exception>
#include <memory>
#include <source_location>
#include <utility>

#include "heed/failure/pool.hpp"

namespace heed::detail {

class CoroBase;

enum class FrameStatus : std::uint8_t {
  unfinished,        // not started, running or suspended
  value,             // ran to its end; the value is in the derived promise
  failed,            // an exception left the body; it is in `failure_`
  failed_suspended,  // finished with a failure without being resumed; the frame still has its locals
  skipped,           // as before, and the failure was handed on to an awaiter that used pass
};

// The whole state of an await is three words in the child's frame: who continues, where the child itself waits, and
// one slot for what the frame's status makes of it.
struct PromiseBase : Pooled {
  explicit PromiseBase(const std::source_location& where) noexcept : site_(where) {}
  PromiseBase(const PromiseBase&) = delete;
  PromiseBase& operator=(const PromiseBase&) = delete;
  ~PromiseBase() {
    if (failed()) std::destroy_at(&failure_);
  }

  std::suspend_always initial_suspend() noexcept { return {}; }

  std::coroutine_handle<> handle() noexcept { return std::coroutine_handle<PromiseBase>::from_promise(*this); }
  // The promise of any coroutine of the library: it begins with this base, and no frame is aligned above 16.
  static PromiseBase& of(void* frame) noexcept {
    return std::coroutine_handle<PromiseBase>::from_address(frame).promise();
  }

  bool started() const noexcept { return continuation_ != nullptr; }
  bool failed() const noexcept { return status_ == FrameStatus::failed || status_ == FrameStatus::failed_suspended; }

  // Ran to its final suspend point.
  bool at_its_end() const noexcept { return status_ == FrameStatus::value || status_ == FrameStatus::failed; }

  void set_failure(std::exception_ptr failure, FrameStatus status) noexcept {
    std::construct_at(&failure_, std::move(failure));
    status_ = status;
  }
  std::exception_ptr take_failure() noexcept { return std::move(failure_); }
  // The same, for rethrow(): see Trail::hold().
  const std::exception_ptr& hold_failure() noexcept;

  // Called when an exception left the body: keeps it, and notes the await chain the first time. While the frame is
  // being destroyed the exception comes from a destructor and is reported instead.
  void exception_left_body() noexcept;

  void* continuation_ = nullptr;  // frame to continue when this one is finished; once it is, if it finished while
                                  // suspended: the innermost of the frames that were skipped below it, or null
  std::source_location site_;     // where it waits, or was created
  union {
    CoroBase* owner_ = nullptr;   // not failed: the awaiter that owns this frame
    std::exception_ptr failure_;  // failed
  };
  FrameStatus status_ = FrameStatus::unfinished;
  bool passes_ = false;      // its awaiter does not want the failure thrown but handed on (pass)
  bool destroying_ = false;  // destroyed before it ran to its end
};

// Finishes the suspended frame with a failure, without resuming it. Returns what to resume instead.
std::coroutine_handle<> finish_with(PromiseBase& suspended, std::exception_ptr failure) noexcept;

// A destructor threw while a coroutine was destroyed: a failure whose only end is a report.
void report_destructor(const std::source_location& site, std::exception_ptr exception) noexcept;

// Destroys a frame that did not run to its end, and those that were skipped below it: innermost first and without
// recursion, however deep the chain. A destructor that throws is reported.
void destroy_unfinished(PromiseBase& promise) noexcept;
// The same for all frames from the one that is suspended at a leaf up to the root, which `end` continues.
void destroy_chain(PromiseBase& leaf, const void* end) noexcept;
inline void destroy_at_its_end(PromiseBase& promise) noexcept {
  std::source_location site = promise.site_;
  try {
    promise.handle().destroy();
  } catch (...) {  // the destructor of a parameter; the frame's memory is lost then
    report_destructor(site, std::current_exception());
  }
}
// A frame that is finished, in whichever way.
inline void destroy_finished(PromiseBase& promise) noexcept {
  if (!promise.at_its_end()) [[unlikely]]
    return destroy_unfinished(promise);
  destroy_at_its_end(promise);
}

// Owns a coroutine that is awaited once. Is its own awaiter: with g++ 12 that is 16 bytes less in each frame for each
// await than an awaiter made by await_transform or operator co_await.
class CoroBase {
 public:
  CoroBase(CoroBase&& other) noexcept : frame_(std::exchange(other.frame_, nullptr)) {}
  CoroBase(const CoroBase&) = delete;
  CoroBase& operator=(const CoroBase&) = delete;
  CoroBase& operator=(CoroBase&& other) noexcept {
    if (this != &other) {
      destroy();
      frame_ = std::exchange(other.frame_, nullptr);
    }
    return *this;
  }
  ~CoroBase() { destroy(); }

  // False once it was moved from.
  bool valid() const noexcept { return frame_ != nullptr; }

 protected:
  explicit CoroBase(void* frame) noexcept : frame_(frame) {}

  PromiseBase& promise() const noexcept { return PromiseBase::of(frame_); }
  bool awaitable() const noexcept { return frame_ && !promise().started(); }
  void check_awaitable() const {
    if (!awaitable()) [[unlikely]]
      cannot_await();
  }
  // `awaiter` waits for this coroutine at `site`.
  void link(PromiseBase& awaiter, const std::source_location& site) noexcept {
    PromiseBase& mine = promise();
    mine.continuation_ = awaiter.handle().address();
    mine.owner_ = this;
    awaiter.site_ = site;
  }
  void* take_frame() noexcept { return std::exchange(frame_, nullptr); }

 private:
  friend void disown(PromiseBase& promise) noexcept;

  [[noreturn]] void cannot_await() const;
  void destroy() noexcept {
    if (frame_) destroy_finished(promise());
  }

  void* frame_;
};

}  // namespace heed::detail
