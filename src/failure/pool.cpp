#include "heed/failure/pool.hpp"

#include <mutex>
#include <new>
#include <utility>
#include <vector>

// Present in a program that was linked with the sanitizer, whichever way this library was built.
extern "C" {
[[gnu::weak]] void __asan_init();
[[gnu::weak]] void __tsan_init();
}

namespace heed::detail {

constinit thread_local Pool Pool::instance_;

namespace {

constexpr std::size_t slab_size = 16 * 1024;
constinit thread_local bool thread_ended = false;

bool under_sanitizer() noexcept { return &__asan_init != nullptr || &__tsan_init != nullptr; }

}  // namespace

// Chains of free blocks that one thread has too many of.
struct Pool::Depot {
  std::mutex mutex;
  std::vector<List> chains[largest / granularity + 1];

  static Depot& instance() {
    static auto* depot = new Depot;  // never destroyed: threads and static objects may outlive main()
    return *depot;
  }

  bool take(std::size_t size_class, List& list) {
    std::lock_guard lock(mutex);
    auto& stock = chains[size_class];
    if (stock.empty()) return false;
    list = stock.back();
    stock.pop_back();
    return true;
  }

  void give(std::size_t size_class, List chain) {
    std::lock_guard lock(mutex);
    chains[size_class].push_back(chain);
  }
};

struct Pool::AtThreadExit {
  ~AtThreadExit() {
    Pool& pool = Pool::instance_;
    pool.limit_ = 0;
    thread_ended = true;
    for (std::size_t size_class = 0; size_class <= largest / granularity; ++size_class) {
      for (List* list : {&pool.lists_[size_class], &pool.spare_lists_[size_class]}) {
        if (!list->first) continue;
        try {
          Depot::instance().give(size_class, *list);
        } catch (const std::bad_alloc&) {  // the blocks are lost to the process, nothing else
        }
        *list = List();
      }
    }
  }
};

bool Pool::start_on_this_thread() noexcept {
  if (thread_ended || under_sanitizer()) return false;
  static thread_local AtThreadExit at_exit;
  static_cast<void>(at_exit);
  instance_.limit_ = largest;
  return true;
}

void* Pool::allocate_slowly(std::size_t size) {
  if (under_sanitizer() || size > largest) return ::operator new(size);
  if (instance_.limit_ == 0 && start_on_this_thread()) return allocate(size);
  std::size_t size_class = class_of(size);
  std::size_t block_size = size_class * granularity;
  if (thread_ended) return ::operator new(block_size);  // is freed into a list of the same class, never with delete
  List& list = instance_.lists_[size_class];
  List& spare = instance_.spare_lists_[size_class];
  if (spare.first) {
    list = std::exchange(spare, List());
  } else if (!Depot::instance().take(size_class, list)) {
    auto* slab = static_cast<char*>(::operator new(slab_size));
    std::size_t count = slab_size / block_size;
    for (std::size_t i = count; i-- > 0;) {  // in ascending order: neighbours in time are neighbours in memory
      auto* block = reinterpret_cast<Block*>(slab + i * block_size);
      block->next = list.first;
      list.first = block;
    }
    list.count = static_cast<std::uint32_t>(count);
  }
  Block* block = list.first;
  list.first = block->next;
  --list.count;
  return block;
}

void Pool::deallocate_slowly(void* memory, std::size_t size) noexcept {
  if (under_sanitizer() || size > largest) return ::operator delete(memory);
  if (start_on_this_thread()) return deallocate(memory, size);
  auto* block = static_cast<Block*>(memory);
  block->next = nullptr;
  try {
    Depot::instance().give(class_of(size), List{block, 1});
  } catch (const std::bad_alloc&) {
  }
}

// A full list. Nobody walks through it: its blocks may be far from the caches by now.
void Pool::put_aside(std::size_t size_class) noexcept {
  List& list = instance_.lists_[size_class];
  List& spare = instance_.spare_lists_[size_class];
  try {
    if (spare.first) Depot::instance().give(size_class, spare);
  } catch (const std::bad_alloc&) {
    return;  // the list gets longer than it should, until there is memory for its place in the depot
  }
  spare = std::exchange(list, List());
}

}  // namespace heed::detail
