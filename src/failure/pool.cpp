#include "heed/failure/pool.hpp"

#include <sys/mman.h>

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
// When there are slabs for so much, further ones are cut from pieces of the size of a huge page. A page fault is 0.5 to
// 12 us, for 18 tasks that wait; a huge page needs one for 9,000 of them, and far fewer entries of the TLB.
constexpr std::size_t slabs_without_huge_pages = std::size_t{8} << 20;  // so a piece is a quarter of all, at most
constexpr std::size_t huge_page = std::size_t{2} << 20;
enum class Thread : unsigned char { unused, started, ended };
constinit thread_local Thread this_thread = Thread::unused;

bool under_sanitizer() noexcept { return &__asan_init != nullptr || &__tsan_init != nullptr; }

}  // namespace

// What all threads share: chains of free blocks that one thread has too many of, and memory that was never used.
struct Pool::Depot {
  struct Unused {  // at the begin of it
    Unused* next;
    char* end;
  };
  std::mutex mutex;
  std::vector<List> chains[largest / granularity + 1];
  Unused* unused = nullptr;
  std::size_t from_new = 0;  // slabs without huge pages, in bytes

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

  // Throws std::bad_alloc. What `operator new` calls may use the pool.
  char* new_slab() {
    std::unique_lock lock(mutex);
    while (!unused) {
      bool huge = from_new >= slabs_without_huge_pages;
      lock.unlock();
      if (!huge) {
        auto* slab = static_cast<char*>(::operator new(slab_size));
        lock.lock();
        from_new += slab_size;
        return slab;
      }
      auto* memory = static_cast<char*>(::operator new(huge_page, std::align_val_t(huge_page)));
      static_cast<void>(madvise(memory, huge_page, MADV_HUGEPAGE));  // as good without
      lock.lock();
      unused = new (memory) Unused{unused, memory + huge_page};
    }
    auto* slab = reinterpret_cast<char*>(unused);
    Unused rest = *unused;
    unused = slab + slab_size == rest.end ? rest.next : new (slab + slab_size) Unused(rest);
    return slab;
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
    char* slab = Depot::instance().new_slab();
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
