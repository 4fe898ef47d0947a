// SPDX-License-Identifier: Apache-2.0
// Two files of judged pictures, and two records, paired by prompt.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <functional>

#include "harness/base/file.h"
#include "harness/base/json.h"
#include "harness/command/paired_scores.h"
#include "harness/pictures/png.h"
#include "tests/command_run.h"
#include "tests/golden/report/sample_suite.h"
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

/// How often a part stands in a text.
size_t count(const std::string& text, const std::string& part) {
  size_t found = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

TEST(CompareFiles, ShowsBothPicturesOfPromptsWonAndLostByMost) {
  const TemporaryFolder folder("compare_pictures");
  const std::string page = (folder.path() / "page.html").string();
  write_atomically(folder.path() / "a.jsonl", results([](int i) { return i == 3; }));
  write_atomically(folder.path() / "b.jsonl", results([](int i) { return i == 7; }));
  // 400 pixels wide: smaller on the page. Of the prompt that a side won both pictures are there, of the other one.
  const std::string picture = pictures::encode_png(std::vector<uint8_t>(size_t{400} * 200 * 3, 90), 200, 400);
  for (const char* side : {"left", "right"}) {
    for (const char* name : {"00003/samples/0000.png", "00003/samples/0001.png", "00007/samples/0000.png"})
      write_atomically(folder.path() / side / name, picture);
  }
  const std::string folders = (folder.path() / "left").string() + "," + (folder.path() / "right").string();
  compared(folder, {"--html", page, "--pictures", folders});
  const std::string html = read_file(page);
  EXPECT_EQ(count(html, "<figure class=\"prompt\">"), 2u);
  EXPECT_EQ(count(html, "data:image/png;base64,"), 6u);
  EXPECT_NE(html.find("b is better: 1 for 0"), std::string::npos);
  EXPECT_NE(html.find("b is worse: 0 for 1"), std::string::npos);
  EXPECT_LT(html.size(), 100000u);
  EXPECT_EQ(html.find("no picture on either side"), std::string::npos);

  // Without the folders the files are where nobody put them: said, and no figure.
  compared(folder, {"--html", page});
  EXPECT_EQ(count(read_file(page), "<figure"), 0u);
  EXPECT_NE(read_file(page).find("2 of these prompts have no picture on either side"), std::string::npos);

  const std::string a = (folder.path() / "a.jsonl").string(), b = (folder.path() / "b.jsonl").string();
  EXPECT_EQ(run_command({"compare", a, b, "--pictures", folders}).code, 2) << "no page to show them on";
  EXPECT_EQ(run_command({"compare", a, b, "--html", page, "--pictures", page}).code, 2) << "one folder";
  EXPECT_EQ(run_command({"compare", a, b, "--html", page, "--pictures", folders + "x"}).code, 3);
}

TEST(CompareRecords, ShowPicturesOfTheirGrids) {
  const TemporaryFolder folder("compare_grids");
  std::vector<std::string> records;
  for (const bool second : {false, true}) {
    Json result = sample_result();
    result["suite"] = second ? "second" : "first";
    const size_t prompts = result["prompts"].size();
    Json scores(prompts, 0.0);
    scores[second ? 1 : 4] = 1.0;
    result["items"] =
        Json::array({{{"encoder", "llm"}, {"objective", "mean_flow"}, {"steps", 4}, {"seed", 0}, {"scores", scores}}});
    records.push_back(write_sample_store(folder.path() / (second ? "b" : "a"), result).string());
  }
  const std::string page = (folder.path() / "page.html").string();
  // Each record lies in a store of its own, and neither is the one that --store names.
  const CommandOutcome outcome = run_command({"compare", records[0], records[1], "--html", page});
  ASSERT_EQ(outcome.code, 0) << outcome.talk;
  const std::string html = read_file(page);
  EXPECT_EQ(count(html, "<figure class=\"prompt\">"), 2u);
  EXPECT_EQ(count(html, "data:image/png;base64,"), 4u);
  EXPECT_NE(html.find("a photo of a dog and a car<span>b is better: 1 for 0"), std::string::npos);
  EXPECT_NE(html.find("<h3>llm/mean_flow/4/0</h3>"), std::string::npos);
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
