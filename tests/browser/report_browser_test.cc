// SPDX-License-Identifier: Apache-2.0
// The page in headless Chromium: plots draw, tables sort, nothing is logged as an error, nothing is asked of
// a network.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <regex>

#include "harness/base/file.h"
#include "harness/base/paths.h"
#include "reports/report.h"
#include "tests/golden/report/sample_suite.h"

namespace emf {
namespace {

constexpr const char* kFlags =
    "--headless --no-sandbox --disable-gpu --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync "
    "--disable-dev-shm-usage --enable-logging=stderr --log-level=0 --virtual-time-budget=30000 "
    "--window-size=1280,900";

size_t count(const std::string& text, const std::string& pattern) {
  const std::regex expression(pattern);
  return static_cast<size_t>(
      std::distance(std::sregex_iterator(text.begin(), text.end(), expression), std::sregex_iterator()));
}

class ReportInBrowser : public testing::Test {
 protected:
  void SetUp() override {
    for (const char* name : {"/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"}) {
      if (browser_.empty() && std::filesystem::exists(name)) browser_ = name;
    }
    if (browser_.empty()) GTEST_SKIP() << "no Chromium here (Debian: apt-get install chromium)";
    for (const char* id : {"vega", "vega-lite", "vega-embed", "tabulator", "tabulator-css"}) {
      if (!std::filesystem::exists(package_file(id).path)) GTEST_SKIP() << id << " is not fetched (./emfbench setup)";
    }
    folder_ = std::filesystem::path(testing::TempDir()) / ("emf_browser_" + std::to_string(getpid()));
    std::filesystem::remove_all(folder_);
    page_ = write_report(write_sample_store(folder_ / "store"), folder_ / "store", folder_ / "out");
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  /// The document after its scripts ran; what the browser said goes to log_.
  std::string dumped_document() {
    const auto out = folder_ / "dom.html", log = folder_ / "log.txt";
    const std::string command = browser_ + " " + kFlags + " --user-data-dir='" + (folder_ / "profile").string() +
                                "' --dump-dom 'file://" + page_.string() + "' >'" + out.string() + "' 2>'" +
                                log.string() + "'";
    const int status = std::system(("timeout 120 " + command).c_str());
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << command;
    log_ = read_file(log);
    return read_file(out);
  }

  std::string browser_, log_;
  std::filesystem::path folder_, page_;
};

TEST_F(ReportInBrowser, DrawsPlotsAndTables) {
  const std::string document = dumped_document();
  const size_t plots = count(document, "<figure class=\"plot\">");
  EXPECT_GE(plots, 10u);
  EXPECT_EQ(count(document, "<svg [^>]*class=\"marks\""), plots) << "a plot was not drawn";
  EXPECT_EQ(count(document, "data-state=\"drawn\""), count(document, "class=\"panels drawn\""));
  EXPECT_EQ(count(document, "data-state=\"failed\""), 0u);
  EXPECT_GE(count(document, "class=\"mark-line role-mark"), 3u);
  EXPECT_EQ(count(document, "class=\"tabulator\""), count(document, "<table class=\"interactive\""));
  EXPECT_GE(count(document, "tabulator-row "), 8u);
}

TEST_F(ReportInBrowser, MarkupInARecordStaysText) {
  // The scripts build tables and plots out of the page's text: what is text there must not become markup again.
  const std::filesystem::path store = folder_ / "store", record = write_sample_store(store);
  Json result = read_json(record / "result.json");
  const std::string hostile = "<img src=x onerror=console.error(1)><b>";
  for (Json& row : result["rows"]) {
    if (row["encoder"] != "real") row["encoder"] = hostile + row["encoder"].get<std::string>();
  }
  result["metrics"]["geneval"] = {{"title", hostile}, {"meaning", hostile}, {"parts", {{"counting", hostile}}}};
  result["names"]["objective"]["mean_flow"] = {{"title", hostile}};
  write_json(record / "result.json", result);
  page_ = write_report(record, store, folder_ / "out");
  const std::string document = dumped_document();
  EXPECT_EQ(count(document, "<img src=\"?x"), 0u);
  EXPECT_EQ(count(document, "<b>"), 0u + count(read_file(page_), "<b>"));
  EXPECT_GE(count(document, "class=\"tabulator\""), 1u);
  EXPECT_EQ(count(log_, "CONSOLE[^\n]*rror"), 0u) << log_;
}

TEST_F(ReportInBrowser, LogsNoErrorAndPointsNowhere) {
  const std::string document = dumped_document();
  EXPECT_EQ(count(log_, "CONSOLE[^\n]*(rror|Refused|violates|WARN)"), 0u) << log_;
  const std::string markup = std::regex_replace(read_file(page_), std::regex("<script>"), "\n<script>");
  for (const std::string& text : {markup, document}) {
    EXPECT_EQ(count(text, "<[a-zA-Z][^<>]* (src|href|action|data|poster|srcset)=\"?(https?:|//|file:)"), 0u);
    EXPECT_EQ(count(text, "<link |@import|<iframe|<object|<embed"), 0u);
    EXPECT_EQ(count(text, "url\\((\"|')?(https?:|//)"), 0u);
  }
  EXPECT_NE(markup.find("default-src 'none'"), std::string::npos);
  EXPECT_LT(std::filesystem::file_size(page_), 5u * 1024 * 1024);
}

}  // namespace
}  // namespace emf
