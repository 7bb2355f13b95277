// The cache that coroutine frames, task blocks and what a cancellation carries come from.
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>

namespace heed::detail {

// Per-thread free lists, one for each size class of 16 bytes up to 1 KiB: a pair of allocate and deallocate is about
// a dozen instructions, against 12 ns for malloc and 80 ns with a thousand blocks live. A block may be freed on
// another thread than it was allocated on; of what is free a thread keeps two lists of each class, and hands further
// ones, as they are, to a depot that all threads take from. Under ASan and TSan every block comes from operator new, so
// that they see each use after free.
class Pool {
 public:
  static constexpr std::size_t granularity = 16;
  static constexpr std::size_t largest = 1024;

  static void* allocate(std::size_t size) {
    if (void* block = take(size)) [[likely]]
      return block;
    return allocate_slowly(size);
  }
  // Of what is free on this thread; null when nothing is.
  static void* take(std::size_t size) noexcept {
    if (size > largest) return nullptr;  // decided when compiling
    List& list = instance_.lists_[class_of(size)];
    Block* block = list.first;
    if (!block) [[unlikely]]
      return nullptr;
    list.first = block->next;
    ++list.room;
    return block;
  }

  [[gnu::always_inline]] static void deallocate(void* memory, std::size_t size) noexcept {
    Pool& pool = instance_;
    if (size <= largest) [[likely]] {
      List& list = pool.lists_[class_of(size)];
      if (list.room != 0) [[likely]] {
        --list.room;
        return list.push(memory);
      }
    }
    deallocate_slowly(memory, size);
  }

 private:
  static constexpr std::uint32_t longest_list = 4096;
  struct Block {
    Block* next;
  };
  struct List {
    Block* first = nullptr;
    std::uint32_t room = 0;  // for so many more; none before the thread's first use and after its end

    void push(void* memory) noexcept {
      auto* block = static_cast<Block*>(memory);
      block->next = first;
      first = block;
    }
  };
  struct Depot;
  struct AtThreadExit;
  friend struct AtThreadExit;

  static constexpr std::size_t class_of(std::size_t size) noexcept { return (size + granularity - 1) / granularity; }
  static void* allocate_slowly(std::size_t size);
  static void deallocate_slowly(void* memory, std::size_t size) noexcept;
  static void put_aside(std::size_t size_class) noexcept;
  static void start_on_this_thread() noexcept;

  List lists_[largest / granularity + 1];
  List spare_lists_[largest / granularity + 1];  // full, or empty

  static constinit thread_local Pool instance_;
};

// Base of what lives in the pool.
struct Pooled {
  static void* operator new(std::size_t size) { return Pool::allocate(size); }
  static void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
    try {
      return Pool::allocate(size);
    } catch (const std::bad_alloc&) {
      return nullptr;
    }
  }
  // Inline, where the size is known: half the instructions.
  [[gnu::always_inline]] static void operator delete(void* memory, std::size_t size) noexcept {
    Pool::deallocate(memory, size);
  }
};

}  // namespace heed::detail
