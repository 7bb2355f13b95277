// PriorityQueue gives the least item first, LifoQueue the latest.
#include "support/scenario.hpp"

namespace conformance {
namespace {

template <class AnyQueue>
Coro<> put_and_get(AnyQueue& queue) {
  for (int n : {5, 1, 3}) co_await queue.put(n);
  std::vector<int> items;
  for (int i = 0; i < 3; ++i) items.push_back(queue.get_nowait());
  log(items);
}

Coro<> program() {
  PriorityQueue<int> ranked;
  co_await put_and_get(ranked);
  LifoQueue<int> stack;
  co_await put_and_get(stack);
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance
