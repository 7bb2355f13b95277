// Values that follow a task: Python's contextvars.
#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "heed/core/callable.hpp"
#include "heed/failure/ref.hpp"

namespace heed {

namespace detail {

struct ContextValue : RefCounted {
  virtual ~ContextValue() = default;
};

// Immutable: a copy of a context is a copy of one pointer. Few variables are the rule, so a change copies the list.
struct ContextMap : RefCounted {
  std::vector<std::pair<std::uint64_t, Ref<const ContextValue>>> values;  // sorted by variable

  const ContextValue* find(std::uint64_t variable) const noexcept;
  static Ref<const ContextMap> with(const Ref<const ContextMap>& map, std::uint64_t variable,
                                    Ref<const ContextValue> value);
};
using ContextMapRef = Ref<const ContextMap>;

// The values of one context. A task or callback has a pointer to one, null as long as it has no values.
struct ContextCell : RefCounted {
  ContextMapRef map;
};
using ContextRef = Ref<ContextCell>;

// The context of the innermost ContextScope. Null in a task that opened none: a step costs nothing for its context.
extern constinit thread_local ContextRef* context_slot;
// That one, else the running task's, else the one around the running loop, else the thread's own.
ContextRef& current_context() noexcept;
ContextRef cell_with(const ContextMapRef& values);
// The same values in a context of its own.
inline ContextRef copy_of(const ContextRef& context) {
  if (!context || !context->map) [[likely]]
    return nullptr;
  return cell_with(context->map);
}
inline ContextRef copy_of_current_context() { return copy_of(current_context()); }

// A callback, or what Context::run() calls.
class ContextScope {
 public:
  explicit ContextScope(ContextRef& context) noexcept : outer_(std::exchange(context_slot, &context)) {}
  ~ContextScope() { context_slot = outer_; }
  ContextScope(const ContextScope&) = delete;
  ContextScope& operator=(const ContextScope&) = delete;

 private:
  ContextRef* outer_;
};

std::uint64_t next_variable_id() noexcept;
[[noreturn]] void no_value_in_context(const std::string& name);

}  // namespace detail

// A set of values of context variables. Copies of a handle share one context; copy() makes a new one.
// Thread safety: a context may be handed to another thread, but is used by one at a time.
class Context {
 public:
  Context() : cell_(new detail::ContextCell) {}

  // Of the current context: later changes on either side do not cross.
  static Context copy_current() { return Context(detail::copy_of_current_context()); }
  Context copy() const { return Context(detail::copy_of(cell_)); }

  // Calls `function` with this context as the current one; what it sets stays in this context.
  template <class F>
  decltype(auto) run(F&& function) {
    detail::require_callable(function, "Context::run");
    detail::ContextRef keep = cell_;
    detail::ContextScope scope(keep);
    return std::forward<F>(function)();
  }

  friend bool operator==(const Context& a, const Context& b) noexcept { return a.cell_.get() == b.cell_.get(); }

  // For the runtime.
  explicit Context(detail::ContextRef cell) : cell_(std::move(cell)) {
    if (!cell_) cell_ = detail::ContextRef(new detail::ContextCell);
  }
  const detail::ContextRef& cell() const noexcept { return cell_; }

 private:
  detail::ContextRef cell_;
};

// A variable that has its own value in each context. A task gets a copy of its creator's context, a callback that of
// its registration; a coroutine that is awaited shares its awaiter's. T must be copyable.
template <class T>
class ContextVar {
 public:
  explicit ContextVar(std::string name) : name_(std::move(name)) {}
  ContextVar(std::string name, T fallback) : name_(std::move(name)), fallback_(std::move(fallback)) {}
  ContextVar(const ContextVar&) = delete;
  ContextVar& operator=(const ContextVar&) = delete;

  const std::string& name() const noexcept { return name_; }

  // Throws std::out_of_range naming the variable when the context has no value and the variable no default.
  T get() const {
    if (const T* value = find()) return *value;
    if (fallback_) return *fallback_;
    detail::no_value_in_context(name_);
  }
  T get(T fallback) const {
    const T* value = find();
    return value ? *value : std::move(fallback);
  }

  // What set() replaced.
  class Token {
   public:
    const std::optional<T>& old_value() const noexcept { return old_; }

   private:
    friend class ContextVar;
    Token(const ContextVar* variable, std::optional<T> old) : variable_(variable), old_(std::move(old)) {}
    const ContextVar* variable_;
    std::optional<T> old_;
  };

  Token set(T value) {
    const T* old = find();
    Token token(this, old ? std::optional<T>(*old) : std::nullopt);
    store(Ref<const detail::ContextValue>(new Value(std::move(value))));
    return token;
  }

  // Back to the value before that set(). Throws std::invalid_argument when the token is another variable's.
  void reset(const Token& token) {
    if (token.variable_ != this)
      throw std::invalid_argument("ContextVar '" + name_ + "': the token was made by a different variable");
    store(token.old_ ? Ref<const detail::ContextValue>(new Value(*token.old_)) : nullptr);
  }

 private:
  struct Value : detail::ContextValue {
    explicit Value(T v) : value(std::move(v)) {}
    T value;
  };
  const T* find() const noexcept {
    const detail::ContextRef& context = detail::current_context();
    const auto* value = context && context->map ? context->map->find(id_) : nullptr;
    return value ? &static_cast<const Value*>(value)->value : nullptr;
  }
  void store(Ref<const detail::ContextValue> value) {
    detail::ContextRef& context = detail::current_context();
    if (!context) context = detail::ContextRef(new detail::ContextCell);
    context->map = detail::ContextMap::with(context->map, id_, std::move(value));
  }

  std::string name_;
  std::optional<T> fallback_;
  std::uint64_t id_ = detail::next_variable_id();
};

}  // namespace heed
