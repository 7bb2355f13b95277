// A callback on its way from another thread.
#pragma once

#include <memory>
#include <source_location>
#include <typeinfo>
#include <utility>

#include "heed/core/context.hpp"
#include "heed/core/handle.hpp"
#include "heed/core/runnable.hpp"

namespace heed::detail {

// Allocated by the sender, owned by the mailbox and then by the loop until it has run.
class Letter : public Runnable, public Pooled {
 public:
  Letter() = default;
  Letter(const Letter&) = delete;
  Letter& operator=(const Letter&) = delete;
  virtual ~Letter() = default;
  void discard() noexcept override { delete this; }
};

// To the exception handler.
void report_letter_failure(LoopCore& loop, std::exception_ptr exception, const std::type_info& function,
                           const std::source_location& where) noexcept;

template <class F>
class LetterFunction final : public Letter {
 public:
  static_assert(alignof(F) <= Pool::granularity, "a callback must not be aligned above 16 bytes");
  LetterFunction(F function, const std::source_location& where)
      : function_(std::move(function)), context_(copy_of_current_context()), where_(where) {}

  void run(LoopCore& loop) override {
    std::unique_ptr<LetterFunction> self(this);
    ContextScope scope(context_);
    try {
      function_();
    } catch (...) {
      report_letter_failure(loop, std::current_exception(), typeid(F), where_);
    }
  }

 private:
  F function_;
  ContextRef context_;
  std::source_location where_;
};

}  // namespace heed::detail
