// Three attempts, then the last error is raised.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<std::string> fetch(std::string url, int attempt) {
  co_await ticks(1);
  if (attempt < 2 || url == "bad") throw OsError(url + ": attempt " + std::to_string(attempt) + " failed");
  co_return url + ": page";
}

Coro<std::string> fetch_with_retry(std::string url) {
  std::exception_ptr last_error;
  for (int attempt = 0; attempt < 3; ++attempt) {
    try {
      co_return co_await fetch(url, attempt);
    } catch (const std::system_error&) {
      last_error = std::current_exception();
      log("retrying after", last_error);
    }
  }
  std::rethrow_exception(last_error);
}

Coro<> program() {
  std::string page = co_await fetch_with_retry("good");
  log(page);
  try {
    co_await fetch_with_retry("bad");
  } catch (const std::system_error&) {
    log("gave up:", std::current_exception());
  }
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance
