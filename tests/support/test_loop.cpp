#include "support/test_loop.hpp"

#include "heed/failure/exception_info.hpp"

namespace heed::test {

SeenReport::SeenReport(const ErrorContext& context)
    : message(context.message), exception(describe(context.exception)), error(context.exception), keys(context.keys()) {
  if (context.task) {
    task = context.task.name();
  } else if (context.future && context.future.is_task()) {
    task = AnyTask::share(context.future.state()).name();
  }
  if (context.handle) handle = context.handle.describe();
  if (context.record) record = *context.record;
}

TestLoop::TestLoop(VirtualTime& time) : EventLoop(time.make_poller(), time) { remember_reports(); }

TestLoop::TestLoop() { remember_reports(); }

void TestLoop::remember_reports() {
  set_debug(false);  // whatever the environment says
  set_exception_handler([this](EventLoop& loop, const ErrorContext& context) {
    EXPECT_EQ(&loop, this);
    EXPECT_TRUE(failures().balanced()) << "during a report: " << failures().summary();
    reports.emplace_back(context);
  });
}

SeenReport TestLoop::take_report() { return take_reports(1).front(); }

std::vector<SeenReport> TestLoop::take_reports(std::size_t count) {
  EXPECT_EQ(reports.size(), count) << "reports";
  std::vector<SeenReport> taken = std::exchange(reports, {});
  while (taken.size() < count) taken.emplace_back(ErrorContext());
  return taken;
}

void TestLoop::turn(int iterations) {
  for (int i = 0; i < iterations; ++i) {
    stop();
    run_forever();
  }
}

void TestLoop::run_for(Duration duration) {
  call_later(duration, [this] { stop(); });
  run_forever();
}

void close_and_check(TestLoop& loop) {
  EXPECT_TRUE(loop.failures().balanced()) << loop.failures().summary();
  loop.close();
  const Ledger& books = loop.failures();
  EXPECT_TRUE(books.balanced()) << books.summary();
  EXPECT_EQ(books.failures().live, 0u) << books.summary();
  EXPECT_EQ(books.cancellations().pending, 0u) << books.summary();
  EXPECT_TRUE(all_tasks(loop).empty());
  for (const SeenReport& report : loop.reports)
    ADD_FAILURE() << "unexpected report: " << report.message << " [" << report.exception << "] " << report.task;
}

}  // namespace heed::test
