// Libraries that are loaded and unloaded: nothing that is known about their code may outlive them.
#include <atomic>
#include <stdexcept>
#include <thread>

#include <dlfcn.h>
#include <unistd.h>

#include "landing/case.hpp"

#ifndef HEED_LANDING_NO_PLUGINS

namespace heed::landing {
namespace {

class Plugin {
 public:
  explicit Plugin(int number) : path_(beside_program("libheed_landing_plugin_" + std::to_string(number) + ".so")) {
    library_ = ::dlopen(path_.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (!library_) note(::dlerror());
  }
  Plugin(const Plugin&) = delete;
  Plugin& operator=(const Plugin&) = delete;
  ~Plugin() {
    if (!library_) return;
    ::dlclose(library_);
    void* still = ::dlopen(path_.c_str(), RTLD_NOW | RTLD_NOLOAD);
    note(still ? "still loaded" : "unloaded");
    if (still) ::dlclose(still);
  }
  void run() const {
    function<void (*)(void (*)(const char*))>("heed_plugin_run")([](const char* text) { note(text); });
  }
  void raise(int what) const { function<void (*)(int)>("heed_plugin_throw")(what); }
  const void* place() const {
    Dl_info info{};
    ::dladdr(::dlsym(library_, "heed_plugin_run"), &info);
    return info.dli_fbase;
  }

 private:
  static std::string beside_program(const std::string& name) {
    char path[4096];
    ssize_t size = ::readlink("/proc/self/exe", path, sizeof path);
    std::string program(path, size > 0 ? static_cast<std::size_t>(size) : 0);
    return program.substr(0, program.rfind('/') + 1) + name;
  }
  template <class F>
  F function(const char* name) const {
    return reinterpret_cast<F>(::dlsym(library_, name));
  }
  std::string path_;
  void* library_;
};

HEED_LANDING_CASE(plugins, a_coroutine_of_a_plugin, never, returns) {
  Plugin plugin(1);
  for (int i = 0; i < 3; ++i) plugin.run();
}

HEED_LANDING_CASE(plugins, another_one_at_the_same_place, never, returns) {
  const void* before = nullptr;
  bool same = false;
  for (int i = 0; i < 6; ++i) {
    Plugin plugin(1 + i % 2);
    plugin.run();
    same = same || plugin.place() == before;
    before = plugin.place();
  }
  note(same ? "same place" : "elsewhere");
}

Coro<> catches_from(const Plugin& plugin, int what) {
  std::exception_ptr error = made_by([&] { plugin.raise(what); });
  try {
    Mark mark("m");
    heed::detail::rethrow(error);
  } catch (const std::logic_error& caught) {
    note("logic", caught.what());
  } catch (const std::exception& caught) {
    note("exception", caught.what());
  }
  co_return;
}
// A type of the plugin's is not landed in the program either: another type may come to its place.
HEED_LANDING_CASE(plugins, an_exception_of_a_plugin, yes, returns) {
  for (int number = 1; number <= 2; ++number) {
    Plugin plugin(number);
    for (int what = 0; what < 2; ++what) {
      std::uint64_t before = heed::detail::direct_landings();
      run_coro(catches_from(plugin, what));
      if (what == 0 || number == 1) note(heed::detail::direct_landings() == before ? "none landed" : "some landed");
    }
  }
}

// Places that land for the first time, while another thread loads and unloads.
template <int number>
struct Numbered {
  int value = number;
};
template <int number>
[[gnu::noinline]] int land_number() {
  try {
    heed::detail::rethrow(std::make_exception_ptr(Numbered<number>()));
  } catch (const Numbered<number>& caught) {
    return caught.value;
  }
}
template <int... numbers>
int land_numbers(std::integer_sequence<int, numbers...>) {
  return (land_number<numbers>() + ...);
}
HEED_LANDING_CASE(plugins, loaded_and_unloaded_meanwhile, any, returns) {
  std::atomic<bool> begun{false}, ended{false};
  std::thread loader([&] {
    while (!ended) {
      { Plugin plugin(1); }
      { Plugin plugin(2); }
      begun = true;
    }
  });
  while (!begun) std::this_thread::yield();
  note(land_numbers(std::make_integer_sequence<int, 250>()));
  ended = true;
  loader.join();
}

}  // namespace
}  // namespace heed::landing

#endif
