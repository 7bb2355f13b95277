// Random programs with the rest of the floor `flow/`: cleanups, generators, as_completed(), races, gather(cancel_rest).
#pragma once

#include "stress/program.hpp"

namespace heed::stress {

// Some steps and actions become ones of those, in a part of all programs. By numbers of their own: what is not changed
// stays as it was.
void add_flow(Program& program);

}  // namespace heed::stress
