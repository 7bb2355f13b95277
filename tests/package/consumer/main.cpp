// The smallest program that uses an installed heed: a coroutine, the loop, a result.
#include <heed/heed.hpp>

heed::Coro<int> answer() { co_return 42; }

int main() { return heed::run(answer()) == 42 ? 0 : 1; }
