// A callback on its way from another thread.
#pragma once

#include <memory>
#include <source_location>
#include <utility>

#include "heed/core/context.hpp"
#include "heed/core/handle.hpp"
#include "heed/core/runnable.hpp"

namespace heed::detail {

// Allocated with operator new by the sender, owned by the mailbox and then by the loop until it has run.
class Letter : public Runnable {
 public:
  Letter() = default;
  Letter(const Letter&) = delete;
  Letter& operator=(const Letter&) = delete;
  virtual ~Letter() = default;
  void discard() noexcept override { delete this; }
};

// Becomes a callback of the loop when it arrives: what touches the loop is made on its thread.
template <class F>
class LetterFunction final : public Letter {
 public:
  LetterFunction(F function, const std::source_location& where)
      : function_(std::move(function)), context_(copy_of_current_context()), where_(where) {}

  void run(LoopCore& loop) override {
    std::unique_ptr<LetterFunction> self(this);  // there may be no memory
    auto* call = new ScheduledFunction<F>(loop, std::move(context_), where_, std::move(function_));
    call->retain();
    self.reset();
    call->run(loop);
  }

 private:
  F function_;
  ContextRef context_;
  std::source_location where_;
};

}  // namespace heed::detail
