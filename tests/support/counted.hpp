// Types that notice when an object is lost, destroyed twice or moved bit by bit.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace heed::test {

// Every object knows its own address: one that a compiler copied bit by bit, or destroyed twice, is seen at once.
// `live` is how many there are.
class Counted {
 public:
  explicit Counted(int v = 0) noexcept : value(v), self_(this) { ++live; }
  Counted(const Counted& other) noexcept : Counted(other.checked()) {}
  Counted(Counted&& other) noexcept : Counted(std::exchange(other.value, moved_from)) { other.check(); }
  Counted& operator=(const Counted& other) noexcept {
    check();
    value = other.checked();
    return *this;
  }
  Counted& operator=(Counted&& other) noexcept {
    check();
    other.check();
    value = std::exchange(other.value, moved_from);
    return *this;
  }
  ~Counted() {
    check();
    self_ = nullptr;
    --live;
  }
  friend bool operator==(const Counted& a, const Counted& b) noexcept { return a.value == b.value; }

  static constexpr int moved_from = -1;
  static inline int live = 0;
  int value;

 private:
  void check() const noexcept { EXPECT_EQ(self_, this) << "destroyed already, or copied bit by bit"; }
  int checked() const noexcept {
    check();
    return value;
  }
  const Counted* self_;
};

// Writes its name into a list when it is destroyed, unless it was moved from.
class Trace {
 public:
  Trace(std::vector<std::string>& list, std::string name) : list_(&list), name_(std::move(name)) {}
  Trace(Trace&& other) noexcept : list_(std::exchange(other.list_, nullptr)), name_(std::move(other.name_)) {}
  Trace(const Trace&) = delete;
  Trace& operator=(const Trace&) = delete;
  ~Trace() {
    if (list_) list_->push_back(name_);
  }

 private:
  std::vector<std::string>* list_;
  std::string name_;
};

// A destructor that does something, and may throw.
template <class F>
class AtExit {
 public:
  explicit AtExit(F function) : function_(std::move(function)) {}
  AtExit(const AtExit&) = delete;
  AtExit& operator=(const AtExit&) = delete;
  ~AtExit() noexcept(false) { function_(); }

 private:
  F function_;
};

}  // namespace heed::test
