#include "heed/core/context.hpp"

#include <algorithm>
#include <atomic>

#include "heed/core/task_state.hpp"

namespace heed::detail {

namespace {

auto position(const ContextMap& map, std::uint64_t variable) noexcept {
  return std::lower_bound(map.values.begin(), map.values.end(), variable,
                          [](const auto& entry, std::uint64_t id) { return entry.first < id; });
}

}  // namespace

const ContextValue* ContextMap::find(std::uint64_t variable) const noexcept {
  auto at = position(*this, variable);
  return at != values.end() && at->first == variable ? at->second.get() : nullptr;
}

// A null value takes the variable out.
ContextMapRef ContextMap::with(const ContextMapRef& map, std::uint64_t variable, Ref<const ContextValue> value) {
  Ref<ContextMap> changed(new ContextMap);
  if (map) changed->values = map->values;
  auto at = changed->values.begin() + (position(*changed, variable) - changed->values.begin());
  bool present = at != changed->values.end() && at->first == variable;
  if (!value) {
    if (present) changed->values.erase(at);
  } else if (present) {
    at->second = std::move(value);
  } else {
    changed->values.emplace(at, variable, std::move(value));
  }
  return ContextMapRef(changed.get());
}

constinit thread_local ContextRef* context_slot = nullptr;

ContextRef& current_context() noexcept {
  if (context_slot) return *context_slot;
  if (Scheduler* scheduler = running_scheduler)
    return scheduler->current_task ? scheduler->current_task->shared_context() : *scheduler->outer_context;
  static thread_local ContextRef own;
  return own;
}

ContextRef cell_with(const ContextMapRef& values) {
  ContextRef cell(new ContextCell);
  cell->map = values;
  return cell;
}

std::uint64_t next_variable_id() noexcept {
  static std::atomic<std::uint64_t> last{0};
  return ++last;
}

void no_value_in_context(const std::string& name) {
  throw std::out_of_range("ContextVar '" + name + "' has no value in this context and no default");
}

}  // namespace heed::detail
