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
enum class Thread : unsigned char { unused, started, ended };
constinit thread_local Thread this_thread = Thread::unused;

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
    this_thread = Thread::ended;
    for (std::size_t size_class = 0; size_class <= largest / granularity; ++size_class) {
      for (List* list : {&pool.lists_[size_class], &pool.spare_lists_[size_class]}) {
        List chain = std::exchange(*list, List());
        if (!chain.first) continue;
        try {
          Depot::instance().give(size_class, chain);
        } catch (const std::bad_alloc&) {  // the blocks are lost to the process, nothing else
        }
      }
    }
  }
};

// On its first use. Not under a sanitizer.
void Pool::start_on_this_thread() noexcept {
  if (this_thread != Thread::unused) return;
  static thread_local AtThreadExit at_exit;
  static_cast<void>(at_exit);
  for (List& list : instance_.lists_) list.room = longest_list;
  this_thread = Thread::started;
}

void* Pool::allocate_slowly(std::size_t size) {
  if (under_sanitizer() || size > largest) return ::operator new(size);
  start_on_this_thread();
  std::size_t size_class = class_of(size);
  std::size_t block_size = size_class * granularity;
  // Is freed into a list of the same class, never with delete.
  if (this_thread == Thread::ended) return ::operator new(block_size);
  List& list = instance_.lists_[size_class];
  List& spare = instance_.spare_lists_[size_class];
  if (spare.first) {
    list = std::exchange(spare, List());
  } else if (!Depot::instance().take(size_class, list)) {
    auto* slab = static_cast<char*>(::operator new(slab_size));
    std::size_t count = slab_size / block_size;
    for (std::size_t i = count; i-- > 0;)  // in ascending order: neighbours in time are neighbours in memory
      list.push(slab + i * block_size);
    list.room = longest_list - static_cast<std::uint32_t>(count);
  }
  Block* block = list.first;
  list.first = block->next;
  ++list.room;
  return block;
}

void Pool::deallocate_slowly(void* memory, std::size_t size) noexcept {
  if (under_sanitizer() || size > largest) return ::operator delete(memory);
  start_on_this_thread();
  std::size_t size_class = class_of(size);
  if (this_thread == Thread::ended) {
    List chain{nullptr, longest_list - 1};
    chain.push(memory);
    try {
      Depot::instance().give(size_class, chain);
    } catch (const std::bad_alloc&) {
    }
    return;
  }
  List& list = instance_.lists_[size_class];
  if (list.room == 0) put_aside(size_class);
  if (list.room != 0) --list.room;
  list.push(memory);
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
  spare = std::exchange(list, List{nullptr, longest_list});
}

}  // namespace heed::detail
