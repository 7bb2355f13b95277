// Child processes.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

#include "heed/core/coro.hpp"
#include "heed/core/handle.hpp"
#include "heed/io/descriptor.hpp"

namespace demo {

// A child process with an empty input, whose output and errors arrive at sockets. One that does not end in 30 s is
// killed.
class Process {
 public:
  // Throws std::system_error naming the program.
  Process(const std::filesystem::path& program, std::vector<std::string> arguments);
  // Kills it if it has not ended.
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  // Each once.
  heed::Descriptor take_output() { return std::move(output_); }
  heed::Descriptor take_errors() { return std::move(errors_); }

  void send_signal(int number);
  // Waits for its end. Returns the exit status; 128 and the number when a signal has killed it.
  heed::Coro<int> wait();

 private:
  heed::Descriptor output_;
  heed::Descriptor errors_;
  pid_t pid_ = 0;  // 0 when it was waited for
  heed::TimerHandle limit_;
};

}  // namespace demo
