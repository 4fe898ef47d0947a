// SPDX-License-Identifier: Apache-2.0
// Judge outputs as runs leave them: shards put together, slips of keys, boxes of another custom.
#include <gtest/gtest.h>

#include "tests/command_run.h"
#include "tests/temporary_folder.h"

namespace emf {
namespace {

class ScoreJudged : public testing::Test {
 protected:
  static Json prompt(const std::string& name) {
    return {
        {"tag", "single_object"}, {"include", {{{"class", name}, {"count", 1}}}}, {"prompt", "a photo of a " + name}};
  }
  static Json row(const std::string& file, const std::string& wanted, const std::string& seen, double score = 0.95) {
    Json detections = Json::array();
    if (!seen.empty()) detections.push_back({{"cls", seen}, {"box", {0, 0, 20, 20}}, {"score", score}});
    return {{"filename", file}, {"metadata", prompt(wanted)}, {"detections", detections}};
  }
  CommandOutcome score(const std::vector<Json>& rows, const std::vector<std::string>& more = {},
                       const std::string& source = "--detections") const {
    folder_.write("rows.jsonl", json_lines(rows));
    std::vector<std::string> words = {"score", "geneval", source, (folder_ / "rows.jsonl").string(), "--json"};
    words.insert(words.end(), more.begin(), more.end());
    return run_command(words);
  }
  static Json good(const CommandOutcome& outcome) {
    EXPECT_EQ(outcome.code, 0) << outcome.talk;
    return outcome.code == 0 ? Json::parse(outcome.out) : Json::object();
  }
  static void refused(const CommandOutcome& outcome, const std::string& part) {
    EXPECT_EQ(outcome.code, 2) << outcome.out;
    EXPECT_EQ(outcome.out, "");
    EXPECT_NE(outcome.talk.find(part), std::string::npos) << outcome.talk;
    EXPECT_EQ(std::count(outcome.talk.begin(), outcome.talk.end(), '\n'), 1) << outcome.talk;
  }
  static bool warned(const Json& result, const std::string& part) {
    for (const Json& warning : result["warnings"]) {
      if (warning.get<std::string>().find(part) != std::string::npos) return true;
    }
    return false;
  }

