// SPDX-License-Identifier: Apache-2.0
// How far a run is: stages counted by what became of them, time by what like stages took, here and in this run.
#include "harness/engine/store/pace.h"

#include <gtest/gtest.h>

#include <thread>

#include "tests/temporary_folder.h"

namespace emf {
namespace {

class PaceTest : public testing::Test {
 protected:
  StagePointer stage(const std::string& kind, int number, std::vector<StagePointer> inputs = {}) const {
    auto made = std::make_shared<Stage>();
    made->label = kind;
    made->folder = std::make_shared<RunFolder>(store_.path(), kind, Json{{"number", number}});
    made->inputs = std::move(inputs);
    return made;
  }
  /// As if the store had finished it before.
  void finish_before(const StagePointer& stage, double seconds) const {
    stage->folder->begin();
    stage->folder->finish({{"good", true}}, {{"seconds", seconds}});
  }

  TemporaryFolder store_{"pace"};
};

TEST_F(PaceTest, CountsAndForesees) {
  finish_before(stage("judge", 0), 60);
  std::vector<StagePointer> stages;
  for (int i = 1; i <= 4; ++i) stages.push_back(stage("judge", i));
  Pace pace(stages, store_.path(), 2, 0);
  EXPECT_EQ(pace.now().words(), "0/4 stages, 2 min left") << "four of a minute, two side by side";
  Pace alone(stages, store_.path(), 1, 0);
  EXPECT_EQ(alone.now().words(), "0/4 stages, 4 min left");
  pace.begin(*stages[0]);
  pace.begin(*stages[1]);
  EXPECT_EQ(pace.now().at_work, 2);
  pace.finish(*stages[0], false);
  pace.fail(*stages[1]);
  EXPECT_EQ(pace.now().done, 1);
  EXPECT_EQ(pace.now().words().rfind("1/4 stages, 1 failed, ", 0), 0u) << pace.now().words();
  pace.finish(*stages[2], false);
  pace.finish(*stages[3], false);
  EXPECT_EQ(pace.now().words(), "3/4 stages, 1 failed");
}

TEST_F(PaceTest, AChainIsNoQuickerByMoreHands) {
  finish_before(stage("judge", 0), 60);
  std::vector<StagePointer> chain = {stage("judge", 1)};
  for (int i = 2; i <= 4; ++i) chain.push_back(stage("judge", i, {chain.back()}));
  Pace pace(chain, store_.path(), 8, 0);
  EXPECT_EQ(pace.now().words(), "0/4 stages, 4 min left");
}

TEST_F(PaceTest, WhatNeverRanIsNotForeseenUntilItRan) {
  const std::vector<StagePointer> stages = {stage("judge", 1), stage("judge", 2), stage("judge", 3)};
  Pace pace(stages, store_.path(), 1, 0);
  EXPECT_EQ(pace.now().words(), "0/3 stages");
  pace.begin(*stages[0]);
  std::this_thread::sleep_for(std::chrono::milliseconds(1100));
  pace.finish(*stages[0], true);
  const PaceNow now = pace.now();
  EXPECT_FALSE(now.some_unknown);
  EXPECT_NEAR(now.seconds_left, 2.2, 0.5) << "two more of what this run's first took";
}

}  // namespace
}  // namespace emf
