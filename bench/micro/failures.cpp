// An exception on its way through awaits, thrown again at each or passed on.
#include "micro.hpp"

namespace {

using namespace heed;

struct Failure : std::exception {};

[[gnu::noinline]] Coro<int> thrown(long depth) {
  if (depth <= 1) throw Failure();
  co_return 1 + co_await thrown(depth - 1);
}
[[gnu::noinline]] Coro<int> passed(long depth) {
  if (depth <= 1) throw Failure();
  co_return 1 + co_await pass(passed(depth - 1));
}

template <Coro<int> (*fail)(long)>
Coro<> caught(benchmark::State& state) {
  for (auto _ : state) {
    try {
      benchmark::DoNotOptimize(co_await fail(state.range(0)));
    } catch (const Failure&) {
    }
  }
}
BENCHMARK(in_loop<caught<thrown>>)->Name("failure/thrown")->Arg(1)->Arg(8)->Arg(32);
BENCHMARK(in_loop<caught<passed>>)->Name("failure/passed")->Arg(1)->Arg(8)->Arg(32);

}  // namespace
