// A floor may use itself and those below.
#pragma once
#include <iostream>  // expect: floors
#include <regex>     // expect: floors
#include <vector>

#include <heed/supervise/tree.hpp>  // expect: floors
#include "heed/config.hpp"
#include "heed/core/task.hpp"
#include "heed/failure/ledger.hpp"
#include "heed/flow/gather.hpp"  // expect: floors
#include "heed/heed.hpp"         // expect: floors
