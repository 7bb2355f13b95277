// Runs a random program from its first loop to its last.
#pragma once

#include <string>

#include "stress/program.hpp"

namespace heed::stress {

// Returns the first violation, empty when there is none. With `tracing` each event is printed.
std::string run_program(const Program& program, bool tracing);

}  // namespace heed::stress
