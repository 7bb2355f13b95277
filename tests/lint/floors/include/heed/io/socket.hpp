// Two floors with one number do not know each other.
#pragma once
#include "../core/loop.hpp"
#include "../inspect/registry.hpp"    // expect: floors
#include "heed/threads/executor.hpp"  // expect: floors
// #include "heed/sim/network.hpp" in a comment is no include
