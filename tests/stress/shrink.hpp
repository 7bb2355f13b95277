// Makes a failing program small enough to read.
#pragma once

#include "stress/program.hpp"

namespace heed::stress {

// Takes out steps, actions and other features as long as the program violates something.
Program shrink(Program program);

}  // namespace heed::stress
