#include "heed/flow/wait.hpp"

#include <string>
#include <unordered_set>

#include "heed/core/event_loop.hpp"
#include "heed/core/loop_core.hpp"
#include "heed/failure/exception_info.hpp"

namespace heed::detail {

namespace {

// Shared with the callbacks: one that is scheduled already outlives the wait.
struct WaitState : LocalRefCounted {
  WaitState(Future<void> future, std::size_t futures, ReturnWhen condition)
      : waiter(std::move(future)), left(futures), when(condition) {}

  void finish() {
    if (!waiter.done()) waiter.set_result();
  }
  void completed(const FutureState& future) {
    --left;
    // A look that does not count as retrieval (asyncio's does).
    bool failed = future.failure() && !is_cancellation(future.failure()->exception());
    if (left == 0 || when == ReturnWhen::first_completed || (when == ReturnWhen::first_exception && failed)) finish();
  }

  Future<void> waiter;
  std::size_t left;
  ReturnWhen when;
};

// Takes the callbacks back however the wait ends.
class Registrations {
 public:
  explicit Registrations(std::vector<AnyFuture>& futures) : futures_(futures) { ids_.reserve(futures.size()); }
  ~Registrations() {
    for (std::size_t i = 0; i < ids_.size(); ++i) futures_[i].remove_done_callback(ids_[i]);
    timeout.cancel();
  }
  Registrations(const Registrations&) = delete;
  Registrations& operator=(const Registrations&) = delete;

  void add(const Ref<WaitState>& state) {
    for (AnyFuture& future : futures_)
      ids_.push_back(future.add_done_callback([state](const AnyFuture& done) { state->completed(done.state()); }));
  }

  TimerHandle timeout;

 private:
  std::vector<AnyFuture>& futures_;
  std::vector<CallbackId> ids_;
};

}  // namespace

std::vector<bool> first_occurrences(const std::vector<const FutureState*>& futures) {
  std::unordered_set<const FutureState*> seen;
  std::vector<bool> first;
  first.reserve(futures.size());
  for (const FutureState* future : futures) first.push_back(seen.insert(future).second);
  return first;
}

Coro<void> wait_until(std::vector<AnyFuture> futures, ReturnWhen when, std::optional<Duration> timeout) {
  if (futures.empty()) throw std::invalid_argument("wait: Set of Tasks/Futures is empty.");
  if (when != ReturnWhen::all_completed && when != ReturnWhen::first_completed && when != ReturnWhen::first_exception)
    throw std::invalid_argument("wait: Invalid return_when value: " + std::to_string(static_cast<int>(when)));
  EventLoop& loop = running_loop();
  for (const AnyFuture& future : futures) {
    if (&future.state().loop() != &loop.core())
      throw std::invalid_argument("wait: a future belongs to a different loop");
  }
  Ref<WaitState> state(new WaitState(loop.create_future<void>(), futures.size(), when));
  Registrations registrations(futures);
  registrations.add(state);
  if (timeout) registrations.timeout = loop.call_later(*timeout, [state] { state->finish(); });
  co_await pass(state->waiter);
}

}  // namespace heed::detail
