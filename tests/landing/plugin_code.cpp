// A library that is loaded and unloaded, with coroutines and exceptions of its own. The two that are made of this differ
// in what they do, and hardly in where it is.
#include <stdexcept>
#include <string>

#include "heed/core/coro.hpp"
#include "heed/core/event_loop.hpp"
#include "heed/core/sleep.hpp"
#include "heed/failure/rethrow.hpp"

namespace {

using Note = void (*)(const char*);

struct Own : std::runtime_error {
  using std::runtime_error::runtime_error;
};
#if HEED_PLUGIN_NUMBER == 1
using Expected = Own;
#else
using Expected = std::logic_error;
#endif

heed::Coro<> throws(int what) {
  co_await heed::yield_now();
  if (what == 0) throw Own("own");
  if (what == 1) throw std::logic_error("logic");
  throw std::runtime_error("runtime");
}

heed::Coro<> catches(Note note, int what) {
  try {
    co_await throws(what);
  } catch (const Expected& error) {
    note("expected");
    note(error.what());
  } catch (const std::exception& error) {
    note("other");
    note(error.what());
  }
}

}  // namespace

extern "C" void heed_plugin_run(Note note) {
  heed::EventLoop loop;
  note(std::to_string(HEED_PLUGIN_NUMBER).c_str());
  std::uint64_t before = heed::detail::direct_landings();
  for (int what = 0; what < 3; ++what) loop.run_until_complete(catches(note, what));
  note(heed::detail::direct_landings() == before ? "none landed" : "some landed");
}

extern "C" void heed_plugin_throw(int what) {
  if (what == 0) throw Own("own");
  throw Expected("expected");
}
