// SPDX-License-Identifier: Apache-2.0
// The scheduler skips what is done, spares independent stages from a failure, and runs inputs first.
#include "harness/engine/store/scheduler.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <utility>

#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/base/manifest.h"
#include "harness/base/progress.h"
#include "harness/engine/store/damage.h"
#include "harness/engine/store/machine.h"
#include "tests/temporary_folder.h"
#include "tests/terminal_screen.h"

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

TEST_F(SchedulerTest, WhatIsPassingGoesBehindTheMarkAndIsInNoManifest) {
  const auto made = stage("made", {}, [] { return Json::object(); });
  made->work = [](const RunFolder& folder, Json&) {
    write_atomically(folder.file("state"), "half");
    return Json::object();
  };
  made->passing = {"state"};
  run_stages({made}, 1);
  EXPECT_FALSE(std::filesystem::exists(made->folder->file("state")));
  forget_checks();
  EXPECT_EQ(run_stages({made}, 1).skipped, 1);
}

/// A stage that writes a file of tensors and counts how often it worked; one that reads it; and one behind both.
class DamageTest : public SchedulerTest {
 protected:
  void SetUp() override {
    SchedulerTest::SetUp();
    first_ = stage("first", {}, [&] { return Json{{"value", 1}}; });
    first_->work = [this](const RunFolder& folder, Json&) {
      ++made_;
      write_atomically(folder.file("x.safetensors"), "bytes");
      write_atomically(folder.file("items/a.jsonl"), "{}\n");
      return Json{{"value", 1}};
    };
    second_ = stage("second", {first_}, [this] {
      return Json{{"read", read_file(first_->folder->file("x.safetensors"))}, {"reads", ++read_}};
    });
    third_ = stage("third", {second_}, [] { return Json::object(); });
    run({});
  }
  ScheduleSummary run(const std::vector<StagePointer>& without, DamagePolicy policy = DamagePolicy::kRedo) {
    for (const StagePointer& gone : without) std::filesystem::remove_all(gone->folder->path());
    forget_checks();
    return run_stages({first_, second_, third_}, 2, policy);
  }

  int made_ = 0, read_ = 0;
  StagePointer first_, second_, third_;
};

TEST_F(DamageTest, WhatIsHereIsCheckedAndWhatIsReadMustBeHere) {
  std::filesystem::remove(first_->folder->file("x.safetensors"));
  EXPECT_EQ(run({}).damaged.size(), 0u) << "nobody reads it: removed to save room";
  EXPECT_EQ(run({second_}).damaged.size(), 1u);
  EXPECT_EQ(made_, 2);
  write_atomically(first_->folder->file("x.safetensors"), "bites");
  const ScheduleSummary read = run({second_});
  ASSERT_EQ(read.damaged.size(), 1u);
  EXPECT_EQ(read.damaged[0].at("run"), first_->hash());
  EXPECT_EQ(read.damaged[0].at("file"), "x.safetensors");
  EXPECT_EQ(made_, 3);
  EXPECT_EQ(second_->folder->result().at("read"), "bytes");
  EXPECT_EQ(read_file(std::filesystem::path(read.damaged[0].at("aside")) / "x.safetensors"), "bites") << "kept";

  write_atomically(first_->folder->file("items/a.jsonl"), "[]\n");
  EXPECT_EQ(run({}).damaged.size(), 1u);
  EXPECT_EQ(made_, 4);
  EXPECT_EQ(run({}).damaged.size(), 0u);
}

TEST_F(DamageTest, WhatCleanRemovedIsMadeAnewOnceItIsRead) {
  write_atomically(first_->folder->file(kCleaned), "x.safetensors\n");
  std::filesystem::remove(first_->folder->file("x.safetensors"));
  EXPECT_EQ(run({}).damaged.size(), 0u);
  EXPECT_EQ(run({second_}).damaged.size(), 1u);
  EXPECT_EQ(made_, 2);
  EXPECT_EQ(second_->folder->result().at("read"), "bytes");
  EXPECT_FALSE(std::filesystem::exists(first_->folder->file(kCleaned)));
}

TEST_F(DamageTest, OfAnotherStageNothingFits) {
  for (const char* file : {"result.json", "manifest.json", "DONE", "spec.json", "provenance.json"}) {
    write_atomically(first_->folder->file(file), read_file(second_->folder->file(file)));
    EXPECT_EQ(run({}).damaged.size(), 1u) << file;
  }
  for (const char* file : {"result.json", "manifest.json", "DONE", "spec.json", "provenance.json"}) {
    write_atomically(first_->folder->file(file), read_file(second_->folder->file(file)));
  }
  const ScheduleSummary all = run({});
  ASSERT_EQ(all.damaged.size(), 1u) << "a whole stage under another's name";
  EXPECT_EQ(all.damaged[0].at("what"), "is that of another folder");
}

