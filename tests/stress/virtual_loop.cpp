#include "stress/virtual_loop.hpp"

#include "stress/sync_pool.hpp"
#include "stress/world.hpp"

namespace heed::stress {

std::size_t VirtualPoller::wait(Duration timeout, std::span<PollEvent>) {
  if (world_.loop) {
    const Ledger& books = world_.loop->failures();
    world_.oracle.check_lists(books);
    bool needs_no_timer = books.failures().live == 0 && world_.plan->mode != Mode::runner;
    if (timeout > Duration::zero()) {
      world_.schedule.loop_sleeps(timeout, needs_no_timer);
      world_.sync().loop_sleeps();
      world_.check_rests();
    }
  }
  if (timeout == Duration::max()) {
    world_.loop->stop();
  } else if (timeout > Duration::zero()) {
    world_.clock.advance(timeout);
  }
  return 0;
}

StressLoop::StressLoop(World& world) : EventLoop(std::make_unique<VirtualPoller>(world), world.clock), world_(world) {
  const LoopPlan& plan = *world.plan;
  set_debug(plan.debug);
  if (plan.grace != 2) set_unretrieved_grace(std::chrono::milliseconds(3 * plan.grace));
  if (plan.handler)
    set_exception_handler([&world](EventLoop&, const ErrorContext& context) { world.handler_told(context); });
  if (plan.eager) {
    set_task_factory(eager_task_factory);
  } else if (plan.factory)
    set_task_factory([](EventLoop&, TaskOptions& options) {
      if (options.name().empty()) options.set_name("from the factory");
    });
}

void StressLoop::default_exception_handler(const ErrorContext& context) { world_.default_handler_told(*this, context); }

}  // namespace heed::stress
