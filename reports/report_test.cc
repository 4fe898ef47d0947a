// SPDX-License-Identifier: Apache-2.0
// The report: schemas refuse what does not fit, sections mark honestly, the page escapes, matches its golden and asks
// for nothing.
#include "reports/report.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <map>
#include <regex>
#include <set>

#include "harness/api/section.h"
#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/base/manifest.h"
#include "harness/base/paths.h"
#include "reports/blocks/picture_tiles.h"
#include "reports/record/record.h"
#include "reports/writers/html.h"
#include "reports/writers/page.h"
#include "tests/golden/report/sample_suite.h"

namespace emf {
namespace {

std::string message_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const UserError& error) {
    return error.what();
  }
  return "";
}

/// A store of its own, and no fetched scripts, so that the golden page stays small.
class ReportTest : public testing::Test {
 protected:
  void SetUp() override {
    store_ = std::filesystem::path(testing::TempDir()) / ("emf_report_" + std::to_string(getpid()));
    std::filesystem::remove_all(store_);
    if (const char* before = std::getenv("EMFBENCH_DEPS")) before_ = before;
    setenv("EMFBENCH_DEPS", (store_ / "nothing").c_str(), 1);
    folder_ = write_sample_store(store_);
  }
  void TearDown() override {
    std::filesystem::remove_all(store_);
    before_.empty() ? unsetenv("EMFBENCH_DEPS") : setenv("EMFBENCH_DEPS", before_.c_str(), 1);
  }
  std::string page() { return read_file(write_report(folder_, store_, store_ / "out")); }
  std::string section(const std::string& name, const Json& result) {
    return html_of(SectionRegistry::instance().make(name)->blocks({result, sample_provenance(), store_}));
  }

  std::filesystem::path store_, folder_;
  std::string before_;
};

TEST(ResultSchema, TakesTheSample) {
  EXPECT_NO_THROW(validate_result(sample_result()));
  EXPECT_NO_THROW(validate_provenance(sample_provenance()));
}

TEST(ResultSchema, NamesThePlaceThatIsWrong) {
  Json result = sample_result();
  result["rows"][3]["value"] = "0.5";
  EXPECT_NE(message_of([&] { validate_result(result); }).find("/rows/3/value"), std::string::npos);
  result = sample_result();
  result["claims"][1]["verdict"] = "perhaps";
  EXPECT_NE(message_of([&] { validate_result(result); }).find("/claims/1/verdict"), std::string::npos);
  result = sample_result();
  result["rows"][2].erase("metric");
  EXPECT_NE(message_of([&] { validate_result(result); }).find("/rows/2"), std::string::npos);
  result = sample_result();
  result["rows"][0]["ci95"] = {0.6, 0.2};
  EXPECT_NE(message_of([&] { validate_result(result); }).find("/rows/0/ci95"), std::string::npos);
  Json provenance = sample_provenance();
  provenance["threads"] = 0;
  EXPECT_NE(message_of([&] { validate_provenance(provenance); }).find("/threads"), std::string::npos);
}

TEST(PictureTiles, Base64KnowsItsPadding) {  // RFC 4648, section 10
  const auto encode = [](const std::string& text) { return base64(text); };
  EXPECT_EQ(encode(""), "");
  EXPECT_EQ(encode("f"), "Zg==");
  EXPECT_EQ(encode("fo"), "Zm8=");
  EXPECT_EQ(encode("foobar"), "Zm9vYmFy");
}

TEST_F(ReportTest, SectionsAreNamedAfterTheirFiles) {
  ASSERT_FALSE(SectionRegistry::instance().names().empty());
  for (const std::string& name : SectionRegistry::instance().names()) {
    EXPECT_EQ(std::filesystem::path(SectionRegistry::instance().find(name).source_file).stem(), name);
  }
}

TEST_F(ReportTest, EverySectionSaysNothingOfTheBarestRecord) {
  const Json bare = {{"schema", "emf.result/1"}, {"kind", "suite"},          {"suite", "bare"},      {"question", "?"},
                     {"spec_hash", "0"},         {"prompts", Json::array()}, {"rows", Json::array()}};
  validate_result(bare);
  for (const std::string& name : SectionRegistry::instance().names()) {
    const auto blocks = SectionRegistry::instance().make(name)->blocks({bare, Json::object(), store_});
    // A suite without claims and a record without provenance are worth a sentence; nothing else is.
    EXPECT_EQ(!blocks.empty(), name == "verdict" || name == "provenance") << name;
  }
  const std::string html = render_page({bare, Json::object(), store_});
  EXPECT_NE(html.find("This suite makes no claims."), std::string::npos);
  EXPECT_NE(html.find("came without its provenance"), std::string::npos);
}

