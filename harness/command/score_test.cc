// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "harness/base/file.h"
#include "harness/base/npy.h"
#include "harness/base/paths.h"
#include "harness/base/random.h"
#include "harness/statistics/feature_statistics.h"
#include "harness/tensor/safetensors.h"
#include "tests/command_run.h"
#include "tests/oracle/metric_cases.h"

namespace emf {
namespace {

using Outcome = CommandOutcome;

Outcome run(const std::vector<std::string>& words) { return run_command(words); }

class ScoreCommand : public testing::Test {
 protected:
  void SetUp() override { make_folder(folder_); }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::string file(const std::string& name) const { return (folder_ / name).string(); }

  const std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / fmt::format("emf_score_test_{}", ::getpid());
  const std::string archive_ = (project_root() / "tests/oracle/metric_features.npz").string();
};

TEST_F(ScoreCommand, GenEvalPrintsThePublishedKeys) {
  const Json oracle = read_json(project_root() / "tests/oracle/geneval_cases.json");
  std::vector<Json> rows;
  int64_t correct = 0;
  for (const Json& one : oracle["cases"]) {
    rows.push_back({{"metadata", one["metadata"]}, {"detections", one["detections"]}, {"options", one["options"]}});
    correct += one["expected"]["correct"].get<bool>() ? 1 : 0;
  }
  write_atomically(file("f.jsonl"), json_lines(rows));
  const Outcome outcome = run({"score", "geneval", "--detections", file("f.jsonl"), "--json"});
  ASSERT_EQ(outcome.code, 0) << outcome.talk;
  const Json result = Json::parse(outcome.out);
  ASSERT_EQ(result["images"].size(), rows.size());
  for (size_t i = 0; i < rows.size(); ++i) {
    EXPECT_EQ(result["images"][i]["correct"], oracle["cases"][i]["expected"]["correct"]);
    EXPECT_EQ(result["images"][i]["reason"], oracle["cases"][i]["expected"]["reason"]);
  }
  double sum = 0;
  for (const auto& [tag, task] : result["tasks"].items()) {
    EXPECT_DOUBLE_EQ(task["score"].get<double>(), task["correct"].get<double>() / task["total"].get<double>()) << tag;
    correct -= task["correct"].get<int64_t>();
    sum += task["score"].get<double>();
  }
  EXPECT_EQ(correct, 0);
  EXPECT_NEAR(result["overall"].get<double>(), sum / static_cast<double>(result["tasks"].size()), 1e-12);
  EXPECT_EQ(result["ci95"].size(), 2u);
}

TEST_F(ScoreCommand, RelativeDistanceNeedsHeldOutFeaturesAndNoOtherMetricTakesThem) {
  const auto side = [&](const char* name) { return archive_ + ":" + name; };
  const std::vector<std::string> pair = {"--real", side("full_rank_equal_n/y"), "--generated",
                                         side("full_rank_equal_n/x")};
  const auto score = [&](const char* metric, const std::vector<std::string>& more) {
    std::vector<std::string> words = {"score", metric, "--json"};
    words.insert(words.end(), pair.begin(), pair.end());
    words.insert(words.end(), more.begin(), more.end());
    return run(words);
  };
  const Outcome relative = score("fdr", {"--held-out", side("mean_shift_only/y")});
  ASSERT_EQ(relative.code, 0) << relative.talk;
  const Json result = Json::parse(relative.out);
  EXPECT_EQ(result["n_held_out"], 64);
  EXPECT_NEAR(
      result["value"].get<double>(),
      Json::parse(score("frechet", {}).out)["value"].get<double>() / result["distance_of_held_out"].get<double>(),
      1e-9);
  EXPECT_EQ(score("fdr", {}).code, 2);
  EXPECT_EQ(score("mind", {"--held-out", side("mean_shift_only/y")}).code, 2);
  // Features of files come from one network, whichever it was.
  EXPECT_EQ(score("fdr", {"--held-out", side("mean_shift_only/y"), "--backbone", "lite0,lite0"}).code, 2);
}

TEST_F(ScoreCommand, EveryFeatureFormatGivesTheSameScore) {
  const FeatureMatrix real = oracle_features("rank_deficient_n_lt_d/y");
  const std::string name = "rank_deficient_n_lt_d";
  write_atomically(file("y.npy"), npy_bytes({{real.rows, real.columns}, real.values}));
  const at::Tensor tensor = at::tensor(real.values, at::kDouble).view({real.rows, real.columns});
  write_safetensors(file("y.safetensors"), {{"features", tensor}, {"other", tensor + 1}});
  for (const std::string& form : {file("y.npy"), file("y.safetensors"), archive_ + ":" + name + "/y"}) {
    const Outcome outcome =
        run({"score", "frechet", "--real", form, "--generated", archive_ + ":" + name + "/x", "--json"});
    ASSERT_EQ(outcome.code, 0) << outcome.talk;
    const Json result = Json::parse(outcome.out);
    EXPECT_NEAR(result["value"].get<double>(), 70.06829158142713, 1e-9 * 71);
    EXPECT_EQ(result["n_real"], 26);
    EXPECT_EQ(result["n_generated"], 20);
    EXPECT_EQ(result["dimension"], 48);
    EXPECT_EQ(result["warnings"], Json::array({"small_n"}));
    EXPECT_TRUE(result["identity"].is_object());
  }
}

TEST_F(ScoreCommand, KidOnSubsetsHasAStandardDeviation) {
  const std::string real = archive_ + ":relu_sparse_unequal_n/y", generated = archive_ + ":relu_sparse_unequal_n/x";
  const Outcome whole = run({"score", "kid", "--real", real, "--generated", generated, "--subsets", "0", "--json"});
  ASSERT_EQ(whole.code, 0) << whole.talk;
  EXPECT_NEAR(Json::parse(whole.out)["value"].get<double>(), 0.07065870751963677, 1e-12);
  const Outcome some = run(
      {"score", "kid", "--real", real, "--generated", generated, "--subsets", "5", "--subset-size", "30", "--json"});
  EXPECT_GT(Json::parse(some.out)["std"].get<double>(), 0);
}

TEST_F(ScoreCommand, QuestionGraphsPrintItemsAndFailures) {
  write_atomically(file("g.csv"),
                   "item_id,proposition_id,dependency,category_broad\na,1,0,entity\na,2,1,relation\nb,1,0,entity\n");
  write_atomically(file("a.csv"), "item_id,question_id,answer,t2i_model\na,1,yes,x\na,2,no,x\na,1,no,y\na,2,yes,y\n");
  const std::vector<std::string> words = {"score",       "question_graph", "--graph", file("g.csv"), "--answers",
                                          file("a.csv"), "--rule",         "dsg",     "--json"};
  Outcome outcome = run(words);
  EXPECT_EQ(outcome.code, 2);
  EXPECT_NE(outcome.talk.find("2 generators (x, y)"), std::string::npos) << outcome.talk;
  std::vector<std::string> chosen = words;
  chosen.insert(chosen.end(), {"--generator", "x"});
  outcome = run(chosen);
  ASSERT_EQ(outcome.code, 0) << outcome.talk;
  Json result = Json::parse(outcome.out);
  EXPECT_DOUBLE_EQ(result["value"].get<double>(), 0.25);
  EXPECT_EQ(result["items"][0]["score"], 0.5);
  EXPECT_EQ(result["failed"], (Json{{{"item_id", "b"}, {"why", "no usable answer"}}}));
  chosen.back() = "x,y";
  result = Json::parse(run(chosen).out);
  EXPECT_EQ(result["items"][0]["pictures"], (Json{0.5, 0.0}));
}

TEST_F(ScoreCommand, PrecisionAndRecallStandUnderTheirOwnNames) {
  const Outcome outcome = run({"score", "precision_recall", "--real", archive_ + ":large_offset/y", "--generated",
                               archive_ + ":large_offset/x", "--k", "3", "--rule", "lt", "--json"});
  ASSERT_EQ(outcome.code, 0) << outcome.talk;
  const Json result = Json::parse(outcome.out);
  EXPECT_EQ(result["precision"], 0.9625);
  EXPECT_EQ(result["recall"], 0.6375);
  EXPECT_EQ(result["density"], 1.8625);
  EXPECT_EQ(result["coverage"], 1.0);
  EXPECT_EQ(result["ci95"]["precision"].size(), 2u);
}

TEST_F(ScoreCommand, InceptionReadsTheGeneratedSideAlone) {
  const Outcome outcome = run({"score", "inception", "--generated", archive_ + ":isc_peaky/logits", "--splits", "10",
                               "--compat", "torch-fidelity", "--json"});
  ASSERT_EQ(outcome.code, 0) << outcome.talk;
  EXPECT_NEAR(Json::parse(outcome.out)["value"].get<double>(), 4.788900242494806, 1e-9);
}

TEST_F(ScoreCommand, OfficialResultsGiveTheOfficialSummary) {
  const Json oracle = read_json(project_root() / "tests/oracle/geneval_cases.json");
  for (const Json& summary : oracle["summary"]) {
    std::vector<Json> rows = summary["rows"];
    for (Json& row : rows) {
      row["metadata"] = Json{{"tag", row["tag"]}, {"prompt", row["prompt"]}}.dump();
      row["reason"] = "";
    }
    write_atomically(file("results.jsonl"), json_lines(rows));
    const Outcome outcome = run({"score", "geneval", "--results", file("results.jsonl"), "--summary"});
    ASSERT_EQ(outcome.code, 0) << outcome.talk;
    EXPECT_EQ(outcome.out, summary["official_output"].get<std::string>());
  }
}

TEST_F(ScoreCommand, MetadataIsFoundByPromptAndMissingPromptsAreListed) {
  write_atomically(
      file("m.jsonl"),
      R"({"tag": "single_object", "include": [{"class": "cow", "count": 1}], "prompt": "a photo of a cow"})"
      "\n"
      R"({"tag": "single_object", "include": [{"class": "dog", "count": 1}], "prompt": "a photo of a dog"})"
      "\n");
  write_atomically(
      file("d.jsonl"),
      R"({"prompt": "a photo of a cow", "detections": [{"cls": "cow", "box": [0, 0, 9, 9], "score": 0.9}]})"
      "\n");
  std::vector<std::string> words = {"score",      "geneval",       "--detections", file("d.jsonl"),
                                    "--metadata", file("m.jsonl"), "--json"};
  const Json result = Json::parse(run(words).out);
  EXPECT_EQ(result["overall"], 1.0);
  EXPECT_EQ(result["not_judged"], (Json{"a photo of a dog"}));
  write_atomically(file("d.jsonl"), R"({"prompt": "a photo of a cat", "detections": []})");
  const Outcome refused = run(words);
  EXPECT_EQ(refused.code, 2);
  EXPECT_NE(refused.talk.find("d.jsonl row 1: no prompt 'a photo of a cat'"), std::string::npos) << refused.talk;
}

TEST_F(ScoreCommand, StatisticsAreSavedReadAndComparedWithEarlierResults) {
  const std::string real = archive_ + ":heavy_tail/y", generated = archive_ + ":heavy_tail/x";
  ASSERT_EQ(run({"score", "frechet", "--real", real, "--save-statistics", file("ref.npz"), "--json"}).code, 0);
  const Json rows = Json::parse(run({"score", "frechet", "--real", real, "--generated", generated, "--json"}).out);
  const Outcome outcome = run({"score", "frechet", "--real", file("ref.npz"), "--generated", generated, "--json"});
  ASSERT_EQ(outcome.code, 0) << outcome.talk;
  const Json from_file = Json::parse(outcome.out);
  EXPECT_NEAR(from_file["value"].get<double>(), rows["value"].get<double>(), 1e-9 * (1 + rows["value"].get<double>()));
  EXPECT_EQ(from_file["n_real"], 100);
  write_atomically(file("earlier.json"), from_file.dump());
  std::vector<std::string> words = {"score",   "frechet", "--real",    file("ref.npz"),     "--generated",
                                    generated, "--json",  "--against", file("earlier.json")};
  EXPECT_EQ(Json::parse(run(words).out)["against"]["difference"], 0.0);
  words[3] = real;
  const Outcome refused = run(words);
  EXPECT_EQ(refused.code, 2);
  EXPECT_NE(refused.talk.find("not comparable (real_sha256 is"), std::string::npos) << refused.talk;
}

TEST_F(ScoreCommand, LargeFilesAreReadInBlocksToTheSameScore) {
  // Three blocks and a rest, on an offset that sums of squares in one go would drown in.
  constexpr int64_t kRows = 3 * FeatureStatistics::kBlockRows + 100, kColumns = 6;
  const auto made = [](const char* stream, double scale) {
    FeatureMatrix features{{}, kRows, kColumns, Json::object()};
    for (int64_t i = 0; i < kRows * kColumns; ++i) {
      features.values.push_back(1e4 + scale * Random(5, stream, static_cast<uint64_t>(i)).normal());
    }
    return features;
  };
  const FeatureMatrix real = made("real", 1), generated = made("generated", 1.5);
  write_atomically(file("y.npy"), npy_bytes({{real.rows, real.columns}, real.values}));
  write_atomically(file("x.npy"), npy_bytes({{generated.rows, generated.columns}, generated.values}));
  const double whole = score_features("frechet", real, generated).value.value();
  const Outcome outcome =
      run({"score", "frechet", "--real", file("y.npy"), "--generated", file("x.npy"), "--interval", "none", "--json"});
  ASSERT_EQ(outcome.code, 0) << outcome.talk;
  EXPECT_GT(whole, 0.1);
  EXPECT_NEAR(Json::parse(outcome.out)["value"].get<double>(), whole, 1e-9);
}

TEST_F(ScoreCommand, BadInputIsOneLineAndTheRightCode) {
  const auto refused = [](const std::vector<std::string>& words, int code, const std::string& part) {
    const Outcome outcome = run(words);
    EXPECT_EQ(outcome.code, code) << outcome.talk;
    EXPECT_EQ(outcome.out, "");
    EXPECT_NE(outcome.talk.find(part), std::string::npos) << outcome.talk;
    EXPECT_EQ(std::count(outcome.talk.begin(), outcome.talk.end(), '\n'), 1) << outcome.talk;
  };
  refused({"score", "kid", "--real", archive_ + ":two_samples/x", "--generated", archive_ + ":two_samples/y",
           "--option", "no_such_option=3"},
          2, "no_such_option");
  refused({"score", "frechett"}, 2, "did you mean 'frechet'?");
  refused({"score", "geneval"}, 2, "needs one of --detections");
  refused({"score", "inception"}, 2, "needs --generated Y");
  refused({"score", "geneval", "--detections", "f.jsonl", "--judge", "detector"}, 2, "--judge says something only of");
  refused({"score", "kid", "--real", archive_, "--generated", archive_, "--resize", "tf1"}, 2,
          "--resize says something");
  refused({"score", "kid", "--generated", "x.npy"}, 2, "needs --real X and --generated Y");
  refused(
      {"score", "kid", "--real", archive_ + ":two_samples/x", "--generated", archive_ + ":two_samples/y", "--k", "3"},
      2, "'k'");
  write_atomically(file("class.jsonl"),
                   "{\"metadata\": {\"tag\": \"counting\", \"include\": [{\"class\": \"benhc\", \"count\": 1}]}, "
                   "\"detections\": []}\n");
  refused({"score", "geneval", "--detections", file("class.jsonl")}, 2, "row 1: unknown class 'benhc'");
  refused({"score", "geneval", "--detections", file("class.jsonl"), "--corrected", "top_box"}, 2, "no quirk 'top_box'");
  make_folder(file("nothing"));
  refused({"score", "frechet", "--real", file("nothing"), "--generated", archive_}, 2, "no picture in it");
  write_atomically(file("nan.npy"), npy_bytes({{2, 2}, {1, 2, std::nan(""), 4}}));
  write_atomically(file("one.npy"), npy_bytes({{1, 2}, {1, 2}}));
  for (const char* metric : {"frechet", "kid"}) {
    refused({"score", metric, "--real", file("nan.npy"), "--generated", file("nan.npy")}, 2, "nan.npy");
    refused({"score", metric, "--real", file("one.npy"), "--generated", file("one.npy")}, 2, "one.npy");
  }
  refused({"score", "frechet", "--real", file("nan.npy"), "--generated", file("nan.npy"), "--interval", "none"}, 2,
          "row 1, column 0");
  refused({"score", "inception", "--generated", file("nan.npy")}, 2, "row 1, column 0");
  refused({"score", "kid", "--save-statistics", file("s.npz"), "--real", file("nan.npy")}, 2, "no statistics to save");
  refused({"score", "geneval", "--graph", "g.csv"}, 2, "does not take --graph");
  refused({"score", "question_graph", "--graph", "g.csv"}, 2, "needs --graph G.csv and --answers");
  refused({"score", "geneval", "--detections", file("none.jsonl")}, 3, "does not exist");
  write_atomically(file("bad.jsonl"),
                   "{\"metadata\": {\"tag\": \"counting\"}, \"detections\": []}\n{\"metadata\": 3,\n");
  refused({"score", "geneval", "--detections", file("bad.jsonl")}, 2, "bad.jsonl:2");
  write_atomically(file("empty.jsonl"), "\n");
  refused({"score", "geneval", "--detections", file("empty.jsonl")}, 2, "not one row");
  refused({"score", "frechet", "--real", archive_, "--generated", archive_}, 2, "none called 'features'");
  refused({"score", "frechet", "--real", file("none.npy"), "--generated", archive_}, 3, "none.npy does not exist");
  refused({"score", "kid", "--real", folder_.string(), "--generated", archive_}, 2, "no picture in it");
  write_atomically(file("x.txt"), "1 2 3");
  refused({"score", "kid", "--real", file("x.txt"), "--generated", archive_}, 2, ".npy, .npz or .safetensors");
  refused({"score", "frechet", "--real", archive_ + ":two_samples/x", "--generated", archive_ + ":tiny_scale/x"}, 2,
          "5 columns, generated 12");
}
}  // namespace
}  // namespace emf
