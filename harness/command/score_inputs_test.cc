// SPDX-License-Identifier: Apache-2.0
// Features and answers as other tools write them: read, or refused with the word that helps.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "harness/base/file.h"
#include "harness/base/npy.h"
#include "harness/base/paths.h"
#include "harness/tensor/safetensors.h"
#include "tests/command_run.h"
#include "tests/oracle/metric_cases.h"

namespace emf {
namespace {

class ScoreInputs : public testing::Test {
 protected:
  void SetUp() override {
    make_folder(folder_);
    write_atomically(file("generated.npy"), npy_bytes({{50, 8}, numbers(400, 0.5)}));
    write_atomically(file("real.npy"), npy_bytes({{60, 8}, real_}));
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::string file(const std::string& name) const { return (folder_ / name).string(); }

  static std::vector<double> numbers(int count, double scale) {
    std::vector<double> values;
    for (int i = 0; i < count; ++i) values.push_back(scale * std::sin(i * i));
    return values;
  }
  CommandOutcome score(const std::string& metric, const std::string& real,
                       const std::vector<std::string>& more = {}) const {
    std::vector<std::string> words = {"score", metric, "--real", file(real), "--generated", file("generated.npy"),
                                      "--json"};
    words.insert(words.end(), more.begin(), more.end());
    return run_command(words);
  }
  double value(const CommandOutcome& outcome) const {
    EXPECT_EQ(outcome.code, 0) << outcome.talk;
    return outcome.code == 0 ? Json::parse(outcome.out)["value"].get<double>() : -1;
  }
  void refused(const CommandOutcome& outcome, const std::string& part) const {
    EXPECT_EQ(outcome.code, 2);
    EXPECT_EQ(outcome.out, "");
    EXPECT_NE(outcome.talk.find(part), std::string::npos) << outcome.talk;
    EXPECT_EQ(std::count(outcome.talk.begin(), outcome.talk.end(), '\n'), 1) << outcome.talk;
  }
  /// The real side's mean and covariance under names of others.
  void write_statistics_as(const std::string& name, const std::string& mean, const std::string& covariance) const {
    ASSERT_EQ(
        run_command({"score", "frechet", "--real", file("real.npy"), "--save-statistics", file("own.npz"), "-q"}).code,
        0);
    write_atomically(file(name), npz_bytes({{mean, read_npz(file("own.npz"), "mu")},
                                            {covariance, read_npz(file("own.npz"), "sigma")}}));
  }

  const std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / fmt::format("emf_score_inputs_test_{}", ::getpid());
  const std::vector<double> real_ = numbers(480, 1);
};

TEST_F(ScoreInputs, StatisticsOfOtherTrainersAreStatistics) {
  const double wanted = value(score("frechet", "real.npy", {"--interval", "none"}));
  write_statistics_as("mean_cov.npz", "mean", "cov");
  write_statistics_as("reference.npz", "ref_mu", "ref_sigma");
  for (const char* name : {"mean_cov.npz", "mean_cov.npz:cov", "mean_cov.npz:mean", "reference.npz"}) {
    EXPECT_NEAR(value(score("frechet", name)), wanted, 1e-9) << name;
  }
  const auto tensor = [&](const char* name) {
    const NpyArray array = read_npz(file("own.npz"), name);
    return at::tensor(array.values, at::kDouble).view(array.shape);
  };
  write_safetensors(file("s.safetensors"), {{"mu", tensor("mu")}, {"sigma", tensor("sigma")}});
  EXPECT_NEAR(value(score("frechet", "s.safetensors")), wanted, 1e-9);
  for (const char* metric : {"kid", "precision_recall"}) {
    refused(score(metric, "mean_cov.npz"), "holds statistics (mean and cov), and what is asked for needs the features");
    refused(score(metric, "mean_cov.npz:cov"), "holds statistics (mean and cov)");
  }
  write_statistics_as("unknown.npz", "a", "b");
  refused(score("frechet", "unknown.npz"),
          "holds a [8], b [8, 8], which look like statistics; those are read under the names mu and sigma");
}

TEST_F(ScoreInputs, AReferenceOfStatisticsHasIntervalsAndALine) {
  write_statistics_as("reference.npz", "mu", "sigma");
  for (const std::vector<std::string>& more :
       {std::vector<std::string>{}, {"--interval", "jackknife"}, {"--interval", "bootstrap"}, {"--infinity"}}) {
    const CommandOutcome outcome = score("frechet", "reference.npz", more);
    const double middle = value(outcome);
    const Json ends = Json::parse(outcome.out)["ci95"];
    EXPECT_LT(ends[0].get<double>(), middle);
    EXPECT_GT(ends[1].get<double>(), middle);
    EXPECT_NEAR(middle, value(score("frechet", "real.npy", more)), 1e-8);
  }
  refused(
      run_command({"score", "frechet", "--real", file("real.npy"), "--generated", file("reference.npz"), "--infinity"}),
      "infinity needs the features of the generated pictures, of which there are statistics alone");
  const CommandOutcome text =
      run_command({"score", "frechet", "--real", file("reference.npz"), "--generated", file("generated.npy"), "-q"});
  EXPECT_NE(text.out.find("n_real unknown"), std::string::npos) << text.out;
  EXPECT_EQ(text.out.find("null"), std::string::npos) << text.out;
}

TEST_F(ScoreInputs, HintsNameWhatCanBeFeatures) {
  const NpyArray features{{60, 8}, real_}, vector{{60}, numbers(60, 1)};
  write_atomically(file("several.npz"), npz_bytes({{"logits", features}, {"pool_3", features}, {"indices", vector}}));
  refused(score("frechet", "several.npz"), "logits [60, 8], pool_3 [60, 8]: name one as " + file("several.npz:pool_3"));
  write_atomically(file("none.npz"), npz_bytes({{"a", vector}, {"b", vector}}));
  refused(score("frechet", "none.npz"), "holds 2 arrays, and none is [rows, columns]");
  refused(score("kid", "several.npz:pool_4"), "did you mean 'pool_3'?");
  write_atomically(file("x.pkl"), "\x80");
  refused(score("frechet", "x.pkl"), "pickles are not read");
}

TEST_F(ScoreInputs, ColumnOrderIsReadEverywhere) {
  const double wanted = value(score("frechet", "real.npy", {"--interval", "none"}));
  std::vector<double> columns;
  for (int column = 0; column < 8; ++column) {
    for (int row = 0; row < 60; ++row) columns.push_back(real_[static_cast<size_t>(row * 8 + column)]);
  }
  std::string bytes = npy_bytes({{60, 8}, columns});
  bytes.replace(bytes.find("False"), 6, "True, ");
  write_atomically(file("columns.npy"), bytes);
  for (const char* interval : {"none", "auto"}) {
    EXPECT_NEAR(value(score("frechet", "columns.npy", {"--interval", interval})), wanted, 1e-9);
  }
  ASSERT_EQ(run_command({"score", "frechet", "--real", file("columns.npy"), "--save-statistics", file("s.npz")}).code,
            0);
  EXPECT_NEAR(value(score("frechet", "s.npz")), wanted, 1e-9);
  EXPECT_NEAR(value(score("kid", "columns.npy")), value(score("kid", "real.npy")), 1e-12);
}

TEST_F(ScoreInputs, BytesBehindAnArrayAreNotPassedOver) {
  // Two arrays saved into one file one behind the other: numpy reads the first.
  write_atomically(file("twice.npy"), read_file(file("real.npy")) + read_file(file("real.npy")));
  refused(score("frechet", "twice.npy"), "twice.npy: 7808 bytes for 480 numbers of 8 bytes");
}

TEST_F(ScoreInputs, BothSidesAreOpenedBeforeEitherIsComputed) {
  // A row that is not a number would be met while the real side is computed.
  std::vector<double> bad = real_;
  bad[3] = std::nan("");
  write_atomically(file("bad.npy"), npy_bytes({{60, 8}, bad}));
  const CommandOutcome absent =
      run_command({"score", "frechet", "--real", file("bad.npy"), "--generated", file("absent.npy")});
  EXPECT_EQ(absent.code, 3);
  EXPECT_NE(absent.talk.find("absent.npy does not exist"), std::string::npos);
  EXPECT_NE(score("frechet", "bad.npy", {"--against", file("earlier.json")}).talk.find("earlier.json does not exist"),
            std::string::npos);
}

TEST_F(ScoreInputs, TablesOfOtherAlphabetsAreRefusedByLine) {
  write_atomically(file("g.csv"), "item_id,proposition_id,dependency,category_broad\na,1,0,entit\xe9\n");
  write_atomically(file("a.csv"), "item_id,question_id,answer\na,1,yes\n");
  for (const bool json : {false, true}) {
    std::vector<std::string> words = {"score", "question_graph", "--graph", file("g.csv"), "--answers", file("a.csv")};
    if (json) words.emplace_back("--json");
    refused(run_command(words), "g.csv:2: byte 12 is 0xE9, which is not UTF-8; save the file as UTF-8");
  }
  write_atomically(file("d.jsonl"), "{}\n{\"prompt\": \"caf\xe9\"}\n");
  refused(run_command({"score", "geneval", "--detections", file("d.jsonl")}), "d.jsonl:2: byte 16 is 0xE9");
  write_atomically(file("wide.csv"), "\xff\xfei\0t\0");
  refused(run_command({"score", "question_graph", "--graph", file("wide.csv"), "--answers", file("a.csv")}),
          "(it looks like UTF-16)");
}

}  // namespace
}  // namespace emf
