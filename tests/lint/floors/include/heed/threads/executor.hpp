#pragma once
#include "heed/io/socket.hpp"  // expect: floors
#include "heed/sync/queue.hpp"
