// Benchmarks of single pieces, with Google Benchmark.
#pragma once

#include <benchmark/benchmark.h>

#include "heed/heed.hpp"

// BENCHMARK(in_loop<body>): runs the coroutine `body`, which has the loop over `state` in it.
template <heed::Coro<> (*body)(benchmark::State&)>
void in_loop(benchmark::State& state) {
  heed::run(body(state));
}
