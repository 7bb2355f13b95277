// A TCP echo server that loses no failure.
//
//   echo_server --port 8888        and in other terminals: nc 127.0.0.1 8888
//
// Every line comes back. Three of them also make something fail:
//   boom   the task of this connection; all others go on
//   drop   a task in the background that nobody has a handle to
//   hold   a task whose handle the server keeps and never looks at: it is reported after the grace
// Ctrl-C closes all connections. The last line that is printed is the ledger: what became of every failure.
#include <charconv>
#include <csignal>
#include <cstdio>
#include <optional>

#include "heed/heed.hpp"
#include "heed/io/socket.hpp"

using namespace std::chrono_literals;
using heed::Coro, heed::Descriptor;

namespace {

void print(const std::string& line) {
  std::puts(line.c_str());
  std::fflush(stdout);
}

// The lines in what a socket receives, however the network has cut it up.
class LineReader {
 public:
  static constexpr std::size_t longest = 64 * 1024;
  explicit LineReader(Descriptor& socket) : socket_(socket) {}

  // The next line, with its '\n'; empty at the end of the stream; null for one that was too long.
  Coro<std::optional<std::string>> next() {
    bool too_long = false;
    std::size_t newline;
    while ((newline = buffer_.find('\n')) == std::string::npos) {
      if (buffer_.size() > longest) {
        too_long = true;
        buffer_.clear();
      }
      std::string packet = co_await heed::sock_recv(socket_, 4096);
      if (packet.empty()) break;  // the last line lacks its '\n'
      buffer_ += packet;
    }
    std::string line = buffer_.substr(0, newline == std::string::npos ? newline : newline + 1);
    buffer_.erase(0, line.size());
    if (too_long || line.size() > longest) co_return std::nullopt;
    co_return line;
  }

 private:
  Descriptor& socket_;
  std::string buffer_;
};

// Any code that fails in a way that nobody thought of.
Coro<> fail_in_a_moment(std::string what) {
  co_await heed::sleep(10ms);
  throw std::runtime_error(what);
}

class Connection {
 public:
  Connection(std::string name, std::string peer, Descriptor socket, std::vector<heed::Task<>>& held)
      : name_(std::move(name)), peer_(std::move(peer)), socket_(std::move(socket)), held_(held) {
    print(name_ + " open, from " + peer_);
  }
  // Runs in whichever way the task ends: when the client leaves, on failure, on Ctrl-C.
  ~Connection() { print(name_ + " closed"); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  Coro<> talk() {
    LineReader lines(socket_);
    for (;;) {
      std::optional<std::string> line = co_await lines.next();
      if (!line) {
        co_await heed::sock_sendall(socket_, "error: a line of more than 64 KiB is refused\n");
      } else if (line->empty()) {
        co_return;
      } else {
        co_await answer(*line);
      }
    }
  }

 private:
  Coro<> answer(std::string_view line) {
    std::string_view command = line.substr(0, line.find_last_not_of("\r\n") + 1);
    if (command == "boom") co_await fail_in_a_moment("unexpected network error from " + peer_);
    if (command == "drop")
      heed::create_task(fail_in_a_moment("nobody has a handle to me"), heed::named(name_ + " drop"));
    if (command == "hold")
      held_.push_back(heed::create_task(fail_in_a_moment("nobody looks at me"), heed::named(name_ + " hold")));
    co_await heed::sock_sendall(socket_, line);
  }

  std::string name_;
  std::string peer_;
  Descriptor socket_;
  std::vector<heed::Task<>>& held_;
};

class Server {
 public:
  explicit Server(const heed::Address& address) : listener_(Descriptor::listening(address)) {}

  Coro<> serve() {
    print("listening on " + listener_.local_address().to_string());
    for (int number = 1;; ++number) {
      auto accepted = co_await heed::as_result(heed::sock_accept(listener_));
      if (accepted.failed()) {  // too many open files, most likely: those who are connected go on
        print("cannot accept: " + heed::describe(accepted.exception()));
        co_await heed::sleep(100ms);
        continue;
      }
      auto [socket, address] = std::move(accepted).value();  // throws when this task is cancelled
      std::string name = "conn-" + std::to_string(number);
      std::string peer = address.to_string();
      heed::create_task(serve_client(name, peer, std::move(socket)), heed::named(name + " " + peer));
    }
  }

 private:
  Coro<> serve_client(std::string name, std::string peer, Descriptor socket) {
    Connection connection(name, peer, std::move(socket), held_);
    try {
      co_await connection.talk();
    } catch (const std::system_error& error) {
      if (error.code() != std::errc::connection_reset && error.code() != std::errc::broken_pipe) throw;
      print(name + " lost: " + error.code().message());
    }
  }

  Descriptor listener_;
  std::vector<heed::Task<>> held_;
};

constexpr const char* usage =
    "usage: echo_server [--host ADDRESS] [--port NUMBER] [--grace SECONDS]\n"
    "  --host   the IPv4 or IPv6 address to listen on (default 127.0.0.1)\n"
    "  --port   0 takes a free one (default 8888)\n"
    "  --grace  when a failure that is held and not looked at is reported, 0 is never (default 5)\n";

struct Options {
  std::string host = "127.0.0.1";
  std::uint16_t port = 8888;
  std::chrono::duration<double> grace = 5s;
  bool help = false;
};

template <class Number>
Number to_number(const std::string& option, const std::string& text) {
  Number number{};
  const char* end = text.data() + text.size();
  if (auto [rest, error] = std::from_chars(text.data(), end, number);
      error == std::errc() && rest == end && number >= 0)
    return number;
  throw std::invalid_argument(option + ": '" + text + "' is not a valid number");
}

Options parse(const std::vector<std::string>& arguments) {
  Options options;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& option = arguments[i];
    if (option == "--help" || option == "-h") {
      options.help = true;
    } else if (option != "--host" && option != "--port" && option != "--grace") {
      throw std::invalid_argument("unknown option '" + option + "'");
    } else if (++i == arguments.size()) {
      throw std::invalid_argument(option + " needs a value");
    } else if (option == "--host") {
      options.host = arguments[i];
    } else if (option == "--port") {
      options.port = to_number<std::uint16_t>(option, arguments[i]);
    } else {
      options.grace = std::chrono::duration<double>(to_number<double>(option, arguments[i]));
    }
  }
  return options;
}

// Runs the server until Ctrl-C.
void run(Server& server, heed::Duration grace) {
  heed::Runner runner;
  heed::EventLoop& loop = runner.get_loop();
  loop.set_unretrieved_grace(grace);
  try {
    runner.run(server.serve());
  } catch (const heed::KeyboardInterrupt&) {
    print("interrupted");
  }
  runner.close();  // cancels the connections and waits for them
  print(loop.failures().summary() + (loop.failures().balanced() ? " (balanced)" : " (NOT BALANCED)"));
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGINT, SIG_DFL);  // shells start background jobs with Ctrl-C ignored; `kill -INT` is to work there too
  try {
    Options options = parse({argv + 1, argv + argc});
    if (options.help) {
      std::fputs(usage, stdout);
      return 0;
    }
    Server server(heed::Address::ip(options.host, options.port));
    run(server, heed::to_delay(options.grace));
    return 0;
  } catch (const std::invalid_argument& error) {
    std::fprintf(stderr, "echo_server: %s\n%s", error.what(), usage);
    return 2;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "echo_server: %s\n", error.what());
    return 1;
  }
}
