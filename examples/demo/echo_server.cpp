#include <signal.h>

#include <algorithm>
#include <cctype>
#include <numeric>

#include "demo/line_source.hpp"
#include "demo/parts.hpp"
#include "demo/process.hpp"
#include "heed/core/event_loop.hpp"
#include "heed/core/sleep.hpp"
#include "heed/io/socket.hpp"

namespace demo {

using namespace std::chrono_literals;
using heed::Coro, heed::Descriptor;

namespace {

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

// A line of the report names this function and a line of the server's source.
bool names_place(const std::string& report, const std::string& function) {
  const std::string source = "echo_server.cpp:";
  std::size_t name = report.find(function);
  if (name == std::string::npos) return false;
  std::size_t place = report.find(source, name);
  return place != std::string::npos && place < report.find('\n', name) &&
         std::isdigit(static_cast<unsigned char>(report[place + source.size()]));
}

// The numbers in "failures raised 3 = retrieved 0 + ...".
std::vector<int> numbers_in(const std::string& text) {
  std::vector<int> numbers;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!std::isdigit(static_cast<unsigned char>(text[i]))) continue;
    numbers.push_back(std::atoi(&text[i]));
    while (i < text.size() && std::isdigit(static_cast<unsigned char>(text[i]))) ++i;
  }
  return numbers;
}

// The first number is the sum of the others.
bool adds_up(const std::string& text) {
  std::vector<int> numbers = numbers_in(text);
  return numbers.size() > 1 && numbers[0] == std::accumulate(numbers.begin() + 1, numbers.end(), 0);
}

class Client {
 public:
  Client(Screen& screen, int number) : screen_(screen), number_(std::to_string(number)), name_("client " + number_) {}

  Coro<> connect(heed::Address server) {
    Descriptor socket = Descriptor::stream_socket(server.family());
    co_await heed::sock_connect(socket, server);
    address_ = socket.local_address().to_string();
    auto show = [&screen = screen_, name = name_](const std::string& line) { screen.quote(name, "< " + line); };
    source_ = LineSource::start(std::move(socket), name_, show);
  }

  // Text without line ends is sent as it is.
  Coro<> send(std::string text) {
    std::string shown = text;
    while (shown.ends_with('\n')) shown.pop_back();
    std::replace(shown.begin(), shown.end(), '\n', '|');
    screen_.quote(name_, "> " + shown);
    co_await heed::sock_sendall(source_->socket(), text);
  }

  const std::string& number() const { return number_; }
  const std::string& name() const { return name_; }
  // As the server sees it.
  const std::string& address() const { return address_; }
  bool has(const std::string& line) const { return source_->has(line); }
  bool ended() const { return source_->ended(); }

 private:
  Screen& screen_;
  std::string number_;
  std::string name_;
  std::string address_;
  std::shared_ptr<LineSource> source_;
};

class EchoShow {
 public:
  static constexpr int client_count = 4;
  static constexpr std::chrono::milliseconds grace{500};

  EchoShow(Screen& screen, const std::filesystem::path& programs)
      : screen_(screen),
        give_up_(heed::running_loop().time() + 25s),
        server_(programs / "echo_server", {"--port", "0", "--grace", "0.5"}) {
    auto show = [&screen](const std::string& line) { screen.quote("server", line); };
    auto show_report = [&screen](const std::string& line) { screen.quote_report("report", line); };
    output_ = LineSource::start(server_.take_output(), "server", show);
    errors_ = LineSource::start(server_.take_errors(), "report", show_report);
  }

  Coro<> run() {
    co_await everybody_connects();
    co_await lines_come_back();
    co_await a_connection_fails(clients_[1]);
    co_await a_dropped_task_fails(clients_[2]);
    co_await a_held_task_fails(clients_[3]);
    co_await the_server_is_interrupted();
  }

 private:
  Coro<> everybody_connects() {
    co_await claim("the server listens", [&] { return !output_->lines().empty(); });
    if (output_->lines().empty()) throw std::runtime_error("there is no server to talk to");
    std::string address = output_->lines().front();
    int port = std::stoi(address.substr(address.rfind(':') + 1));
    clients_.reserve(client_count);
    for (int number = 1; number <= client_count; ++number) {
      clients_.emplace_back(screen_, number);
      co_await clients_.back().connect(heed::Address::ip("127.0.0.1", static_cast<std::uint16_t>(port)));
    }
    co_await claim("each client has a connection", [&] {
      return std::all_of(clients_.begin(), clients_.end(), [&](const Client& client) {
        return output_->has("conn-" + client.number() + " open, from " + client.address());
      });
    });
  }

  Coro<> lines_come_back() {
    screen_.say("Lines come back, however the network cuts them up.");
    co_await everybody_echoes("hello");
    Client& client = clients_.front();
    co_await client.send("two lines\nin one packet\nand one line ");
    co_await claim("two lines in one packet are two lines", [&] { return client.has("in one packet"); });
    co_await client.send("in two packets\n");
    co_await claim("a line in two packets is one line", [&] { return client.has("and one line in two packets"); });
  }

