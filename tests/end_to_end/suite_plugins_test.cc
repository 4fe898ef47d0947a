// SPDX-License-Identifier: Apache-2.0
// Suites speak every plugin: judges and backbones of the user's own, pictures of the
// user's own, whatever the main metric is.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <map>

#include "harness/base/file.h"
#include "harness/base/json.h"
#include "harness/pictures/png.h"
#include "tests/end_to_end/program.h"
#include "tests/script_networks.h"

namespace emf {
namespace {

namespace fs = std::filesystem;

class SuitePlugins : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("emf_suite_plugins_" + std::to_string(::getpid()));
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string file(const std::string& name) const { return (folder_ / name).string(); }

  /// Runs a suite into the test's store and gives its record.
  Json record_of(std::vector<std::string> words) const {
    words.insert(words.begin(), "run");
    words.insert(words.end(), {"--json", "--store", file("store")});
    EXPECT_EQ(exit_code_of(start(words, folder_ / "out", folder_ / "err")), 0) << read_file(folder_ / "err");
    const Json answer = parse_json(read_file(folder_ / "out"), "run");
    EXPECT_TRUE(fs::exists(answer.at("report").get<std::string>()));
    return read_json(answer.at("result").get<std::string>());
  }

  static std::map<std::string, Json> rows_of(const Json& record, const std::string& encoder) {
    std::map<std::string, Json> rows;
    for (const Json& row : record.at("rows")) {
      if (row.at("encoder") == encoder) rows[row.at("metric").get<std::string>()] = row;
    }
    return rows;
  }

  /// The one stage of a kind that the store holds.
  fs::path only_run(const std::string& kind) const {
    std::vector<fs::path> found;
    for (const auto& entry : fs::directory_iterator(folder_ / "store" / "runs" / kind)) found.push_back(entry.path());
    EXPECT_EQ(found.size(), 1u) << kind;
    return found.at(0);
  }

  /// A stage's pictures, [N,3,32,32] bytes behind a safetensors header, as PNG files in their order.
  static void write_pictures(const fs::path& stage, const fs::path& folder) {
    constexpr int kSide = 32;
    constexpr size_t kBytes = size_t{kSide} * kSide * 3;
    std::string bytes = read_file(stage);
    const size_t count = bytes.size() / kBytes, header = bytes.size() - count * kBytes;
    fs::create_directories(folder);
    for (size_t i = 0; i < count; ++i) {
      const char* planes = bytes.data() + header + i * kBytes;
      std::vector<uint8_t> rgb;
      for (size_t pixel = 0; pixel < size_t{kSide} * kSide; ++pixel) {
        for (size_t c = 0; c < 3; ++c) rgb.push_back(static_cast<uint8_t>(planes[c * kSide * kSide + pixel]));
      }
      write_atomically(folder / fmt::format("{:04d}.png", i), pictures::encode_png(rgb, kSide, kSide));
    }
  }

  int num_trainings() const {
    int count = 0;
    for (const auto& entry : fs::directory_iterator(folder_ / "store" / "runs" / "train")) {
      count += fs::exists(entry.path() / "DONE") ? 1 : 0;
    }
    return count;
  }

  /// Pictures of one colour each, with a caption that says which.
  void draw_pictures(int count) const {
    const std::vector<std::pair<std::string, std::array<uint8_t, 3>>> colors = {
        {"red", {255, 0, 0}}, {"green", {0, 255, 0}}, {"blue", {0, 0, 255}}};
    fs::create_directories(folder_ / "pictures");
    for (int i = 0; i < count; ++i) {
      const auto& [name, value] = colors[static_cast<size_t>(i) % colors.size()];
      const int height = 24 + i % 5, width = 30;
      std::vector<uint8_t> rgb;
      for (int pixel = 0; pixel < height * width; ++pixel) rgb.insert(rgb.end(), value.begin(), value.end());
      const std::string stem = file("pictures/" + std::to_string(i));
      write_atomically(stem + ".png", pictures::encode_png(rgb, height, width));
      write_atomically(stem + ".txt", "a " + name + " sheet, number " + std::to_string(i) + "\n");
    }
  }

