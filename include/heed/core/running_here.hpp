// Makes a loop the running one of this thread for a scope, in which the context is the present one.
#pragma once

#include <utility>

#include "heed/core/context.hpp"
#include "heed/core/scheduler.hpp"

namespace heed::detail {

class RunningHere {
 public:
  explicit RunningHere(Scheduler& scheduler) noexcept {
    scheduler.outer_context = &current_context();
    outer_scope_ = std::exchange(context_slot, nullptr);
    outer_ = std::exchange(running_scheduler, &scheduler);
  }
  ~RunningHere() {
    running_scheduler = outer_;
    context_slot = outer_scope_;
  }
  RunningHere(const RunningHere&) = delete;
  RunningHere& operator=(const RunningHere&) = delete;

 private:
  Scheduler* outer_;
  ContextRef* outer_scope_;
};

}  // namespace heed::detail
