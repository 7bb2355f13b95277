#include "demo/line_source.hpp"

#include <algorithm>
#include <system_error>

#include "heed/core/task.hpp"
#include "heed/io/socket.hpp"

namespace demo {

std::shared_ptr<LineSource> LineSource::start(heed::Descriptor socket, std::string name, Show show) {
  std::shared_ptr<LineSource> source(new LineSource(std::move(socket), std::move(name), std::move(show)));
  heed::create_task(read(source), heed::named("read " + source->name()));
  return source;
}

heed::Coro<> LineSource::read(std::shared_ptr<LineSource> source) {
  std::string rest;
  try {
    for (;;) {
      std::string data = co_await heed::sock_recv(source->socket_, 64 * 1024);
      if (data.empty()) break;
      rest += data;
      for (std::size_t end; (end = rest.find('\n')) != std::string::npos; rest.erase(0, end + 1))
        source->take(rest.substr(0, end));
    }
    if (!rest.empty()) source->take(rest);
  } catch (const std::system_error& error) {
    source->take(error.what());
  }
  source->ended_ = true;
}

void LineSource::take(const std::string& line) {
  lines_.push_back(line);
  show_(line);
}

bool LineSource::has(const std::string& line) const {
  return std::find(lines_.begin(), lines_.end(), line) != lines_.end();
}

heed::Coro<std::string> read_all(heed::Descriptor socket) {
  std::string all;
  for (;;) {
    std::string data = co_await heed::sock_recv(socket, 64 * 1024);
    if (data.empty()) co_return std::move(all);
    all += data;
  }
}

}  // namespace demo
