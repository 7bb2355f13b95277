// Sockets that lines come from.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "heed/core/coro.hpp"
#include "heed/io/descriptor.hpp"

namespace demo {

// Keeps the lines that arrive at a socket, and shows each as it comes.
class LineSource {
 public:
  using Show = std::function<void(const std::string& line)>;

  // Begins to read, as a task of this name.
  static std::shared_ptr<LineSource> start(heed::Descriptor socket, std::string name, Show show);

  const std::string& name() const noexcept { return name_; }
  const std::vector<std::string>& lines() const noexcept { return lines_; }
  bool has(const std::string& line) const;
  // The other side has closed, and all of its lines are here.
  bool ended() const noexcept { return ended_; }

  heed::Descriptor& socket() noexcept { return socket_; }

 private:
  LineSource(heed::Descriptor socket, std::string name, Show show)
      : socket_(std::move(socket)), name_(std::move(name)), show_(std::move(show)) {}
  static heed::Coro<> read(std::shared_ptr<LineSource> source);
  void take(const std::string& line);

  heed::Descriptor socket_;
  std::string name_;
  Show show_;
  std::vector<std::string> lines_;
  bool ended_ = false;
};

// Everything up to the end.
heed::Coro<std::string> read_all(heed::Descriptor socket);

}  // namespace demo
