// The cache that frames and task blocks come from.
#include "heed/failure/pool.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>
#include <thread>
#include <utility>
#include <vector>

#include "support/sanitizers.hpp"

// The pool asks for huge pages in this way, and nothing else in this program.
namespace {
bool huge_pages_are_out = false;
std::atomic<int> huge_pages = 0;
}  // namespace
void* operator new(std::size_t size, std::align_val_t alignment) {
  void* memory = huge_pages_are_out ? nullptr : std::aligned_alloc(static_cast<std::size_t>(alignment), size);
  if (!memory) throw std::bad_alloc();
  ++huge_pages;
  return memory;
}
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }

namespace heed::detail {
namespace {

bool aligned(void* memory) { return reinterpret_cast<std::uintptr_t>(memory) % Pool::granularity == 0; }

TEST(Pools, every_size_gives_memory_that_is_aligned_and_usable) {
  std::vector<std::pair<void*, std::size_t>> blocks;
  for (std::size_t size = 1; size <= 2 * Pool::largest; size += 7) {
    void* memory = Pool::allocate(size);
    ASSERT_TRUE(aligned(memory)) << size;
    std::memset(memory, static_cast<int>(size), size);
    blocks.emplace_back(memory, size);
  }
  for (auto [memory, size] : blocks) {  // nobody wrote over a neighbour
    const auto* bytes = static_cast<unsigned char*>(memory);
    EXPECT_EQ(bytes[0], static_cast<unsigned char>(size));
    EXPECT_EQ(bytes[size - 1], static_cast<unsigned char>(size));
    Pool::deallocate(memory, size);
  }
}

TEST(Pools, the_limits_of_the_size_classes_are_right) {
  for (std::size_t size : {Pool::granularity - 1, Pool::granularity, Pool::granularity + 1, Pool::largest - 1,
                           Pool::largest, Pool::largest + 1}) {
    void* memory = Pool::allocate(size);
    std::memset(memory, 1, size);
    Pool::deallocate(memory, size);
  }
}

TEST(Pools, a_block_may_be_freed_on_another_thread) {
  std::vector<void*> blocks(1000);
  for (void*& block : blocks) block = Pool::allocate(200);
  std::thread([&] {
    for (void* block : blocks) Pool::deallocate(block, 200);
  }).join();
  for (void*& block : blocks) block = Pool::allocate(200);  // they come back through the depot
  for (void* block : blocks) {
    std::memset(block, 2, 200);
    Pool::deallocate(block, 200);
  }
}

TEST(Pools, one_thread_allocates_and_another_frees_without_end) {
  // More than a list holds, so that chains travel through the depot while both run.
  constexpr int count = 50'000;
  std::vector<void*> blocks(count);
  for (int round = 0; round < 3; ++round) {
    std::thread([&] {
      for (void*& block : blocks) block = Pool::allocate(64);
    }).join();
    std::thread([&] {
      for (void* block : blocks) Pool::deallocate(block, 64);
    }).join();
  }
}

TEST(Pools, many_threads_allocate_and_free_at_once) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([t] {
      std::vector<unsigned char*> blocks;
      for (int i = 0; i < 20'000; ++i) {
        std::size_t size = 16 + static_cast<std::size_t>(i * 37 % 1000);
        if (i % 3 == 2) {
          unsigned char* block = blocks.back();
          blocks.pop_back();
          EXPECT_EQ(block[0], t);
          Pool::deallocate(block, 512);
        } else {
          auto* block = static_cast<unsigned char*>(Pool::allocate(512));
          block[0] = static_cast<unsigned char>(t);
          blocks.push_back(block);
        }
        Pool::deallocate(Pool::allocate(size), size);
      }
      for (unsigned char* block : blocks) Pool::deallocate(block, 512);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

class ManyBlocks : public ::testing::Test {
 protected:
  static constexpr std::size_t sizes[] = {1024, 48, 128, 272};
  ~ManyBlocks() override {
    for (auto [block, size] : blocks) Pool::deallocate(block, size);
  }
  // Throws std::bad_alloc.
  void add() {
    std::size_t size = sizes[blocks.size() % std::size(sizes)];
    auto* block = static_cast<unsigned char*>(Pool::allocate(size));
    std::memset(block, static_cast<int>(blocks.size() % 251), size);
    blocks.emplace_back(block, size);
    bytes += size;
  }
  // What was written into them is still there.
  void check() const {
    for (std::size_t i = 0; i < blocks.size(); ++i) {
      auto [block, size] = blocks[i];
      ASSERT_TRUE(aligned(block));
      for (std::size_t j = 0; j < size; ++j) ASSERT_EQ(block[j], i % 251) << "block " << i << ", byte " << j;
    }
  }
  std::vector<std::pair<unsigned char*, std::size_t>> blocks;
  std::size_t bytes = 0;
};

TEST_F(ManyBlocks, are_whole_when_they_come_from_huge_pages) {
  int before = huge_pages;
  while (bytes < std::size_t{40} << 20) add();
  check();
  EXPECT_GE(huge_pages, before + (test::sanitized ? 0 : 10));
}

TEST_F(ManyBlocks, without_memory_for_the_next_there_is_bad_alloc_and_afterwards_all_goes_on) {
  if (test::sanitized) GTEST_SKIP() << "the pool does not ask for huge pages under a sanitizer";
  huge_pages_are_out = true;
  EXPECT_THROW(while (bytes < std::size_t{400} << 20) add(), std::bad_alloc);
  EXPECT_THROW(add(), std::bad_alloc);
  huge_pages_are_out = false;
  for (int i = 0; i < 100'000; ++i) add();
  check();
}

TEST(Pools, huge_pages_are_shared_by_threads_that_need_them_at_once) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([t] {
      std::vector<unsigned char*> blocks;
      for (int i = 0; i < 40'000; ++i) {
        blocks.push_back(static_cast<unsigned char*>(Pool::allocate(400)));
        std::memset(blocks.back(), t, 400);
      }
      for (unsigned char* block : blocks) {
        ASSERT_EQ(block[0], t);
        ASSERT_EQ(block[399], t);
        Pool::deallocate(block, 400);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

// A thread-local object that is destroyed after the pool of its thread.
struct Late {
  ~Late() {
    if (block) Pool::deallocate(block, 100);
    Pool::deallocate(Pool::allocate(100), 100);
  }
  void* block = nullptr;
};

TEST(Pools, memory_may_be_used_while_a_thread_ends) {
  std::thread([] {
    static thread_local Late late;
    late.block = nullptr;  // made before the pool's first use: destroyed after it
    late.block = Pool::allocate(100);
  }).join();
}

}  // namespace
}  // namespace heed::detail
