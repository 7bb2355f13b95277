#pragma once

namespace heed::detail {

// Raises exceptions in both ways and compares what happens. Null when nothing differs, else what.
const char* difference_to_rethrow() noexcept;

}  // namespace heed::detail
