#include "heed/flow/shield.hpp"

#include "heed/failure/exceptions.hpp"

namespace heed::detail {

void end_without_value(FutureState& outer, FutureState& inner) noexcept {
  if (outer.references() == 1 && !outer.awaited()) return;  // nobody could read it there
  if (inner.status() == FutureStatus::cancelled) return outer.finish_cancelled(inner.cancel_reason());
  std::uint64_t cause = inner.failure() ? inner.failure()->id : 0;
  outer.finish_failed(inner.take_exception());
  if (outer.failure()) outer.failure()->cause_id = cause;
}

}  // namespace heed::detail
