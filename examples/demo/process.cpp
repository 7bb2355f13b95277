#include "demo/process.hpp"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include <cerrno>
#include <system_error>

#include "heed/core/event_loop.hpp"
#include "heed/core/sleep.hpp"

extern char** environ;

namespace demo {

namespace {

// The far end of `socket` for the child: an ordinary stream that blocks.
heed::Descriptor connect_child(heed::Descriptor& socket) {
  auto [ours, theirs] = heed::Descriptor::socket_pair();
  ::fcntl(theirs.fd(), F_SETFL, ::fcntl(theirs.fd(), F_GETFL) & ~O_NONBLOCK);
  socket = std::move(ours);
  return std::move(theirs);
}

// Whatever this program ignores, and whoever started it may have told it to ignore Ctrl-C: the child must not.
class DefaultSignals {
 public:
  DefaultSignals() {
    ::posix_spawnattr_init(&attributes_);
    sigset_t signals;
    ::sigemptyset(&signals);
    ::posix_spawnattr_setsigmask(&attributes_, &signals);
    ::sigaddset(&signals, SIGINT);
    ::sigaddset(&signals, SIGPIPE);
    ::posix_spawnattr_setsigdefault(&attributes_, &signals);
    ::posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  ~DefaultSignals() { ::posix_spawnattr_destroy(&attributes_); }
  DefaultSignals(const DefaultSignals&) = delete;
  DefaultSignals& operator=(const DefaultSignals&) = delete;
  const posix_spawnattr_t* get() const noexcept { return &attributes_; }

 private:
  posix_spawnattr_t attributes_;
};

}  // namespace

Process::Process(const std::filesystem::path& program, std::vector<std::string> arguments) {
  heed::Descriptor output = connect_child(output_);
  heed::Descriptor errors = connect_child(errors_);
  posix_spawn_file_actions_t files;
  ::posix_spawn_file_actions_init(&files);
  ::posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_adddup2(&files, output.fd(), 1);
  ::posix_spawn_file_actions_adddup2(&files, errors.fd(), 2);

  arguments.insert(arguments.begin(), program.string());
  std::vector<char*> pointers;
  for (std::string& argument : arguments) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  DefaultSignals signals;
  int error = ::posix_spawn(&pid_, program.c_str(), &files, signals.get(), pointers.data(), environ);
  ::posix_spawn_file_actions_destroy(&files);
  if (error != 0) throw std::system_error(error, std::generic_category(), "cannot start " + program.string());
  limit_ = heed::running_loop().call_later(std::chrono::seconds(30), [this] { send_signal(SIGKILL); });
}

Process::~Process() {
  limit_.cancel();
  if (pid_ == 0) return;
  ::kill(pid_, SIGKILL);
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) continue;
}

void Process::send_signal(int number) {
  if (pid_ != 0) ::kill(pid_, number);
}

heed::Coro<int> Process::wait() {
  int status = 0;
  while (::waitpid(pid_, &status, WNOHANG) == 0) co_await heed::sleep(std::chrono::milliseconds(1));
  pid_ = 0;
  co_return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace demo
