// Compiled as C++14.
#include <exception>

// (One of its declarations uses a nested namespace, which C++14 does not know.)
namespace heed {
namespace landing {

struct UnexpectedThrowsInt {
  UnexpectedThrowsInt();
  ~UnexpectedThrowsInt();

 private:
  void (*before_)();
};

void throw_again_only_int() throw(int) { throw; }
void throw_again_only_exceptions() throw(std::exception) { throw; }
void throw_out_of_noexcept_old_style() throw() { throw_again_only_exceptions(); }

namespace {
void throw_int() { throw 99; }
}  // namespace

UnexpectedThrowsInt::UnexpectedThrowsInt() : before_(std::set_unexpected(&throw_int)) {}
UnexpectedThrowsInt::~UnexpectedThrowsInt() { std::set_unexpected(before_); }

}  // namespace landing
}  // namespace heed