TEST_F(ReportTest, ASectionGoesWithWhatItIsMadeOf) {
  const std::map<std::string, std::set<std::string>> made_of = {{"attributions", {"attributions"}},
                                                                {"budgets", {"budgets"}},
                                                                {"comparisons", {"comparisons"}},
                                                                {"curves", {"training_curves"}},
                                                                {"probes", {"probes", "probe_against_quality"}},
                                                                {"samples", {"pictures"}},
                                                                {"claims", {}},
                                                                {"failed", {}},
                                                                {"instruments", {}}};
  const auto told = [&](const Json& result) {
    std::set<std::string> names;
    for (const std::string& name : SectionRegistry::instance().names()) {
      if (!section(name, result).empty()) names.insert(name);
    }
    return names;
  };
  const std::set<std::string> whole = told(sample_result());
  for (const auto& [key, gone] : made_of) {
    Json result = sample_result();
    ASSERT_EQ(result.erase(key), 1u) << key;
    std::set<std::string> wanted = whole;
    for (const std::string& name : gone) EXPECT_EQ(wanted.erase(name), 1u) << name << " is not in the sample's report";
    EXPECT_EQ(told(result), wanted) << "without " << key;
  }
}

TEST_F(ReportTest, TextFromTheRecordIsEscapedEverywhere) {
  Json result = sample_result();
  const std::string hostile = "<img src=x onerror=alert(1)>\"'";
  result["names"]["objective"]["ddpm"] = {{"title", hostile}, {"color", hostile}, {"mark", hostile}};
  result["metrics"]["geneval"] = {{"title", hostile}, {"meaning", hostile}, {"parts", {{"counting", hostile}}}};
  result["suite"] = result["question"] = hostile;
  for (Json& claim : result["claims"]) claim["name"] = claim["detail"] = hostile;
  for (const char* list : {"rows", "probes", "budgets", "curves", "samples"}) {
    for (Json& item : result[list]) item["encoder"] = hostile;
  }
  for (Json& prompt : result["prompts"]) prompt["text"] = prompt["tag"] = hostile;
  for (Json& stage : result["failed"]) stage["why"] = hostile;
  result["attributions"] = {hostile};
  const std::string html = render_page({result, sample_provenance(), store_});
  EXPECT_EQ(html.find("<img src=x"), std::string::npos);
  EXPECT_NE(html.find("&lt;img src=x"), std::string::npos);
}

TEST_F(ReportTest, BestIsMarkedOnlyWhereIntervalsPart) {
  Json result = sample_result();
  const auto count_best = [&] {
    const std::string html = section("scores", result);
    const std::regex best("class=\"number best\"");
    return std::distance(std::sregex_iterator(html.begin(), html.end(), best), std::sregex_iterator());
  };
  for (Json& row : result["rows"]) {
    if (row["metric"] == "geneval" && !row["value"].is_null())
      row["ci95"] = {row["value"].get<double>() - 0.001, row["value"].get<double>() + 0.001};
  }
  EXPECT_EQ(count_best(), 2);  // at 25 steps class_label's objectives are level
  for (Json& row : result["rows"]) {
    if (row["metric"] == "geneval" && !row["value"].is_null()) row["ci95"] = {0.0, 1.0};
  }
  EXPECT_EQ(count_best(), 0);
}

TEST_F(ReportTest, UnequalBudgetsAreCalledOut) {
  Json result = sample_result();
  EXPECT_NE(section("budgets", result).find("All 8 rows"), std::string::npos);
  result["budgets"][0]["pictures"] = 100;
  EXPECT_NE(section("budgets", result).find("not on equal terms"), std::string::npos);
}

TEST_F(ReportTest, SamplesMayNotLeaveTheStore) {
  Json result = sample_result();
  result["samples"][0]["file"] = "../../etc/passwd";
  EXPECT_THROW(section("pictures", result), UserError);
}

TEST_F(ReportTest, LostGridsLeaveTheReportWhole) {
  std::filesystem::remove_all(store_ / "runs" / "sample");
  EXPECT_NE(page().find("no longer in the store"), std::string::npos);
}

TEST_F(ReportTest, NoMetricIsCalledByANameThatIsNotItsOwn) {
  const std::string html = page();
  EXPECT_FALSE(std::regex_search(html, std::regex("\\bFID\\b|\\bKID\\b")));
  EXPECT_NE(html.find("fd_lite0"), std::string::npos);
  EXPECT_NE(html.find("small_n"), std::string::npos);
}

TEST_F(ReportTest, DocumentHoldsTimesAmongItsRows) {
  const Json document = report_document(folder_);
  EXPECT_EQ(document.at("suite"), "sample");
  EXPECT_EQ(document.at("claims").size(), 3u);
  bool timed = false;
  for (const Json& row : document.at("rows")) {
    for (const char* key : {"encoder", "objective", "steps", "seed", "metric", "value", "ci95", "n", "run"})
      ASSERT_TRUE(row.contains(key)) << key;
    timed = timed || row.at("metric") == "seconds_per_picture";
  }
  EXPECT_TRUE(timed);
  page();
  EXPECT_EQ(read_json(store_ / "out" / "report.json"), document);
}

