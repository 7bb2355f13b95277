#include "memory/failing_memory.hpp"

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <new>

namespace {

std::atomic<long> blocks{0};
thread_local std::size_t left = 0;  // allocations until one fails; 0: none does
thread_local bool stays = false;
thread_local bool has_failed = false;

// Before each block. It knows whether it was counted: deletion without a size cannot tell.
struct Header {
  void* memory;
  bool counted;
};

void* allocate(std::size_t size, std::size_t alignment = __STDCPP_DEFAULT_NEW_ALIGNMENT__) noexcept {
  if (left != 0 && --left == 0) {
    has_failed = true;
    if (stays) left = 1;
    return nullptr;
  }
  void* memory = std::malloc(sizeof(Header) + alignment + size);
  if (!memory) return nullptr;
  auto begin = reinterpret_cast<std::uintptr_t>(memory) + sizeof(Header) + alignment - 1;
  auto* block = reinterpret_cast<Header*>(begin / alignment * alignment);
  block[-1] = {memory, size != heed::test::uncounted_size};
  if (block[-1].counted) ++blocks;
  return block;
}

void deallocate(void* memory) noexcept {
  if (!memory) return;
  Header* header = static_cast<Header*>(memory) - 1;
  if (header->counted) --blocks;
  std::free(header->memory);
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

// The array forms and those with a size end up here.
void* operator new(std::size_t size) {
  if (void* memory = allocate(size)) return memory;
  throw std::bad_alloc();
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return allocate(size); }
void* operator new(std::size_t size, std::align_val_t alignment) {
  if (void* memory = allocate(size, static_cast<std::size_t>(alignment))) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { deallocate(memory); }
void operator delete(void* memory, std::size_t) noexcept { deallocate(memory); }
void operator delete(void* memory, const std::nothrow_t&) noexcept { deallocate(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { deallocate(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { deallocate(memory); }
