// The layout of a report.
#include "heed/failure/report.hpp"

#include <gtest/gtest.h>

#include "heed/failure/exception_group.hpp"
#include "heed/failure/ledger.hpp"
#include "heed/failure/throw_site.hpp"
#include "support/throwing.hpp"

namespace heed::test {
namespace {

class Reports : public ::testing::Test {
 protected:
  Reports() : record(*ledger.open(std::make_exception_ptr(std::runtime_error("disk full")), FailureBirth())) {}
  ~Reports() override {
    ledger.settle(record, Disposition::reported);
    ledger.close(&record);
  }
  std::string text() {
    Report report;
    report.message = "Task exception was never retrieved";
    report.record = &record;
    report.details = details;
    return render(report);
  }
  bool shows(const std::string& part) { return contains(text(), part); }

  Ledger ledger;
  FailureRecord& record;
  std::vector<std::pair<std::string, std::string>> details;
};

TEST_F(Reports, the_first_line_is_the_message) {
  EXPECT_EQ(text().substr(0, text().find('\n')), "heed: Task exception was never retrieved");
}

TEST_F(Reports, it_tells_what_was_thrown_and_its_number) {
  EXPECT_TRUE(shows("std::runtime_error: disk full"));
  EXPECT_TRUE(shows("#1"));
  EXPECT_TRUE(shows("(task"));
}

TEST_F(Reports, it_tells_the_task_its_creation_and_its_creators) {
  record.task_id = 7;
  record.task_name = "fetch";
  record.created_at = std::source_location::current();
  unsigned line = __LINE__ - 1;
  Creator creator;
  creator.id = 3;
  creator.name = "main";
  record.creators.push_back(creator);
  EXPECT_TRUE(shows("'fetch' (task 7)"));
  EXPECT_TRUE(shows("report_test.cpp:" + std::to_string(line)));
  EXPECT_TRUE(shows("by 'main'"));
}

TEST_F(Reports, it_tells_every_frame_of_the_await_chain) {
  record.await_chain.sites.push_back(std::source_location::current());
  record.await_chain.sites.push_back(std::source_location());
  EXPECT_TRUE(shows("report_test.cpp:" + std::to_string(__LINE__ - 2)));
  EXPECT_TRUE(shows("in a coroutine that has not awaited yet"));
}

TEST_F(Reports, a_long_await_chain_says_how_much_was_left_out) {
  record.await_chain.sites.assign(4, std::source_location::current());
  record.await_chain.omitted = 12;
  EXPECT_TRUE(shows("... 12 more ..."));
}

TEST_F(Reports, it_tells_the_code_of_a_system_error) {
  record.code = std::make_error_code(std::errc::connection_reset);
  EXPECT_TRUE(shows("generic " + std::to_string(ECONNRESET)));
}

TEST_F(Reports, it_tells_notes_causes_and_details) {
  record.notes = {"while reading", "while starting"};
  record.cause_id = 5;
  details.emplace_back("handle", "a callback");
  EXPECT_TRUE(shows("while reading"));
  EXPECT_TRUE(shows("while starting"));
  EXPECT_TRUE(shows("#5"));
  EXPECT_TRUE(shows("a callback"));
}

TEST_F(Reports, it_tells_where_it_was_thrown_when_that_is_known) {
  class Sites final : public ThrowSites {
   public:
    std::size_t addresses(const void*, void**, std::size_t) noexcept override { return 0; }
    std::string symbolise(void*) override { return "parse at config.cpp:12"; }
  };
  Sites sites;
  record.throw_site.push_back(nullptr);
  install_throw_sites(&sites);
  EXPECT_TRUE(shows("parse at config.cpp:12"));
  install_throw_sites(nullptr);
}

TEST_F(Reports, without_a_record_the_exception_is_shown) {
  Report report;
  report.message = "m";
  report.exception = std::make_exception_ptr(ExceptionGroup("g", {std::make_exception_ptr(1)}));
  std::string shown = render(report);
  EXPECT_TRUE(contains(shown, "heed::ExceptionGroup: g (1 sub-exception)"));
  EXPECT_TRUE(contains(shown, "`- int: 1"));
}

TEST_F(Reports, a_report_about_nothing_is_its_message) {
  Report report;
  report.message = "only this";
  EXPECT_EQ(render(report), "heed: only this\n");
}

TEST_F(Reports, colours_only_wrap_the_text) {
  Report report;
  report.message = "m";
  report.record = &record;
  std::string plain = render(report), coloured = render(report, true), stripped;
  EXPECT_FALSE(contains(plain, "\033"));
  for (std::size_t i = 0; i < coloured.size(); ++i) {
    if (coloured[i] == '\033') {
      while (coloured[i] != 'm') ++i;
    } else {
      stripped += coloured[i];
    }
  }
  EXPECT_EQ(stripped, plain);
}

std::string here(std::source_location site = std::source_location::current()) { return function_name(site); }

struct Named {
  static const char* pointer(std::string& name, int (*)(int)) {
    name = here();
    return "";
  }
  std::pair<int, int> operator()(std::pair<int, int> pair) {
    called = here();
    return pair;
  }
  bool operator<(int) {
    called = here();
    return true;
  }
  std::string called;
};
decltype(auto) deduced(std::string& name) { return name = here(); }

// As g++ 12 names coroutines, and every compiler alike.
TEST_F(Reports, a_function_is_named_without_its_return_type) {
  Named named;
  std::string name;
  Named::pointer(name, nullptr);
  EXPECT_EQ(name, "heed::test::Named::pointer(std::string&, int (*)(int))");
  named({1, 2});
  EXPECT_EQ(named.called, "heed::test::Named::operator()(std::pair<int, int>)");
  EXPECT_TRUE(named < 1);
  EXPECT_EQ(named.called, "heed::test::Named::operator<(int)");
  deduced(name);
  EXPECT_EQ(name, "heed::test::deduced(std::string&)");
}

TEST_F(Reports, a_site_names_function_file_and_line) {
  std::source_location here = std::source_location::current();
  std::string shown = format_site(here);
  EXPECT_TRUE(contains(shown, "a_site_names_function_file_and_line")) << shown;
  EXPECT_TRUE(contains(shown, "report_test.cpp:" + std::to_string(here.line()))) << shown;
}

}  // namespace
}  // namespace heed::test
