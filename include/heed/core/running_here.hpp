// Makes a loop the running one of this thread for a scope.
#pragma once

#include <utility>

#include "heed/core/scheduler.hpp"

namespace heed::detail {

class RunningHere {
 public:
  explicit RunningHere(Scheduler& scheduler) noexcept : outer_(std::exchange(running_scheduler, &scheduler)) {}
  ~RunningHere() { running_scheduler = outer_; }
  RunningHere(const RunningHere&) = delete;
  RunningHere& operator=(const RunningHere&) = delete;

 private:
  Scheduler* outer_;
};

}  // namespace heed::detail
