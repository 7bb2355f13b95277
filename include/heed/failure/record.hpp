// What is known about one failure.
#pragma once

#include <chrono>
#include <cstdint>
#include <exception>
#include <source_location>
#include <string>
#include <system_error>
#include <typeinfo>
#include <vector>

namespace heed {

// What became of a failure (rule A2). `live` means: not decided yet.
enum class Disposition : std::uint8_t { live, retrieved, merged, supervised, reported };
const char* to_string(Disposition disposition) noexcept;

// The boundary that the exception crossed when it became a failure (rule A1).
enum class FailureOrigin : std::uint8_t {
  task,               // left the root coroutine of a task
  future,             // Future::set_exception
  gather,             // the outer future of gather()
  callback,           // a loop callback, timer, reader, writer or done callback
  exception_handler,  // a custom exception handler
  cleanup,            // a destructor, while a coroutine was destroyed
  thread,             // the future of run_coroutine_threadsafe
  replaced,           // an exception whose cleanup or handler failed, see finally()
};
const char* to_string(FailureOrigin origin) noexcept;

// Where a suspended coroutine waits. The function is the coroutine's, the line that of its co_await.
using AwaitSite = std::source_location;

// The suspended coroutines from the one that the exception left first to the root of its task.
struct AwaitChain {
  std::vector<AwaitSite> sites;  // innermost first; of a very long chain the middle is left out
  std::size_t omitted = 0;       // how many, after the first half of `sites`
};

// A task in the chain of creators.
struct Creator {
  std::uint64_t id = 0;
  std::string name;
  std::source_location created_at;
};

class Ledger;

// One failure, from birth until nobody can ask about it. Kept beside the exception, never inside: one exception object
// is shared by all who rethrow it. Belongs to its loop's thread.
class FailureRecord {
 public:
  std::uint64_t id = 0;        // 1, 2, 3 ... in each loop
  std::uint64_t cause_id = 0;  // the failure it escaped from again, 0 when there is none
  std::uint64_t loop_id = 0;   // 1, 2, 3 ... in the process
  FailureOrigin origin = FailureOrigin::task;
  Disposition disposition = Disposition::live;
  bool provisionally_reported = false;  // it was held unread for `unretrieved_grace`

  std::chrono::nanoseconds time{};  // the loop's clock
  std::chrono::system_clock::time_point wall_time;

  std::uint64_t task_id = 0;  // 0 when no task is concerned
  std::string task_name;
  std::source_location created_at;  // where the task or future was created; line 0 when unknown
  std::vector<Creator> creators;    // who created it, who created that one, ...

  const std::type_info* type = nullptr;
  std::error_code code;  // of a std::system_error
  std::vector<void*> throw_site;
  AwaitChain await_chain;
  std::vector<std::string> notes;  // see add_note()

  void* holder = nullptr;  // for the runtime: the future that holds the exception

  // The exception, null once nobody could retrieve it any more.
  const std::exception_ptr& exception() const noexcept { return exception_; }
  std::string type_name() const;
  std::string message() const;
  // Message, groups and causes, one line each.
  std::vector<std::string> tree() const;

 private:
  friend class Ledger;
  void remember_text();

  std::exception_ptr exception_;
  std::string message_;            // what outlives the exception
  std::vector<std::string> tree_;  // only of groups and of exceptions with a cause
  std::uint32_t references_ = 0;
  bool held_ = false;                  // in the ledger's list of those
  FailureRecord* previous_ = nullptr;  // in a list of the ledger
  FailureRecord* next_ = nullptr;
};

}  // namespace heed
