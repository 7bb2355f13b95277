// The cache that frames and task blocks come from.
#include "heed/failure/pool.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <thread>
#include <vector>

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