  fs::path folder_;
};

const std::vector<std::string> kSmall = {"smoke",     "encoders=hash", "objectives=flow_matching", "steps=1",
                                         "probes=[]", "claims=[]",     "evaluation.reworded=0"};

TEST_F(SuitePlugins, TwoMetricsOfFactsHaveCeilingsAndThresholdsOfTheirOwn) {
  std::vector<std::string> words = kSmall;
  words.insert(words.end(),
               {"metric.strict.metric=geneval", "metric.strict.threshold=0.99999",
                "metric.strict.counting_threshold=0.99999", "metrics=strict,geneval", "main_metric=geneval"});
  const Json record = record_of(words);
  const auto real = rows_of(record, "real"), hash = rows_of(record, "hash");
  EXPECT_EQ(hash.count("geneval"), 1u);
  EXPECT_EQ(hash.count("strict/counting"), 1u);
  ASSERT_EQ(real.count("ceiling"), 1u) << "of the main metric";
  ASSERT_EQ(real.count("ceiling/strict"), 1u);
  EXPECT_EQ(real.count("ceiling/strict/counting"), 1u);
  EXPECT_GT(real.at("ceiling").at("value").get<double>(), 0.9);
  EXPECT_LT(real.at("ceiling/strict").at("value").get<double>(), 0.5) << "the suite's own threshold, not the judge's";
}

TEST_F(SuitePlugins, AJudgeAndABackboneOfTheUsersOwn) {
  write_square_judge(file("judge.pt"));
  write_json(file("judge.pt.json"), {{"classes", {"apple", "banana", "car"}}, {"colors", {"red", "green", "blue"}}});
  write_color_backbone(file("backbone.pt"));
  write_json(file("backbone.pt.json"), {{"name", "colors"}, {"side", 32}, {"range", "0..1"}});
  std::vector<std::string> words = kSmall;
  words.insert(words.end(), {"judge=torchscript:" + file("judge.pt"), "backbone=torchscript:" + file("backbone.pt"),
                             "metrics=frechet,geneval,own", "metric.own.metric=geneval", "main_metric=frechet",
                             "evaluation.reference_pictures=40"});
  const Json record = record_of(words);
  EXPECT_EQ(record.at("main_metric"), "fd_colors");
  EXPECT_FALSE(record.at("metrics").at("fd_colors").at("higher_is_better").get<bool>());
  EXPECT_EQ(record.at("metrics").at("geneval").at("title"), "GenEval");
  EXPECT_EQ(record.at("metrics").at("own").at("title"), "GenEval (own)")
      << "two of one name tell nobody which is which";
  const auto rows = rows_of(record, "hash");
  ASSERT_EQ(rows.count("fd_colors"), 1u);
  EXPECT_TRUE(rows.at("fd_colors").at("value").is_number());
  ASSERT_EQ(rows.count("geneval"), 1u);
  EXPECT_TRUE(rows.at("geneval").at("value").is_number());
  EXPECT_TRUE(record.at("comparisons").empty()) << "nothing pairs two sets of pictures";
  EXPECT_EQ(num_trainings(), 1);

  // The same pictures as a folder, by `score`: one number, one identity.
  const fs::path generated = folder_ / "generated";
  write_pictures(only_run("sample") / "pictures.safetensors", generated);
  const std::string real = (only_run("reference_features") / "features.safetensors").string();
  EXPECT_EQ(exit_code_of(start({"score", "frechet", "--real", real, "--generated", generated, "--backbone",
                                "torchscript:" + file("backbone.pt"), "--json"},
                               folder_ / "out", folder_ / "err")),
            0)
      << read_file(folder_ / "err");
  const Json scored = parse_json(read_file(folder_ / "out"), "score");
  EXPECT_EQ(scored.at("value"), rows.at("fd_colors").at("value"));
  EXPECT_EQ(scored.at("identity").at("features"), record.at("metrics").at("fd_colors").at("identity"));

  // Other judged prompts train nothing again.
  words.push_back("evaluation.prompts=24");
  record_of(words);
  EXPECT_EQ(num_trainings(), 1) << "other judged prompts train nothing again";
}

TEST_F(SuitePlugins, OnTheInceptionOf2015ItIsFid) {
  write_color_backbone(file("inception.pt"));
  write_json(file("inception.pt.json"), {{"official", "inception-2015"}, {"side", 32}, {"range", "0..1"}});
  std::vector<std::string> words = kSmall;
  words.insert(words.end(), {"backbone=torchscript:" + file("inception.pt"), "metrics=geneval,frechet",
                             "evaluation.reference_pictures=40"});
  const Json record = record_of(words);
  const auto rows = rows_of(record, "hash");
  ASSERT_EQ(rows.count("fid"), 1u);
  EXPECT_EQ(rows.at("fid").at("official"), true);
  EXPECT_EQ(record.at("metrics").at("fid").at("official"), true);
}

TEST_F(SuitePlugins, PicturesOfTheUsersOwnTrainAndAreScored) {
  draw_pictures(60);
  write_color_backbone(file("backbone.pt"));
  write_json(file("backbone.pt.json"), {{"name", "colors"}, {"side", 16}, {"range", "0..1"}});
  write_color_answerer(file("answers.pt"));
  write_json(file("answers.pt.json"), {{"words", "answers"}});
  write_atomically(file("questions.csv"),
                   "item_id,text,proposition_id,dependency,category_broad,category_detailed,question_natural_language\n"
                   "1,a red sheet,1,0,attribute,color,red\n"
                   "2,a blue sheet,1,0,attribute,color,blue\n");
  const Json record = record_of(
      {"captioned_folder", "data.path=" + file("pictures"), "data.side=16", "encoders=hash",
       "objectives=flow_matching,mean_flow", "steps=1", "probes=disentanglement", "metrics=kid,question_graph",
       "main_metric=kid", "backbone=torchscript:" + file("backbone.pt"), "judge=torchscript:" + file("answers.pt"),
       "evaluation.questions=" + file("questions.csv"), "evaluation.prompts=4", "evaluation.reference_pictures=4",
       "train.pictures=128", "model.width=32", "model.depth=1", "model.heads=2"});
  EXPECT_EQ(record.at("main_metric"), "kid_colors");
  const auto rows = rows_of(record, "hash");
  EXPECT_TRUE(rows.at("kid_colors").at("value").is_number());
  EXPECT_TRUE(rows.at("question_graph").at("value").is_number());
  EXPECT_EQ(rows.count("geneval"), 0u);
  EXPECT_EQ(rows_of(record, "real").size(), 0u) << "nobody can draw what a caption of a photograph says";
  EXPECT_EQ(num_trainings(), 3) << "two halves of flow matching, and MeanFlow after the first";
}

}  // namespace
}  // namespace emf
