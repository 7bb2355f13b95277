#include "heed/flow/as_completed.hpp"

#include <algorithm>

#include "heed/core/loop_core.hpp"
#include "heed/failure/exceptions.hpp"
#include "heed/flow/body.hpp"
#include "heed/flow/wait.hpp"

namespace heed::detail {

void Completions::watch(std::vector<AnyFuture> futures, std::optional<Duration> timeout) {
  EventLoop& loop = running_loop();
  for (const AnyFuture& future : futures)
    if (&future.state().loop() != &loop.core())
      throw std::invalid_argument("as_completed: a future belongs to a different loop");
  futures = without_repeats(std::move(futures));
  watched_.reserve(futures.size());
  left_ = pending_ = futures.size();
  Ref<Completions> self(this);
  for (std::size_t i = 0; i < futures.size(); ++i) {
    CallbackId id = futures[i].add_done_callback([self, i] { self->completed(i); });
    watched_.push_back(Watched{std::move(futures[i]), id});
  }
  if (!timeout || pending_ == 0) return;
  timer_ = loop.call_later(*timeout, [self] {
    self->timed_out_ = true;
    while (!self->takers_.empty()) self->wake_one();
  });
}

void Completions::stop() noexcept {
  timer_.cancel();
  timed_out_ = true;
  for (Watched& entry : std::exchange(watched_, {}))
    if (entry.future.valid()) entry.future.remove_done_callback(entry.callback);
  done_.clear();
}

void Completions::completed(std::size_t index) {
  if (timed_out_) return;
  done_.push_back(std::exchange(watched_[index].future, {}));
  if (--pending_ == 0) timer_.cancel();
  wake_one();
}

void Completions::wake_one() {
  while (!takers_.empty()) {
    Future<void> taker = std::move(takers_.front());
    takers_.pop_front();
    if (taker.done()) continue;
    return taker.set_result();
  }
}

Coro<AnyFuture> Completions::take(Ref<Completions> completions) {
  Completions& self = *completions;
  while (self.done_.empty() && !self.timed_out_) {
    Future<void> ready = running_loop().create_future<void>();
    self.takers_.push_back(ready);
    Outcome<void> woken = co_await as_result(ready);
    if (woken.has_value()) continue;
    ++self.left_;
    std::erase(self.takers_, ready);
    if (!self.done_.empty()) self.wake_one();  // it may have been this one's turn
    co_await Fail(woken.exception());
  }
  if (self.done_.empty()) throw TimeoutError();
  AnyFuture done = std::move(self.done_.front());
  self.done_.pop_front();
  co_return done;
}

}  // namespace heed::detail
