// Direct landing. std::rethrow_exception() lets the unwinder walk from frame to frame twice, and interprets tables for
// each: more than a microsecond for an await. But who raises the failure of an await is inlined into the coroutine that
// has the handler, so nothing lies between: the landing pad of that call is looked up once, and jumped to.
//
// - The registers are right as they are: the landing pad wants those that a call preserves, and the stack pointer of the
//   call, and it is given the header of the exception and the number of the handler, as by the unwinder.
// - The header is the one that std::rethrow_exception() makes, a *dependent* exception, filled in as the personality
//   routine leaves it. From there on __cxa_begin_catch() and its like see no difference.
// - Wherever anything is not certain, std::rethrow_exception() is jumped to, as if it had been called directly.
#include <cstdint>

#include "heed/failure/rethrow.hpp"

#ifdef HEED_CAN_LAND_DIRECTLY

#include <cxxabi.h>
#include <unwind.h>

#include <atomic>
#include <cstddef>
#include <cstring>
#include <new>
#include <typeinfo>

#include "failure/landing_check.hpp"
#include "failure/landing_pad.hpp"
#include "failure/landing_processor.hpp"

namespace heed::detail {

// std::get_unexpected(), which C++17 took away, but not from the binary interface: an exception that is thrown again out
// of a function with a specification of C++14 calls this handler.
std::terminate_handler get_unexpected() noexcept asm("_ZSt14get_unexpectedv");

namespace {

// --- what libstdc++ keeps of an exception (unwind-cxx.h; unchanged since GCC 4.5 on 64 bits) --------------------------

struct Header {
  std::type_info* type;
  void (*destructor)(void*);
  void (*unexpected_handler)();
  void (*terminate_handler)();
  Header* next;
  int handler_count;
  int handler_switch_value;
  const unsigned char* action_record;
  const unsigned char* language_data;
  std::uintptr_t catch_temp;
  void* adjusted_object;
  _Unwind_Exception unwind_header;
};
struct CountedHeader {
  int references;
  Header header;
};
struct DependentHeader {
  void* primary_object;
  void (*padding)(void*);
  void (*unexpected_handler)();
  void (*terminate_handler)();
  Header* next;
  int handler_count;
  int handler_switch_value;
  const unsigned char* action_record;
  const unsigned char* language_data;
  std::uintptr_t catch_temp;
  void* adjusted_object;
  _Unwind_Exception unwind_header;
};
struct Globals {
  Header* caught;
  unsigned int uncaught;
};
static_assert(sizeof(std::exception_ptr) == sizeof(void*));
static_assert(sizeof(CountedHeader) == 128 && sizeof(Header) == sizeof(DependentHeader));
static_assert(offsetof(DependentHeader, unwind_header) == 80);
static_assert(offsetof(DependentHeader, unwind_header) - offsetof(DependentHeader, handler_switch_value) == 36,
              "heed_rethrow knows this distance, for every processor");

constexpr _Unwind_Exception_Class primary_class = 0x474e5543432b2b00;  // "GNUCC++\0"
constexpr _Unwind_Exception_Class dependent_class = 0x474e5543432b2b01;

CountedHeader& counted_header(void* object) noexcept { return static_cast<CountedHeader*>(object)[-1]; }

// The exception was caught in a language that is not C++, or destroyed uncaught.
void clean_up(_Unwind_Reason_Code code, _Unwind_Exception* unwind_header) {
  if (code != _URC_FOREIGN_EXCEPTION_CAUGHT && code != _URC_NO_REASON) std::terminate();
  auto* dependent = reinterpret_cast<DependentHeader*>(reinterpret_cast<char*>(unwind_header) -
                                                       offsetof(DependentHeader, unwind_header));
  void* object = dependent->primary_object;
  abi::__cxa_free_dependent_exception(reinterpret_cast<abi::__cxa_dependent_exception*>(dependent));
  CountedHeader& counted = counted_header(object);
  if (std::atomic_ref<int>(counted.references).fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  if (counted.header.destructor) counted.header.destructor(object);
  abi::__cxa_free_exception(object);
}

// --- where it lands --------------------------------------------------------------------------------------------------

// What is known about one call that raises exceptions of one type. Written once and never forgotten: a landing pad is
// noted only where neither the code nor the type can go.
struct Landing {
  std::uintptr_t return_address;
  const std::type_info* type;
  LandingPad pad;
};

// Allocates nothing: who runs out of memory is often about to raise something.
class Landings {
 public:
  // Null: nothing is known, and nothing can be remembered.
  const Landing* find(std::uintptr_t return_address, const std::type_info& type, void* object) noexcept {
    std::size_t slot = (return_address ^ (reinterpret_cast<std::uintptr_t>(&type) >> 4)) * 0x9e3779b97f4a7c15u >> 53;
    for (unsigned tries = 0; tries < most_tries; ++tries, ++slot) {
      Place& place = places_[slot % std::size(places_)];
      Stage stage = place.stage.load(std::memory_order_acquire);
      if (stage == Stage::empty) stage = remember(place, return_address, type, object);
      if (stage == Stage::being_written) return nullptr;  // by another thread
      if (place.landing.return_address == return_address && place.landing.type == &type) return &place.landing;
    }
    return nullptr;
  }

 private:
  static constexpr unsigned most_tries = 8;
  enum class Stage : unsigned char { empty, being_written, written };
  struct Place {
    std::atomic<Stage> stage{Stage::empty};
    Landing landing{};
  };

  static Stage remember(Place& place, std::uintptr_t return_address, const std::type_info& type,
                        void* object) noexcept {
    // "Not certain" is remembered of all code: it is right for whatever comes to the same address.
    LandingPad pad;
    if (is_permanent(return_address) && is_permanent(reinterpret_cast<std::uintptr_t>(&type)))
      pad = find_landing_pad(return_address, type, object);
    Stage stage = Stage::empty;
    if (!place.stage.compare_exchange_strong(stage, Stage::being_written, std::memory_order_acquire)) return stage;
    place.landing = Landing{return_address, &type, pad};
    place.stage.store(Stage::written, std::memory_order_release);
    return Stage::written;
  }

  Place places_[2048];
};
constinit Landings landings;

// --- whether it is on ------------------------------------------------------------------------------------------------

enum class State : unsigned char { unknown, trying, on, off };
constinit std::atomic<State> state{State::unknown};
constinit std::atomic<const char*> reason{""};
constinit std::atomic<bool> allowed{true};
constinit thread_local bool this_thread_tries = false;
constinit thread_local std::uint64_t landed = 0;

bool try_out() noexcept {
  State expected = State::unknown;
  if (!state.compare_exchange_strong(expected, State::trying, std::memory_order_acq_rel))
    return expected == State::on || (expected == State::trying && this_thread_tries);
  const char* why_not = nullptr;
#ifdef HEED_NO_DIRECT_LANDING
  why_not = "the library was built without it";
#else
  this_thread_tries = true;
  if (has_shadow_stack()) {
    why_not = "control-flow enforcement keeps a shadow stack";
  } else {
    why_not = difference_to_rethrow();
  }
  this_thread_tries = false;
#endif
  if (why_not) reason.store(why_not, std::memory_order_relaxed);
  state.store(why_not ? State::off : State::on, std::memory_order_release);
  return !why_not;
}

bool is_on() noexcept {
  State now = state.load(std::memory_order_acquire);
  if (now == State::off || (now != State::on && !try_out())) return false;
  return allowed.load(std::memory_order_relaxed) || this_thread_tries;
}

}  // namespace

Destination heed_find_landing(const std::exception_ptr& exception, std::uintptr_t return_address) {
  if (!is_on() || must_unwind()) return {};
  void* object;
  std::memcpy(&object, &exception, sizeof object);
  CountedHeader& counted = counted_header(object);
  if (counted.header.unwind_header.exception_class != primary_class) return {};
  const Landing* landing = landings.find(return_address, *counted.header.type, object);
  if (!landing || landing->pad.address == 0) return {};
  auto* dependent = reinterpret_cast<DependentHeader*>(abi::__cxa_allocate_dependent_exception());
  dependent->primary_object = object;
  std::atomic_ref<int>(counted.references).fetch_add(1, std::memory_order_relaxed);
  dependent->unexpected_handler = get_unexpected();
  dependent->terminate_handler = std::get_terminate();
  dependent->handler_switch_value = landing->pad.filter;
  dependent->action_record = landing->pad.action;
  dependent->language_data = landing->pad.language_data;
  dependent->catch_temp = landing->pad.address;
  dependent->adjusted_object = static_cast<char*>(object) + landing->pad.adjustment;
  dependent->unwind_header.exception_class = dependent_class;
  dependent->unwind_header.exception_cleanup = &clean_up;
  dependent->unwind_header.private_1 = 0;
  ++reinterpret_cast<Globals*>(abi::__cxa_get_globals())->uncaught;
  ++landed;
  return {landing->pad.address, &dependent->unwind_header};
}

void allow_direct_landing(bool yes) noexcept { allowed.store(yes, std::memory_order_relaxed); }
std::uint64_t direct_landings() noexcept { return landed; }

}  // namespace heed::detail

namespace heed {

DirectLanding direct_landing() {
  detail::is_on();
  while (detail::state.load(std::memory_order_acquire) == detail::State::trying && !detail::this_thread_tries) {
  }
  DirectLanding answer;
  answer.on = detail::is_on();
  if (answer.on) return answer;
  answer.reason = detail::reason.load(std::memory_order_relaxed);
  if (answer.reason.empty()) answer.reason = "it is not allowed at present";
  return answer;
}

}  // namespace heed

#else

namespace heed {

DirectLanding direct_landing() { return {false, "only on x86-64 and aarch64 Linux with libstdc++"}; }

namespace detail {
void allow_direct_landing(bool) noexcept {}
std::uint64_t direct_landings() noexcept { return 0; }
}  // namespace detail

}  // namespace heed

#endif
