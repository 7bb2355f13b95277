// The demonstration (`make demo`): real programs do what heed promises, and each promise is checked.
#include <csignal>

#include "demo/parts.hpp"
#include "heed/flow/run.hpp"

namespace {

// A part that cannot go on is a promise that was not kept; the next one is shown all the same.
heed::Coro<> show(demo::Screen& screen, heed::Coro<> part) {
  try {
    co_await std::move(part);
  } catch (const std::exception& error) {
    screen.claim(false, error.what());
  }
}

heed::Coro<> demonstrate(demo::Screen& screen) {
  std::filesystem::path programs = std::filesystem::read_symlink("/proc/self/exe").parent_path();
  co_await show(screen, demo::show_echo_server(screen, programs));
  co_await show(screen, demo::show_founding_programs(screen, programs));
}

}  // namespace

int main() {
  std::signal(SIGPIPE, SIG_IGN);  // when nobody reads any more, the child processes must be ended all the same
  demo::Screen screen;
  try {
    heed::run(demonstrate(screen));
  } catch (const heed::KeyboardInterrupt&) {
    screen.say("interrupted");
    return 130;
  }
  screen.finish();
  return screen.all_hold() ? 0 : 1;
}
