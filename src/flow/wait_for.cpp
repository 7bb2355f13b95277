#include "heed/flow/wait_for.hpp"

namespace heed::detail {

Coro<void> cancel_and_wait(AnyFuture future) {
  future.state().cancel(make_reason(CancelSource::timeout, "", std::source_location()));
  std::vector<AnyFuture> one{std::move(future)};
  co_await pass(wait_until(std::move(one), ReturnWhen::all_completed, std::nullopt));
}

}  // namespace heed::detail
