// What all tests share may use everything.
#include "heed/inspect/registry.hpp"
