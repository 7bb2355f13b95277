#include "memory/failing_memory.hpp"

#include <atomic>
#include <cstdlib>
#include <new>

namespace {

std::atomic<long> blocks{0};
thread_local std::size_t left = 0;  // allocations until one fails; 0: none does
thread_local bool stays = false;
thread_local bool has_failed = false;

// A block knows whether it was counted: deletion without a size cannot tell.
struct alignas(std::max_align_t) Header {
  bool counted;
};

void* allocate(std::size_t size) noexcept {
  if (left != 0 && --left == 0) {
    has_failed = true;
    if (stays) left = 1;
    return nullptr;
  }
  auto* header = static_cast<Header*>(std::malloc(sizeof(Header) + size));
  if (!header) return nullptr;
  header->counted = size != heed::test::uncounted_size;
  if (header->counted) ++blocks;
  return header + 1;
}

void deallocate(void* memory) noexcept {
  if (!memory) return;
  Header* header = static_cast<Header*>(memory) - 1;
  if (header->counted) --blocks;
  std::free(header);
}

}  // namespace

namespace heed::test {

FailingMemory::FailingMemory(std::size_t n, bool for_good) noexcept {
  left = n;
  stays = for_good;
  has_failed = false;
}
FailingMemory::~FailingMemory() { left = 0; }
bool FailingMemory::failed() noexcept { return has_failed; }

long live_blocks() noexcept { return blocks; }

}  // namespace heed::test

// The array forms and those with a size end up here. Over-aligned memory is left alone.
void* operator new(std::size_t size) {
  if (void* memory = allocate(size)) return memory;
  throw std::bad_alloc();
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return allocate(size); }
void operator delete(void* memory) noexcept { deallocate(memory); }
void operator delete(void* memory, std::size_t) noexcept { deallocate(memory); }
void operator delete(void* memory, const std::nothrow_t&) noexcept { deallocate(memory); }