  Coro<> a_connection_fails(Client& client) {
    screen_.say("An exception that nobody expected, in the task of one connection.");
    const std::string error = "unexpected network error from " + client.address();
    co_await client.send("boom\n");
    co_await claim("the connection is closed", [&] { return client.ended(); });
    --open_;
    co_await claim("the failure is reported, with its message and its peer",
                   [&] { return contains(report_of(error), "std::runtime_error: " + error); });
    co_await claim("... on whose behalf: the task by its name", [&] {
      return contains(report_of(error), "'conn-" + client.number() + " " + client.address() + "'");
    });
    co_await claim("... from where: every await from the throw to the root of the task, with file and line",
                   [&] { return names_chain(report_of(error)); });
    co_await claim("... who started it: the place where the task was created",
                   [&] { return names_place(report_of(error), "Server::serve()"); });
    co_await everybody_echoes("still here");
  }

  Coro<> a_dropped_task_fails(Client& client) {
    screen_.say("A failure in a background task whose handle was dropped.");
    co_await client.send("drop\n");
    co_await claim("it is reported when the task ends, although nobody could ask for it", [&] {
      return contains(report_of("nobody has a handle to me"), "'conn-" + client.number() + " drop'");
    });
  }

  Coro<> a_held_task_fails(Client& client) {
    screen_.say("A failure in a task whose handle is kept, and never looked at.");
    heed::TimePoint start = heed::running_loop().time();
    co_await client.send("hold\n");
    co_await claim("it is reported nevertheless",
                   [&] { return contains(report_of("nobody looks at me"), "'conn-" + client.number() + " hold'"); });
    screen_.claim(heed::running_loop().time() - start >= grace, "... after the grace of 0.5 s");
    co_await everybody_echoes("and still here");
  }

  Coro<> the_server_is_interrupted() {
    screen_.say("Ctrl-C (SIGINT).");
    server_.send_signal(SIGINT);
    co_await claim("the server ends", [&] { return server_is_gone(); });
    int status = co_await server_.wait();
    screen_.claim(status == 0, "its exit status is 0" + (status == 0 ? "" : ", not " + std::to_string(status)));

    bool each_once = true;
    for (const Client& client : clients_) each_once = each_once && printed("conn-" + client.number() + " closed") == 1;
    screen_.claim(each_once, "every connection has cleaned up, once");

    screen_.claim(reports_of("unexpected network error").size() == 1 && reports_of("nobody has a handle").size() == 1,
                  "the failure of the connection and the dropped one were each reported exactly once");
    screen_.claim(reports_of("nobody looks at me").size() == 2, "the held one a second time, for good, at the end");
    screen_.claim(reports_of("").size() == 4, "nothing else was reported");

    std::string ledger = output_->lines().empty() ? "" : output_->lines().back();
    std::size_t cancellations = ledger.find(';');
    screen_.claim(contains(ledger, "raised 3 ") && contains(ledger, "reported 3 ") && contains(ledger, "live 0;"),
                  "the last line is the ledger: 3 failures raised, 3 reported, none left over");
    screen_.claim(cancellations != std::string::npos && adds_up(ledger.substr(0, cancellations)) &&
                      adds_up(ledger.substr(cancellations)) && ledger.ends_with("(balanced)"),
                  "it balances, for failures and for cancellations");
  }

  Coro<> everybody_echoes(std::string words) {
    for (Client& client : clients_)
      if (!client.ended()) co_await client.send(words + " from " + client.name() + "\n");
    co_await claim("all " + std::to_string(open_) + " open connections echo", [&] {
      return open_ == std::count_if(clients_.begin(), clients_.end(),
                                    [&](const Client& client) { return client.has(words + " from " + client.name()); });
    });
  }

  // Checked until it holds or the server is gone. All these waits together take 25 s at most.
  template <class Condition>
  Coro<> claim(std::string text, Condition condition) {
    bool holds = condition();
    while (!holds && !server_is_gone() && heed::running_loop().time() < give_up_) {
      co_await heed::sleep(5ms);
      holds = condition();
    }
    screen_.claim(holds, text);
  }

  bool server_is_gone() const { return output_->ended() && errors_->ended(); }

  // What the server reported, one text for each report, with this in it.
  std::vector<std::string> reports_of(const std::string& part) const {
    std::vector<std::string> reports;
    for (const std::string& line : errors_->lines()) {
      if (!line.starts_with(' ')) reports.emplace_back();
      if (!reports.empty()) reports.back() += line + "\n";
    }
    std::erase_if(reports, [&part](const std::string& report) { return !contains(report, part); });
    return reports;
  }
  std::string report_of(const std::string& part) const {
    std::vector<std::string> reports = reports_of(part);
    return reports.empty() ? "" : reports.front();
  }
  // From the innermost coroutine to the root of the connection's task.
  static bool names_chain(const std::string& report) {
    std::size_t previous = 0;
    for (const char* function :
         {"fail_in_a_moment", "Connection::answer", "Connection::talk", "Server::serve_client"}) {
      std::size_t position = report.find(function);
      if (position == std::string::npos || position < previous || !names_place(report, function)) return false;
      previous = position;
    }
    return true;
  }
  std::ptrdiff_t printed(const std::string& line) const {
    return std::count(output_->lines().begin(), output_->lines().end(), line);
  }

  Screen& screen_;
  heed::TimePoint give_up_;
  Process server_;
  std::shared_ptr<LineSource> output_;
  std::shared_ptr<LineSource> errors_;
  std::vector<Client> clients_;
  int open_ = client_count;
};

}  // namespace

Coro<> show_echo_server(Screen& screen, std::filesystem::path programs) {
  screen.heading("1. An echo server, as a process of its own, and four clients");
  EchoShow show(screen, programs);
  co_await show.run();
}

}  // namespace demo