TEST_F(DamageTest, StopsWithoutATouchWhereThatIsWanted) {
  write_atomically(first_->folder->file("result.json"), "{}");
  try {
    run({}, DamagePolicy::kStop);
    FAIL() << "no error";
  } catch (const UserError& error) {
    EXPECT_NE(std::string(error.what()).find("result.json has 2 bytes"), std::string::npos) << error.what();
    EXPECT_NE(std::string(error.what()).find("--damaged redo"), std::string::npos) << error.what();
  }
  EXPECT_EQ(read_file(first_->folder->file("result.json")), "{}");
  EXPECT_FALSE(std::filesystem::exists(store_ / "aside"));
}

TEST_F(DamageTest, WhoReadsADamagedStageEndsBeforeItIsMoved) {
  // One reader is at work when the other finds the damage.
  std::atomic<bool> reading{false}, found{false};
  const auto slow = stage("slow", {first_}, [&]() -> Json {
    reading = true;
    while (!found) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    return {{"read", read_file(first_->folder->file("x.safetensors"))}};
  });
  const auto finder = stage("finder", {first_}, [&]() -> Json {
    while (!reading) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    if (!found.exchange(true)) {
      write_atomically(first_->folder->file("x.safetensors"), "bites");
      throw DamagedStage(*first_->folder, {"x.safetensors", "bites"});
    }
    return {{"read", read_file(first_->folder->file("x.safetensors"))}};
  });
  const ScheduleSummary summary = run_stages({first_, slow, finder}, 2);
  EXPECT_TRUE(summary.failed.empty());
  EXPECT_EQ(summary.damaged.size(), 1u);
  EXPECT_EQ(finder->folder->result().at("read"), "bytes");
}

TEST_F(DamageTest, AnInputThatAnotherProcessMovedAsideIsMadeAnew) {
  bool taken = false;
  const auto reader = stage("reader", {first_}, [&]() -> Json {
    if (!std::exchange(taken, true)) std::filesystem::remove_all(first_->folder->path());
    return {{"read", read_file(first_->folder->file("x.safetensors"))}};
  });
  const ScheduleSummary summary = run_stages({first_, reader}, 2);
  EXPECT_TRUE(summary.failed.empty());
  EXPECT_EQ(reader->folder->result().at("read"), "bytes");
  EXPECT_EQ(made_, 2);
}

TEST_F(DamageTest, WhatIsDamagedAgainAndAgainEndsTheRun) {
  second_->work = [this](const RunFolder&, Json&) -> Json {
    throw DamagedStage(*first_->folder, {"x.safetensors", "fades"});
  };
  try {
    run({second_});
    FAIL() << "no error";
  } catch (const UserError& error) {
    EXPECT_NE(std::string(error.what()).find("is the disk sound?"), std::string::npos) << error.what();
  }
}

TEST_F(DamageTest, StagesOfAnotherKindOfProcessorAreSaidToBeSo) {
  Json provenance = first_->folder->provenance();
  EXPECT_EQ(other_machine(provenance), "");
  EXPECT_EQ(other_machine(Json::object()), "") << "not told";
  EXPECT_FALSE(provenance.at("libraries").at("openssl").get<std::string>().empty());
  provenance["simd"] = "ANOTHER";
  write_json(first_->folder->file("provenance.json"), provenance);
  first_->folder->seal();
  Talk::quiet() = false;
  testing::internal::CaptureStderr();
  run({});
  const std::string said = testing::internal::GetCapturedStderr();
  Talk::quiet() = true;
  EXPECT_NE(said.find("1 finished stages were made with ANOTHER, LibTorch "), std::string::npos) << said;
}