  TemporaryFolder folder_{"score_judged"};
};

TEST_F(ScoreJudged, APictureOfSeveralShardsCountsOnce) {
  const Json apple = row("00000/samples/0000.png", "apple", "apple"), dog = row("00001/samples/0000.png", "dog", "");
  Json again = apple;
  again["filename"] = "./00000/samples/../samples/0000.png";
  const Json result = good(score({apple, dog, again, apple, apple}));
  EXPECT_EQ(result["overall"], 0.5);
  EXPECT_EQ(result["n"], 2);
  EXPECT_EQ(result["images"].size(), 2u);
  EXPECT_TRUE(warned(result,
                     "3 rows name a picture that another row has, and count once; the first: "
                     "00000/samples/0000.png in rows 1 and 3"));
  refused(score({apple, dog, row("00000/samples/0000.png", "apple", "")}),
          "row 3: 00000/samples/0000.png was judged otherwise in row 1; keep one of the two");
  EXPECT_FALSE(warned(good(score({apple, dog})), "count once"));
  // Results that the released code wrote.
  const auto verdict = [](const char* file, bool correct) -> Json {
    return {{"filename", file}, {"tag", "single_object"}, {"prompt", "p"}, {"correct", correct}, {"reason", ""}};
  };
  EXPECT_EQ(good(score({verdict("a.png", true), verdict("b.png", false), verdict("a.png", true)}, {},
                       "--results"))["overall"],
            0.5);
  refused(score({verdict("a.png", true), verdict("a.png", false)}, {}, "--results"),
          "row 2: a.png was judged otherwise");
  EXPECT_TRUE(warned(good(score({row("x/00000/samples/0000.png", "apple", "apple"),
                                 row("y/00000/samples/0000.png", "apple", "apple")})),
                     "1 pictures of the same number stand under several folders ('x' and 'y')"));
}

TEST_F(ScoreJudged, KeysThatNobodyReadsAreRefused) {
  const auto with_clause = [](const char* key, const Json& value) {
    Json one = row("a.png", "dog", "dog");
    one["metadata"]["include"][0][key] = value;
    return one;
  };
  refused(score({with_clause("colour", "red")}), "row 1: include[0]: unknown key 'colour'; did you mean 'color'?");
  refused(score({with_clause("postion", {"above", 0})}), "unknown key 'postion'; did you mean 'position'?");
  refused(score({with_clause("size", "larger")}), "unknown key 'size'; known: class, count, color, position");
  Json includes = row("a.png", "dog", "dog");
  includes["metadata"]["includes"] = includes["metadata"]["include"];
  includes["metadata"].erase("include");
  refused(score({includes}), "row 1: unknown key 'includes'; did you mean 'include'?");
  Json nothing = row("a.png", "dog", "dog");
  nothing["metadata"]["include"] = Json::array();
  refused(score({nothing}), "row 1: the prompt asks for nothing");
  Json colour = row("a.png", "dog", "dog");
  colour["detections"][0]["colour"] = "red";
  refused(score({colour}), "row 1: detections[0]: unknown key 'colour'; did you mean 'color'?");
  Json option = row("a.png", "dog", "dog");
  option["option"] = {{"threshold", 0.5}};
  refused(score({option}), "row 1: unknown key 'option'; did you mean 'options'?");
  Json own = row("a.png", "dog", "dog");
  own["seed"] = 3, own["metadata"]["id"] = "x", own["detections"][0]["mask"] = "rle";
  EXPECT_EQ(good(score({own}))["overall"], 1.0) << "keys of one's own are no slips";
  refused(score({row("a.png", "mouse", "dog")}), "unknown class 'mouse'; did you mean 'computer mouse'?");
}

TEST_F(ScoreJudged, BoxesAndScoresOfAnotherCustomAreRefused) {
  Json sized = row("a.png", "dog", "dog");
  sized["detections"][0]["box"] = {100, 50, 40, 60};
  refused(
      score({row("b.png", "dog", "dog"), sized}),
      "row 2: detections[0]: the box [100, 50, 40, 60] ends before it begins; corners [x1, y1, x2, y2] are read, is "
      "this [x, y, width, height]?");
  refused(score({row("a.png", "dog", "dog", 95)}), "the score 95 is not between 0 and 1; divide per cent by 100");
  refused(score({row("a.png", "dog", "dog", -2.5)}), "the score -2.5 is not between 0 and 1; give probabilities");
  Json thin = row("a.png", "dog", "dog", 1.0);
  thin["detections"][0]["box"] = {100, 50, 100, 50};
  EXPECT_EQ(good(score({thin}))["overall"], 1.0);
}

TEST_F(ScoreJudged, RowsAndTheFileOfAllPromptsMustAgree) {
  folder_.write("all.jsonl", json_lines({prompt("apple"), prompt("dog"), prompt("cow")}));
  const std::vector<std::string> all = {"--metadata", (folder_ / "all.jsonl").string()};
  const Json result = good(score({row("a.png", "dog", "dog")}, all));
  EXPECT_EQ(result["not_judged"], (Json{"a photo of a apple", "a photo of a cow"}));
  Json other = row("a.png", "dog", "dog");
  other["metadata"]["include"][0]["count"] = 2;
  refused(score({other}, all), "row 1: its own metadata asks for something else than");
  Json numbered = row("a.png", "dog", "dog");
  numbered["index"] = 2;
  EXPECT_TRUE(warned(good(score({numbered}, all)), "1 rows have an \"index\" that is not their prompt's line"));
  Json twice = prompt("dog");
  twice["include"][0]["count"] = 2;
  folder_.write("all.jsonl", json_lines({prompt("dog"), twice}));
  Json bare = {{"prompt", "a photo of a dog"}, {"detections", Json::array()}};
  refused(score({bare}, all), "at lines 1 and 2, asking for different things; rows need \"index\"");
  bare["index"] = 1;
  EXPECT_EQ(good(score({bare}, all))["n"], 1);
}

}  // namespace
}  // namespace emf
