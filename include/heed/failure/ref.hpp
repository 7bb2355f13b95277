// A reference-counted pointer to something that any thread may hold.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

namespace heed {

// Base of what `Ref` points to. The count of RefCounted is atomic: exceptions, cancel reasons and contexts travel
// between threads. That of LocalRefCounted is not, which saves 5 ns a copy.
template <class Counter>
class BasicRefCounted {
 public:
  BasicRefCounted() noexcept = default;
  BasicRefCounted(const BasicRefCounted&) noexcept {}
  BasicRefCounted& operator=(const BasicRefCounted&) noexcept { return *this; }

 protected:
  ~BasicRefCounted() = default;

 private:
  template <class T>
  friend class Ref;
  void retain() const noexcept {
    if constexpr (std::is_integral_v<Counter>) {
      ++references_;
    } else {
      // The first reference is made, and the last one given up, by who is alone with it: no locked instruction.
      if (references_.load(std::memory_order_relaxed) == 0) {
        references_.store(1, std::memory_order_relaxed);
      } else {
        references_.fetch_add(1, std::memory_order_relaxed);
      }
    }
  }
  bool release() const noexcept {  // true when that was the last reference
    if constexpr (std::is_integral_v<Counter>) {
      return --references_ == 0;
    } else {
      return references_.load(std::memory_order_acquire) == 1 ||
             references_.fetch_sub(1, std::memory_order_acq_rel) == 1;
    }
  }
  mutable Counter references_{0};
};

using RefCounted = BasicRefCounted<std::atomic<std::uint32_t>>;
using LocalRefCounted = BasicRefCounted<std::uint32_t>;

template <class T>
class Ref {
 public:
  Ref() noexcept = default;
  Ref(std::nullptr_t) noexcept {}
  explicit Ref(T* object) noexcept : object_(object) { retain(); }
  Ref(const Ref& other) noexcept : object_(other.object_) { retain(); }
  Ref(Ref&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  Ref& operator=(const Ref& other) noexcept { return *this = Ref(other); }
  Ref& operator=(Ref&& other) noexcept {
    Ref taken(std::move(other));
    std::swap(object_, taken.object_);
    return *this;
  }
  ~Ref() {
    if (object_ && object_->release()) [[unlikely]]
      destroy(object_);
  }

  // Gives the reference away, to be taken back with adopt().
  T* leak() noexcept { return std::exchange(object_, nullptr); }
  static Ref adopt(T* object) noexcept {
    Ref ref;
    ref.object_ = object;
    return ref;
  }

  T* get() const noexcept { return object_; }
  T& operator*() const noexcept { return *object_; }
  T* operator->() const noexcept { return object_; }
  explicit operator bool() const noexcept { return object_ != nullptr; }

 private:
  void retain() const noexcept {
    if (object_) object_->retain();
  }
  // Not inline: whoever drops a reference needs no registers for what seldom follows.
  [[gnu::noinline]] static void destroy(T* object) noexcept { delete object; }
  T* object_ = nullptr;
};

}  // namespace heed