TEST_F(DamageTest, StagesWithoutDigestsAreMovedAside) {
  write_atomically(first_->folder->file("DONE"), "");
  EXPECT_EQ(first_->folder->state(), StageState::kUnsealed);
  const ScheduleSummary summary = run({});
  EXPECT_EQ(summary.finished, 1);
  EXPECT_EQ(made_, 2);
  EXPECT_TRUE(std::filesystem::exists(store_ / "aside" / ("test-" + first_->hash()) / "x.safetensors"));
  write_atomically(first_->folder->file("DONE"), "");
  first_->folder->seal();
  EXPECT_EQ(run({}).skipped, 3) << "or taken as they are";
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

TEST_F(SchedulerTest, QuietRunsSayWhatFailedOnce) {
  const auto bad = stage("bad", {}, []() -> Json { fail_input("the loss is nan at step {}", 3); });
  const auto behind = stage("behind", {bad}, [] { return Json::object(); });
  testing::internal::CaptureStderr();
  EXPECT_EQ(run_stages({bad, behind}, 2).failed.size(), 2u);
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "  FAILED bad: the loss is nan at step 3\n");
}

TEST_F(SchedulerTest, TellsInAFileHowFarItIs) {
  const TemporaryFolder folder("scheduler_told");
  const auto file = folder / "progress.json";
  Json seen;
  const auto first = stage("first", {}, [&] {
    seen = read_json(file);
    return Json::object();
  });
  run_stages({first}, 1, DamagePolicy::kRedo, {0, file});
  EXPECT_EQ(seen.at("stages"), 1);
  EXPECT_EQ(seen.at("done"), 0);
  EXPECT_TRUE(seen.at("at").is_number());
}

TEST_F(SchedulerTest, AFolderIsWorkedOnWhileItsLockIsHeld) {
  const RunFolder folder(store_, "test", Json{{"name", "held"}});
  EXPECT_FALSE(is_worked_on(folder.path()));
  {
    const StageLock lock(folder);
    EXPECT_TRUE(is_worked_on(folder.path()));
  }
  EXPECT_FALSE(is_worked_on(folder.path()));
}

TEST_F(SchedulerTest, AWaitForAnotherProcessIsSaid) {
  const RunFolder folder(store_, "test", Json{{"name", "held"}});
  std::thread waiting;
  testing::internal::CaptureStderr();
  Talk::quiet() = false;
  {
    const StageLock lock(folder, "first");
    waiting = std::thread([&] { const StageLock second(folder, "train llm"); });
    std::this_thread::sleep_for(std::chrono::milliseconds(1700));
  }
  waiting.join();
  Talk::quiet() = true;
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "  waiting for another process that works on train llm, 1 s\n");
}

/// Not for itself: what the next test shows on its terminals.
TEST_F(SchedulerTest, DISABLED_FourStagesOfTwoJobs) {
  Talk::quiet() = false;
  std::vector<StagePointer> stages;
  for (int i = 0; i < 4; ++i) {
    stages.push_back(stage(std::to_string(i), {}, [i] {
      Progress progress(fmt::format("train language_model mean_flow seed {}", i), 30, "pictures");
      for (int done = 1; done <= 30; ++done) {
        progress.update(done, "loss 0.4123, norm of the gradient 1.2034");
        std::this_thread::sleep_for(std::chrono::milliseconds(30));
      }
      return Json::object();
    }));
  }
  EXPECT_EQ(run_stages(stages, 2).finished, 4);
}

TEST_F(SchedulerTest, ATerminalOfAnyWidthShowsEveryJobAndTheWhole) {
  for (const size_t columns : {40, 80, 200}) {
    int status = -1;
    // A process of its own: OpenMP's threads, which an earlier test may have started, do not live on behind a fork.
    const std::string drawn = drawn_on_terminal(
        columns,
        [] {
          ::execl("/proc/self/exe", "engine_test", "--gtest_filter=SchedulerTest.DISABLED_FourStagesOfTwoJobs",
                  "--gtest_also_run_disabled_tests", "--gtest_brief=1", nullptr);
          return false;
        },
        &status);
    EXPECT_EQ(status, 0);
    EXPECT_NE(drawn.find("2/4 stages"), std::string::npos) << drawn;
    EXPECT_NE(drawn.find("\x1b[2A"), std::string::npos) << "a line for each of two jobs and one of the whole";
    TerminalScreen screen(columns);
    screen.feed(drawn);
    std::string left;
    for (const std::string& line : screen.lines()) left += line;
    EXPECT_EQ(left.find(" stages"), std::string::npos) << left;
    for (int i = 0; i < 4; ++i) {
      const std::string end = fmt::format("train language_model mean_flow seed {}: 30/30", i);
      EXPECT_NE(left.find(end), std::string::npos) << left;
      EXPECT_EQ(left.find(fmt::format("seed {}", i)), left.rfind(fmt::format("seed {}", i))) << left;
    }
  }
}

}  // namespace
}  // namespace emf
