// The two parts of the demonstration.
#pragma once

#include <filesystem>

#include "demo/screen.hpp"
#include "heed/core/coro.hpp"

namespace demo {

// `programs` is the folder of the executables.

// An echo server with several clients: failures of all kinds, and what becomes of each.
heed::Coro<> show_echo_server(Screen& screen, std::filesystem::path programs);

// The programs that heed was made for, each compared with the trace that was recorded from asyncio.
heed::Coro<> show_founding_programs(Screen& screen, std::filesystem::path programs);

}  // namespace demo
