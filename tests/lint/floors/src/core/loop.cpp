#include "heed/core/loop.hpp"

#include <iostream>

#include "../flow/runner.hpp"  // expect: floors
#include "./pool.hpp"
#include "core/pool.hpp"
#include "sim/clock.hpp"  // expect: floors
