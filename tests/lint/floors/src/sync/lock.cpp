#include "heed/sync/lock.hpp"
#include "heed/flow/gather.hpp"
#include "heed/io/socket.hpp"  // expect: floors
