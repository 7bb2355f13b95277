// A negative value and a bounded semaphore released once too often are errors; a plain one may grow.
#include "support/scenario.hpp"

namespace conformance {
namespace {

Coro<> program() {
  log(raised_by([] { Semaphore negative(-1); }));
  BoundedSemaphore bounded(1);
  co_await bounded.acquire();
  bounded.release();
  log(raised_by([&] { bounded.release(); }));
  Semaphore plain(0);
  plain.release();
  log("plain semaphore grew; locked:", plain.locked());
}

const Scenario scenario(program);

}  // namespace
}  // namespace conformance
