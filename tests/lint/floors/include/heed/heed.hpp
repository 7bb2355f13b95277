// Above all floors.
#pragma once
#include "heed/core/loop.hpp"
#include "heed/sim/network.hpp"