TEST_F(ReportTest, TheNewestRunOfTheSuiteIsFound) {
  const auto newer = store_ / "runs" / "suite" / "ffff";
  Json provenance = sample_provenance();
  provenance["finished"] = "2026-02-01T00:00:00Z";
  write_json(newer / "result.json", sample_result());
  write_json(newer / "provenance.json", provenance);
  EXPECT_EQ(newest_suite_folder(store_, "sample"), newer);
  // A store that was copied has other times on its files; when the suites finished has not changed.
  std::filesystem::last_write_time(folder_ / "result.json",
                                   std::filesystem::last_write_time(newer / "result.json") + std::chrono::hours(1));
  const std::vector<StoredRecord> records = records_of(store_);
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[0].folder, newer);
  EXPECT_EQ(records[1].folder, folder_);
  EXPECT_TRUE(records_of(store_ / "none").empty());
  EXPECT_NE(message_of([&] { newest_suite_folder(store_, "sampel"); }).find("did you mean 'sample'"),
            std::string::npos);
  EXPECT_NE(message_of([&] { newest_suite_folder(store_ / "none", "quick"); }).find("emfbench run quick"),
            std::string::npos);
}

TEST_F(ReportTest, AClockThatWasAheadDoesNotMakeARecordTheNewest) {
  const auto record = [&](const std::string& hash, int sequence, const std::string& finished) {
    const auto folder = store_ / "runs" / "suite" / hash;
    Json provenance = sample_provenance();
    provenance["finished"] = finished;
    if (sequence > 0) provenance["sequence"] = sequence;
    write_json(folder / "result.json", sample_result());
    write_json(folder / "provenance.json", provenance);
    return folder;
  };
  record("aaaa", 1, "2036-01-01T00:00:00Z");
  const auto last = record("bbbb", 2, "2026-01-01T00:00:00Z");
  record("cccc", 0, "2030-01-01T00:00:00Z");  // of a layout without numbers
  EXPECT_EQ(newest_suite_folder(store_, "sample"), last);
}

TEST_F(ReportTest, ARecordThatIsNotWhatWasWrittenIsRefusedByName) {
  const auto folder = store_ / "runs" / "suite" / "aaaa";
  write_json(folder / "result.json", sample_result());
  write_json(folder / "provenance.json", sample_provenance());
  const Json about = {{"kind", "suite"}, {"hash", "aaaa"}};
  write_atomically(folder / "DONE", seal_folder(folder, about) + "\n");
  EXPECT_EQ(read_record(folder, store_).result, sample_result());
  Json changed = sample_result();
  changed["question"] = "Another?";
  write_json(folder / "result.json", changed);
  EXPECT_NE(message_of([&] { read_record(folder, store_); }).find("suite/aaaa: result.json has "), std::string::npos);
  EXPECT_NE(message_of([&] { newest_suite_folder(store_, "sample"); }).find("suite/aaaa: result.json has "),
            std::string::npos);
  write_json(folder / "result.json", sample_result());
  std::filesystem::remove(folder / "manifest.json");
  EXPECT_NE(message_of([&] { read_record(folder, store_); }).find("manifest.json is missing"), std::string::npos);
}

TEST_F(ReportTest, PageMatchesItsGolden) {
  const std::filesystem::path golden = project_root() / "tests" / "golden" / "report" / "index.html";
  // PNG bytes depend on the zlib at hand; what they show is not this test's business.
  std::string html =
      std::regex_replace(page(), std::regex("data:image/png;base64,[A-Za-z0-9+/=]+"), "data:image/png;base64,");
  // The page's own style is a file of its own; a golden copy of it would only say so twice.
  html = std::regex_replace(html, std::regex("<style>[^<]*</style>"), "<style></style>");
  if (std::getenv("EMF_UPDATE_GOLDEN") != nullptr) {
    write_atomically(golden, html);
    GTEST_SKIP() << "golden written: " << golden;
  }
  const std::string wanted = read_file(golden);
  const auto difference = std::mismatch(html.begin(), html.end(), wanted.begin(), wanted.end());
  const auto place = static_cast<size_t>(difference.first - html.begin());
  EXPECT_TRUE(html == wanted) << "first difference at byte " << place << ":\n  page   " << html.substr(place, 120)
                              << "\n  golden " << wanted.substr(std::min(place, wanted.size()), 120)
                              << "\nIf it is meant, EMF_UPDATE_GOLDEN=1 writes it.";
}

}  // namespace
}  // namespace emf
