// Makes random programs.
#pragma once

#include <cstdint>

#include "stress/program.hpp"

namespace heed::stress {

// The seed of the i-th program of a run.
std::uint64_t program_seed(std::uint64_t seed, std::uint64_t i) noexcept;

// The same seed gives the same program, on every machine.
Program generate(std::uint64_t seed);

}  // namespace heed::stress
