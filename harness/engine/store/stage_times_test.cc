// SPDX-License-Identifier: Apache-2.0
// How long stages will take: by what there is to do, and only from stages that do the same.
#include "harness/engine/store/stage_times.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "harness/base/file.h"

namespace emf {
namespace {

class StageTimesTest : public testing::Test {
 protected:
  void SetUp() override {
    store_ = std::filesystem::path(testing::TempDir()) / ("emf_stage_times_" + std::to_string(::getpid()));
    std::filesystem::remove_all(store_);
  }
  void TearDown() override { std::filesystem::remove_all(store_); }

  void finish(const std::string& kind, const std::string& hash, const Json& spec, double seconds, int pictures = 0) {
    const auto folder = store_ / "runs" / kind / hash;
    write_json(folder / "spec.json", spec);
    write_json(folder / "result.json", {{"pictures", pictures}});
    write_json(folder / "provenance.json", {{"seconds", seconds}});
    write_atomically(folder / "DONE", "");
  }
  static Json training(const std::string& model, int from, int to) {
    return {{"objective", "leap"}, {"model", model}, {"shape", {16, 4, 4}}, {"segment", {from, to, to, 0, to}}};
  }

  std::filesystem::path store_;
};

TEST_F(StageTimesTest, TrainingsScaleWithTheirPictures) {
  finish("train", "aa", training("small", 0, 1000), 10);
  finish("train", "ab", training("small", 1000, 2000), 30);
  StageTimes times(store_);
  const auto seconds = [&](const Json& spec) { return times.seconds(size_of_stage("train", spec, 0, nullptr)); };
  EXPECT_DOUBLE_EQ(seconds(training("small", 0, 50000)).value(), 1000);
  EXPECT_FALSE(seconds(training("large", 0, 1000))) << "another model's speed is not known";
}

TEST_F(StageTimesTest, PaintingScalesWithPicturesAndSteps) {
  finish("train", "aa", training("small", 0, 1000), 10);
  const Json spec = {{"objective", "leap"}, {"codec", "pixels"}, {"steps", 2}, {"inputs", {"aa", "text"}}};
  finish("sample", "ba", spec, 8, 100);
  StageTimes times(store_);
  Json more = spec;
  more["steps"] = 25;
  const Json train = training("small", 0, 9000);
  EXPECT_DOUBLE_EQ(times.seconds(size_of_stage("sample", more, 200, train)).value(), 200);
  EXPECT_FALSE(times.seconds(size_of_stage("sample", more, 200, training("large", 0, 9000))));
}

TEST_F(StageTimesTest, OtherKindsTakeTheMean) {
  finish("judge", "aa", Json::object(), 1);
  finish("judge", "ab", Json::object(), 3);
  StageTimes times(store_);
  EXPECT_DOUBLE_EQ(times.seconds(size_of_stage("judge", Json::object(), 0, nullptr)).value(), 2);
  EXPECT_FALSE(times.seconds(size_of_stage("score", Json::object(), 0, nullptr)));
}

TEST_F(StageTimesTest, DamagedStagesTellNothingAndStopNobody) {
  for (const char* hash : {"aa", "ab", "ac"}) finish("judge", hash, Json::object(), 2);
  write_atomically(store_ / "runs/judge/ab/provenance.json", R"({"seconds": )");
  write_atomically(store_ / "runs/judge/ac/provenance.json", R"({"seconds": "two"})");
  StageTimes times(store_);
  EXPECT_DOUBLE_EQ(times.seconds(size_of_stage("judge", Json::object(), 0, nullptr)).value(), 2);
}

}  // namespace
}  // namespace emf
