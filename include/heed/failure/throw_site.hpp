// Where an exception was thrown: the seam to whatever can tell.
#pragma once

#include <cstddef>
#include <string>

namespace heed {

// A source of throw-site stacks. Installed once at start; the default knows nothing and costs nothing.
class ThrowSites {
 public:
  virtual ~ThrowSites() = default;
  // The return addresses of the throw of the exception object at `exception`, innermost first; at most `capacity`
  // are written. Returns how many. Called when a failure is recorded, on any thread.
  virtual std::size_t addresses(const void* exception, void** buffer, std::size_t capacity) noexcept = 0;
  // "function at file:line" or "module+offset". Called when a report is rendered.
  virtual std::string symbolise(void* address) = 0;
};

// The installed source, never null.
ThrowSites& throw_sites() noexcept;
// Null goes back to the default. The source must outlive its use.
void install_throw_sites(ThrowSites* source) noexcept;

}  // namespace heed
