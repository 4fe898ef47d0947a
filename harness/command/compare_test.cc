// Two files of judged pictures, and two records, paired by prompt.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <functional>

#include "harness/base/file.h"
#include "harness/base/json.h"
#include "harness/command/paired_scores.h"
#include "tests/command_run.h"
#include "tests/temporary_folder.h"

namespace emf {
namespace {

/// GenEval's results.jsonl: 30 prompts of two tasks, two pictures each; right where `right(prompt)` says.
std::string results(const std::function<bool(int)>& right, int prompts = 30, const std::string& name = "prompt") {
  std::vector<Json> lines;
  for (int i = 0; i < prompts; ++i) {
    for (int picture = 0; picture < 2; ++picture) {
      const std::string tag = i % 2 == 0 ? "single_object" : "counting", prompt = fmt::format("{} {}", name, i);
      const Json metadata = {{"tag", tag}, {"prompt", prompt}, {"include", {{{"class", "cat"}, {"count", 1}}}}};
      lines.push_back({{"filename", fmt::format("{:05}/samples/{:04}.png", i, picture)},
                       {"tag", tag},
                       {"prompt", prompt},
                       {"correct", right(i)},
                       {"reason", ""},
                       {"metadata", metadata.dump()},
                       {"details", "{}"}});
    }
  }
  return json_lines(lines);
}

Json compared(const TemporaryFolder& folder, const std::vector<std::string>& more = {}) {
  std::vector<std::string> words = {"compare", (folder.path() / "a.jsonl").string(),
                                    (folder.path() / "b.jsonl").string(), "--json"};
  words.insert(words.end(), more.begin(), more.end());
  const CommandOutcome outcome = run_command(words);
  EXPECT_EQ(outcome.code, 0) << outcome.talk;
  return Json::parse(outcome.out);
}

TEST(CompareFiles, PairsByPromptAndCountsWonAndLost) {
  const TemporaryFolder folder("compare_files");
  write_atomically(folder.path() / "a.jsonl", results([](int i) { return i < 10; }));
  write_atomically(folder.path() / "b.jsonl", results([](int i) { return i >= 2 && i < 24; }));
  const Json document = compared(folder);
  const Json& overall = document.at("rows").at(0);
  EXPECT_EQ(overall.at("name"), "overall");
  EXPECT_EQ(overall.at("won").size(), 14u);
  EXPECT_EQ(overall.at("lost").size(), 2u);
  EXPECT_EQ(overall.at("tied"), 14);
  EXPECT_NEAR(overall.at("difference").get<double>(), 12.0 / 30, 1e-12);
  EXPECT_GT(overall.at("ci95")[0].get<double>(), 0);
  EXPECT_LT(overall.at("p_holm").get<double>(), 0.05);
  EXPECT_GE(overall.at("p_holm").get<double>(), overall.at("p").get<double>());
  EXPECT_EQ(document.at("rows").size(), 3u);
}

TEST(CompareFiles, EqualFilesDifferByNothingWithAnInterval) {
  const TemporaryFolder folder("compare_equal");
  for (const char* name : {"a.jsonl", "b.jsonl"})
    write_atomically(folder.path() / name, results([](int i) { return i % 3 == 0; }));
  const Json overall = compared(folder).at("rows").at(0);
  EXPECT_EQ(overall.at("difference"), 0);
  EXPECT_LT(overall.at("ci95")[0].get<double>(), 0);
  EXPECT_GT(overall.at("ci95")[1].get<double>(), 0);
}

TEST(CompareFiles, LeavesOutWhatOneSideLacksAndSaysSo) {
  const TemporaryFolder folder("compare_part");
  write_atomically(folder.path() / "a.jsonl", results([](int i) { return i < 10; }));
  write_atomically(folder.path() / "b.jsonl", results([](int i) { return i < 10; }, 20));
  const CommandOutcome outcome =
      run_command({"compare", (folder.path() / "a.jsonl").string(), (folder.path() / "b.jsonl").string()});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_NE(outcome.talk.find("10 prompts stand on one side alone"), std::string::npos) << outcome.talk;
  EXPECT_NE(outcome.out.find("paired over 20 prompts"), std::string::npos) << outcome.out;
}

TEST(CompareFiles, WritesAPageThatShowsPromptsAsText) {
  const TemporaryFolder folder("compare_page");
  const std::string page = (folder.path() / "page.html").string();
  std::string a = results([](int i) { return i < 10; }), b = results([](int i) { return i >= 10; });
  for (std::string* text : {&a, &b})
    for (size_t at = text->find("prompt 3\""); at != std::string::npos; at = text->find("prompt 3\"", at + 1))
      text->replace(at, 8, "<script>x()</script>");
  write_atomically(folder.path() / "a.jsonl", a);
  write_atomically(folder.path() / "b.jsonl", b);
  compared(folder, {"--html", page});
  const std::string html = read_file(page);
  EXPECT_NE(html.find("&lt;script&gt;x()&lt;/script&gt;"), std::string::npos);
  EXPECT_EQ(html.find("<script"), std::string::npos);
  EXPECT_NE(html.find("20 prompts won, 10 lost"), std::string::npos);
}

TEST(CompareFiles, RefusesOneFileTwiceOtherKindsAndNothingInCommon) {
  const TemporaryFolder folder("compare_refused");
  const std::string a = (folder.path() / "a.jsonl").string(), b = (folder.path() / "b.jsonl").string();
  write_atomically(a, results([](int i) { return i < 10; }, 4));
  write_atomically(b, results([](int) { return true; }, 4, "another"));
  const auto said = [](const std::vector<std::string>& words) {
    const CommandOutcome outcome = run_command(words);
    EXPECT_EQ(outcome.code, 2);
    return outcome.talk;
  };
  EXPECT_NE(said({"compare", a, a}).find("are one file"), std::string::npos);
  EXPECT_NE(said({"compare", a, "smoke"}).find("of two kinds"), std::string::npos);
  EXPECT_NE(said({"compare", a, b}).find("in common"), std::string::npos);
}

TEST(ChangedKeys, NamesWhatDiffersOnEitherSide) {
  const Json changed =
      changed_keys({{"train", {{"batch", 8}, {"rate", 1}}}, {"x", 1}}, {{"train", {{"batch", 9}, {"rate", 1}}}});
  ASSERT_EQ(changed.size(), 2u);
  EXPECT_EQ(changed[0], (Json{{"key", "train.batch"}, {"a", 8}, {"b", 9}}));
  EXPECT_EQ(changed[1], (Json{{"key", "x"}, {"a", 1}, {"b", nullptr}}));
}

TEST(ScoresOfRecord, LeaveOutRewordedPromptsAndRefuseAnotherLength) {
  Json record = {
      {"prompts",
       {{{"text", "a"}, {"tag", "t"}, {"held_out", false}},
        {{"text", "b"}, {"tag", "t"}, {"held_out", false}, {"reworded", true}},
        {{"text", "c"}, {"tag", "t"}, {"held_out", false}}}},
      {"items", {{{"encoder", "e"}, {"objective", "o"}, {"steps", 2}, {"seed", 0}, {"scores", {1, 1, nullptr}}}}}};
  const NamedScores scores = scores_of_record(record);
  ASSERT_EQ(scores.size(), 1u);
  EXPECT_EQ(scores[0].first, "e/o/2/0");
  EXPECT_EQ(scores[0].second.clusters, std::vector<std::string>{"a"});
  record["items"][0]["scores"].push_back(1);
  EXPECT_THROW(scores_of_record(record), UserError);
}

}  // namespace
}  // namespace emf
