#include "support/scenario.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <filesystem>

namespace conformance {

// --- the registry ----------------------------------------------------------------------------------------------------

namespace {

std::vector<const Scenario*>& registry() {
  static std::vector<const Scenario*> scenarios;
  return scenarios;
}

// What is wrong with the books of a loop that ended; empty when every failure and every cancellation found its end.
std::string open_books;

class CheckedLoop : public EventLoop {
 public:
  ~CheckedLoop() override {
    const Ledger& books = failures();
    if (!books.balanced() || books.failures().live != 0 || books.cancellations().pending != 0)
      open_books = books.summary();
  }
};

}  // namespace

Scenario::Scenario(std::function<void()> program, const std::source_location& where)
    : name_(std::filesystem::path(where.file_name()).stem().string()), program_(std::move(program)) {
  registry().push_back(this);
}

Scenario::Scenario(Coro<> (*program)(), std::source_location where)
    : Scenario([program] { heed::run(program(), RunOptions().loop_factory(std::make_unique<CheckedLoop>)); }, where) {}

Scenario::Scenario(void (*program)(), std::source_location where) : Scenario(std::function<void()>(program), where) {}

void Scenario::run() const {
  program_();
  if (!open_books.empty()) throw std::logic_error("the books of the loop do not balance: " + open_books);
}

std::vector<const Scenario*> Scenario::all() {
  std::vector<const Scenario*> scenarios = registry();
  std::sort(scenarios.begin(), scenarios.end(),
            [](const Scenario* a, const Scenario* b) { return a->name() < b->name(); });
  return scenarios;
}

// --- text ------------------------------------------------------------------------------------------------------------

std::string text(std::string_view value) {
  std::string escaped;
  for (char c : value) {
    if (c == '\n') {
      escaped += "\\n";
    } else if (c == '\r') {
      escaped += "\\r";
    } else {
      escaped += c;
    }
  }
  return escaped;
}

std::string text(double value) {
  std::array<char, 32> digits;
  return std::string(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr);
}

std::string text(const std::exception_ptr& exception) { return show(exception); }
std::string text(std::monostate) { return "none"; }

std::string list_of(const std::vector<std::string>& texts) {
  std::string list;
  for (const std::string& item : texts) list += (list.empty() ? "" : ", ") + item;
  return "[" + list + "]";
}

void print_line(const std::vector<std::string>& parts) {
  std::string line;
  for (const std::string& part : parts) line += (&part == parts.data() ? "" : " ") + part;
  std::puts(line.c_str());
  std::fflush(stdout);
}

// --- exceptions ------------------------------------------------------------------------------------------------------

namespace {

struct Kind {
  bool (*matches)(const std::exception_ptr&);
  const char* name;
};

template <class E>
bool is(const std::exception_ptr& exception) {
  return find<E>(exception) != nullptr;
}

// Most specific first.
constexpr Kind kinds[] = {
    {is<CancelledError>, "CancelledError"},
    {is<ExceptionGroup>, "ExceptionGroup"},
    {is<TimeoutError>, "TimeoutError"},
    {is<InvalidStateError>, "InvalidStateError"},
    {is<KeyboardInterrupt>, "KeyboardInterrupt"},
    {is<SystemExit>, "SystemExit"},
    {is<QueueEmpty>, "QueueEmpty"},
    {is<QueueFull>, "QueueFull"},
    {is<QueueShutDown>, "QueueShutDown"},
    {is<BrokenBarrierError>, "BrokenBarrierError"},
    {is<std::out_of_range>, "LookupError"},
    {is<std::system_error>, "OSError"},
    {is<std::runtime_error>, "RuntimeError"},
    {is<std::invalid_argument>, "ValueError"},
};

// The text that the program gave, without what the error code adds to it.
std::string own_message(const std::exception_ptr& exception) {
  std::string message = heed::message_of(exception);
  if (is<QueueEmpty>(exception) || is<QueueFull>(exception) || is<QueueShutDown>(exception)) return {};
  if (!is<TimeoutError>(exception)) return message;
  std::string added = TimeoutError().what();
  if (message == added) return {};
  if (message.ends_with(": " + added)) message.resize(message.size() - added.size() - 2);
  return message;
}

std::string error_name(int number) {
  switch (number) {
    case ECONNREFUSED: return "ECONNREFUSED";
    case ECONNRESET: return "ECONNRESET";
    case ENOENT: return "ENOENT";
    case EPIPE: return "EPIPE";
    default: return std::to_string(number);
  }
}

}  // namespace

std::string kind(const std::exception_ptr& exception) {
  for (const Kind& candidate : kinds)
    if (candidate.matches(exception)) return candidate.name;
  return type_name(exception);
}

std::string show(const std::exception_ptr& exception) {
  if (!exception) return "none";
  std::string name = kind(exception);
  if (const auto* group = find<ExceptionGroup>(exception)) {
    std::string members;
    for (const std::exception_ptr& member : group->exceptions())
      members += (members.empty() ? "" : "; ") + show(member);
    return name + ": " + group->message() + " [" + members + "]";
  }
  if (name == "OSError") {
    std::error_code code = find<std::system_error>(exception)->code();
    if (code) return name + "(" + error_name(code.value()) + ")";
  }
  std::string message = own_message(exception);
  return message.empty() ? name : name + ": " + message;
}

// --- reports ---------------------------------------------------------------------------------------------------------

namespace {

// Texts that go on with the name of a callback.
std::string without_place(std::string_view message) {
  for (std::string_view prefix : {"Exception in callback", "Executing"})
    if (message.starts_with(prefix)) return std::string(prefix);
  return std::string(message);
}

std::string subject_of(const ErrorContext& context) {
  if (context.task) return "task " + context.task.name();
  if (context.future && context.future.is_task()) return "future " + as_task(context.future).name();
  if (context.future) return "future";
  if (context.handle) return "handle";
  if (context.socket >= 0) return "socket";
  return "nothing";
}

}  // namespace

std::string message_of(const ErrorContext& context) {
  return context.message.empty() ? "(no message)" : without_place(context.message);
}

void print_context(EventLoop&, const ErrorContext& context) {
  print_line({"handler:", message_of(context), "|", show(context.exception), "|", subject_of(context)});
}

void install_handler(EventLoop& loop) { loop.set_exception_handler(print_context); }

void capture_log() {
  set_log_sink([](const LogRecord& record) {
    const char* level = record.level == LogLevel::error ? "log[ERROR]:" : "log[WARNING]:";
    print_line({level, without_place(record.message), "|", show(record.exception)});
  });
}

// --- for the programs ------------------------------------------------------------------------------------------------

Coro<> ticks(int count) {
  for (int i = 0; i < count; ++i) co_await yield_now();
}

}  // namespace conformance
