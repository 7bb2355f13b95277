// The steps and actions on locks, queues and the like.
#pragma once

#include "stress/world.hpp"

namespace heed::stress {

inline bool of_sync(StepKind kind) noexcept { return kind >= StepKind::with_lock && kind <= StepKind::queue_join; }
inline bool of_sync(ActionKind kind) noexcept {
  return kind >= ActionKind::event_set && kind <= ActionKind::limiter_total;
}

Coro<void> sync_step(World& world, FrameId frame, const Step& planned, int context);
void sync_action(World& world, const Action& action);

}  // namespace heed::stress
