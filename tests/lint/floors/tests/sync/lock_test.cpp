#include <gtest/gtest.h>

#include "../supervise/helpers.hpp"  // expect: floors
#include "heed/flow/run.hpp"
#include "heed/supervise/tree.hpp"  // expect: floors
#include "support/ledger_check.hpp"
