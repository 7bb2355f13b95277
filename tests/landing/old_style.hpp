// Functions with the exception specifications that C++17 removed.
#pragma once

namespace heed::landing {

// Each is called in a handler: `throw;`.
void throw_again_only_int();         // throw(int)
void throw_again_only_exceptions();  // throw(std::exception)
void throw_out_of_noexcept_old_style();

// While it lives, an exception that a specification does not allow becomes the int 99.
struct UnexpectedThrowsInt {
  UnexpectedThrowsInt();
  UnexpectedThrowsInt(const UnexpectedThrowsInt&) = delete;
  UnexpectedThrowsInt& operator=(const UnexpectedThrowsInt&) = delete;
  ~UnexpectedThrowsInt();

 private:
  void (*before_)();
};

}  // namespace heed::landing
