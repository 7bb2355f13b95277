// What scopes ask of the tasks inside them. Two kinds: a request that a scope makes once and takes back (timeouts, task
// groups), and a cancellation that is a state of a region (CancelScope).
#pragma once

#include <cstdint>
#include <exception>

#include "heed/failure/cancel_reason.hpp"

namespace heed::detail {

class LoopCore;
class TaskState;

// A scope's one request for the cancellation of the task that it is open in. It has an identity: the scope takes back
// its own request and nobody else's, whatever was requested, delivered or swallowed meanwhile. Lives in the scope's
// coroutine frame; the open ones of a task are linked, the innermost first.
class ScopedRequest {
 public:
  ScopedRequest() noexcept = default;
  ~ScopedRequest() { close(); }
  ScopedRequest(const ScopedRequest&) = delete;
  ScopedRequest& operator=(const ScopedRequest&) = delete;

  // The running task enters the scope.
  void open(TaskState& task);
  bool is_open() const noexcept { return task_ != nullptr; }
  TaskState& task() const noexcept { return *task_; }

  // Requests the cancellation of the task, once. Nothing happens when the task has ended.
  void make(const CancelReasonRef& reason);
  bool made() const noexcept { return state_ != State::none; }
  // It was made and the task has not seen it yet.
  bool pending() const noexcept { return state_ == State::pending; }

  // A request of others was delivered to the task since the scope was opened, and was not taken back.
  bool others_asked() const noexcept;
  // `cancelled`, a CancelledError, leaves the scope, which would take it for its own: what is to leave it because others
  // asked as well. What they asked for but the task has not seen yet is delivered by that. Null: nobody did.
  std::exception_ptr take_others(const std::exception_ptr& cancelled);
  // What others asked for was delivered, but something that outranks it leaves the scope: delivers it again, at the
  // next await outside of the scope.
  void redeliver_others(const CancelReasonRef& reason);

  // The request has had its effect: takes it back while the scope stays open.
  void settle_own() noexcept;
  // The task leaves the scope: the request is taken back.
  void close() noexcept;

 private:
  friend class TaskState;
  static std::uint32_t seen_requests(const TaskState& task) noexcept;
  std::uint32_t seen_of_others() const noexcept;
  void mark_passed() noexcept;
  enum class State : std::uint8_t {
    none,
    pending,  // the next step of the task delivers it, unless the scope is closed before
    passed,   // delivered, or handed to what the task waits for
    settled,  // taken back
  };

  TaskState* task_ = nullptr;
  ScopedRequest* outer_ = nullptr;
  CancelReasonRef reason_;
  std::uint32_t baseline_ = 0;   // requests that the task had seen when the scope was opened
  std::uint32_t shields_ = 0;    // shields around the scope in its task
  std::uint32_t number_ = 0;     // how many the task had opened, with this one
  std::uint32_t passed_at_ = 0;  // and how many when the request was passed
  State state_ = State::none;
};

// A region of tasks that is cancelled as long as it lasts: the task that is in the scope, and the children of task
// groups that were opened in it. Every wait that a task in a cancelled region begins is cancelled.
class RegionState {
 public:
  explicit RegionState(bool shielded) noexcept : shielded_(shielded) {}
  ~RegionState() { close(); }
  RegionState(const RegionState&) = delete;
  RegionState& operator=(const RegionState&) = delete;

  // `task`, the running one, enters it.
  void open(TaskState& task);
  // What is in it still, goes to the region outside.
  void close() noexcept;

  // The first reason counts.
  void cancel(const CancelReasonRef& reason) noexcept;
  bool shielded() const noexcept { return shielded_; }
  const CancelReasonRef& reason() const noexcept { return reason_; }

  // It, or one around it with no shield between, is cancelled.
  bool cancelled() const noexcept { return cancelled_; }
  bool cancelled_from_outside() const noexcept { return !shielded_ && outer_ && outer_->cancelled_; }
  // Of the outermost region that is cancelled, as far as this one sees.
  const CancelReasonRef& reason_to_tell() const noexcept;

 private:
  friend class TaskState;
  void update() noexcept;
  void add_task(TaskState& task) noexcept;
  void remove_task(TaskState& task) noexcept;

  TaskState* task_ = nullptr;  // that entered it, while it is open
  RegionState* outer_ = nullptr;
  RegionState* first_inner_ = nullptr;
  RegionState* next_ = nullptr;  // of the inner regions of `outer_`
  RegionState* previous_ = nullptr;
  TaskState* first_task_ = nullptr;  // those whose innermost region this is, in order of entering
  TaskState* last_task_ = nullptr;
  CancelReasonRef reason_;  // set when this very region was cancelled
  const bool shielded_;
  bool cancelled_ = false;
};

}  // namespace heed::detail
