// The program whose allocations fail.
#pragma once

namespace heed::test {

enum class Reporting { handler, failing_handler, default_handler };

struct Variant {
  const char* name;
  Reporting reporting;
  bool debug;
  bool runner;  // heed::Runner instead of run_until_complete() and close()
};

// Runs to its end and leaves in `witness` what happened. Throws nothing.
void run_program(const Variant& variant) noexcept;

}  // namespace heed::test
