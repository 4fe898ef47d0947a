// The scheduler skips what is done, spares independent stages from a failure, and runs inputs first.
#include "harness/engine/store/scheduler.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>

#include "harness/base/error.h"
#include "harness/base/progress.h"

namespace emf {
namespace {

class SchedulerTest : public testing::Test {
 protected:
  void SetUp() override {
    Talk::quiet() = true;
    store_ = std::filesystem::temp_directory_path() / ("emf_scheduler_" + std::to_string(::getpid()));
    std::filesystem::remove_all(store_);
  }
  void TearDown() override { std::filesystem::remove_all(store_); }

  StagePointer stage(const std::string& name, std::vector<StagePointer> inputs, std::function<Json()> work) {
    auto made = std::make_shared<Stage>();
    made->label = name;
    made->folder = std::make_shared<RunFolder>(store_, "test", Json{{"name", name}});
    made->inputs = std::move(inputs);
    made->work = [work](const RunFolder&, Json&) { return work(); };
    return made;
  }

  std::filesystem::path store_;
};

TEST_F(SchedulerTest, RunsInputsFirstAndSkipsWhatIsDone) {
  std::atomic<int> calls{0};
  const auto first = stage("first", {}, [&] { return Json{{"order", ++calls}}; });
  const auto second = stage("second", {first}, [&] { return Json{{"order", ++calls}}; });
  // Handed over the wrong way round, so that only who looks at inputs has them first.
  EXPECT_EQ(run_stages({second, first}, 2).finished, 2);
  EXPECT_EQ(first->folder->result().at("order"), 1);
  EXPECT_EQ(second->folder->result().at("order"), 2);
  EXPECT_EQ(run_stages({first, second}, 2).skipped, 2);
  EXPECT_EQ(calls, 2);
  EXPECT_FALSE(first->folder->provenance().at("seconds").is_null());
  EXPECT_FALSE(first->folder->result().contains("seconds"));
}

TEST_F(SchedulerTest, OneFailureSparesTheRestAndIsTriedAgain) {
  bool broken = true;
  const auto bad = stage("bad", {}, [&]() -> Json {
    if (broken) fail_input("the loss is nan at step {}", 3);
    return Json::object();
  });
  const auto behind = stage("behind", {bad}, [] { return Json::object(); });
  const auto good = stage("good", {}, [] { return Json::object(); });
  const ScheduleSummary summary = run_stages({bad, behind, good}, 1);
  EXPECT_EQ(summary.finished, 1);
  ASSERT_EQ(summary.failed.size(), 2u);
  EXPECT_EQ(summary.failed[0].at("why"), "the loss is nan at step 3");
  EXPECT_EQ(bad->folder->state(), StageState::kFailed);
  EXPECT_EQ(bad->folder->why_failed(), "the loss is nan at step 3");
  EXPECT_EQ(behind->folder->state(), StageState::kAbsent);
  broken = false;
  EXPECT_EQ(run_stages({bad, behind, good}, 1).finished, 2);
  EXPECT_EQ(bad->folder->state(), StageState::kDone);
}

TEST_F(SchedulerTest, WhatOnlyComesFirstMayFail) {
  bool broken = true;
  std::atomic<int> calls{0};
  const auto earlier = stage("earlier", {}, [&]() -> Json {
    if (broken) fail_input("the disk is {}", "slow");
    return {{"order", ++calls}};
  });
  const auto later = stage("later", {}, [&] { return Json{{"order", ++calls}}; });
  later->after = {earlier};
  const ScheduleSummary summary = run_stages({later, earlier}, 2);
  EXPECT_EQ(summary.finished, 1);
  EXPECT_EQ(summary.failed.size(), 1u);
  EXPECT_EQ(later->folder->state(), StageState::kDone);
  broken = false;
  std::filesystem::remove_all(store_);
  calls = 0;
  EXPECT_EQ(run_stages({later, earlier}, 2).finished, 2);
  EXPECT_EQ(later->folder->result().at("order"), 2);
}

TEST_F(SchedulerTest, AStageTidiesUpBehindItsMark) {
  const auto made = stage("made", {}, [] { return Json::object(); });
  std::vector<StageState> seen;
  made->tidy = [&](const RunFolder& folder) { seen.push_back(folder.state()); };
  run_stages({made}, 1);
  run_stages({made}, 1);
  EXPECT_EQ(seen, (std::vector<StageState>{StageState::kDone}));
}

TEST_F(SchedulerTest, AbsentWeightsEndTheRun) {
  const auto stage_without = stage("llm", {}, []() -> Json { fail_missing("weights of {} are missing", "llm"); });
  bool ran = false;
  const auto behind = stage("behind", {}, [&] { return Json{{"ran", ran = true}}; });
  try {
    run_stages({stage_without, behind}, 1);
    FAIL() << "no error";
  } catch (const UserError& error) {
    EXPECT_EQ(error.code(), ExitCode::kMissing);
  }
  EXPECT_FALSE(ran) << "each further stage would fail after the work that led to it";
  EXPECT_EQ(stage_without->folder->state(), StageState::kBroken) << "nothing is wrong with the stage itself";
}

}  // namespace
}  // namespace emf
