// The cache that frames and task blocks come from, beside malloc.
#include "heed/failure/pool.hpp"

#include <cstdlib>
#include <vector>

#include "micro.hpp"

namespace {

using heed::detail::Pool;

struct FromPool {
  static void* allocate(std::size_t size) { return Pool::allocate(size); }
  static void deallocate(void* memory, std::size_t size) { Pool::deallocate(memory, size); }
};
struct FromMalloc {
  static void* allocate(std::size_t size) { return std::malloc(size); }
  static void deallocate(void* memory, std::size_t) { std::free(memory); }
};

template <class Source>
void pair(benchmark::State& state) {
  auto size = static_cast<std::size_t>(state.range(0));
  for (auto _ : state) {
    void* memory = Source::allocate(size);
    benchmark::DoNotOptimize(memory);
    Source::deallocate(memory, size);
  }
}
BENCHMARK(pair<FromPool>)->Name("pool/pair")->Arg(64)->Arg(256)->Arg(1024)->Arg(2048);
BENCHMARK(pair<FromMalloc>)->Name("malloc/pair")->Arg(64)->Arg(256)->Arg(1024)->Arg(2048);

// A thousand blocks live at once.
template <class Source>
void thousand(benchmark::State& state) {
  auto size = static_cast<std::size_t>(state.range(0));
  std::vector<void*> blocks(1000);
  for (auto _ : state) {
    for (void*& block : blocks) block = Source::allocate(size);
    benchmark::ClobberMemory();
    for (void* block : blocks) Source::deallocate(block, size);
  }
  state.SetItemsProcessed(state.iterations() * 1000);
}
BENCHMARK(thousand<FromPool>)->Name("pool/thousand")->Arg(256);
BENCHMARK(thousand<FromMalloc>)->Name("malloc/thousand")->Arg(256);

}  // namespace
