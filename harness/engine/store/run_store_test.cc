// SPDX-License-Identifier: Apache-2.0
// Run folders: states, resumed event files, and a stage that one process alone works on.
#include "harness/engine/store/run_store.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <thread>

#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/base/manifest.h"
#include "harness/base/progress.h"
#include "harness/engine/store/damage.h"
#include "harness/engine/store/layout.h"
#include "harness/engine/store/scheduler.h"

namespace emf {
namespace {

class RunStoreTest : public testing::Test {
 protected:
  void SetUp() override {
    Talk::quiet() = true;
    store_ = std::filesystem::temp_directory_path() / ("emf_run_store_" + std::to_string(::getpid()));
    std::filesystem::remove_all(store_);
  }
  void TearDown() override { std::filesystem::remove_all(store_); }

  std::filesystem::path store_;
};

TEST_F(RunStoreTest, AFolderIsItsSpecsAndSaysHowFarItGot) {
  const RunFolder folder(store_, "train", {{"seed", 1}}), same(store_, "train", {{"seed", 1}}),
      other(store_, "train", {{"seed", 2}}), elsewhere(store_, "sample", {{"seed", 1}});
  EXPECT_EQ(folder.hash(), same.hash());
  EXPECT_NE(folder.hash(), other.hash());
  EXPECT_NE(folder.hash(), elsewhere.hash()) << "the kind is part of the hash";
  EXPECT_EQ(folder.state(), StageState::kAbsent);
  folder.begin();
  EXPECT_EQ(folder.state(), StageState::kBroken);
  EXPECT_EQ(read_json(folder.file("spec.json")), folder.spec());
  folder.fail("the loss is nan");
  EXPECT_EQ(folder.state(), StageState::kFailed);
  EXPECT_EQ(folder.why_failed(), "the loss is nan");
  folder.begin();
  EXPECT_EQ(folder.state(), StageState::kBroken) << "a failure is tried again";
  folder.finish({{"value", 3}}, {{"seconds", 1}});
  EXPECT_EQ(folder.state(), StageState::kDone);
  EXPECT_EQ(folder.result().at("value"), 3);
}

TEST_F(RunStoreTest, EventsAreCutBackToACheckpoint) {
  const RunFolder folder(store_, "train", {{"seed", 1}});
  folder.begin();
  folder.event({{"step", 1}});
  const uint64_t kept = folder.events_size();
  folder.event({{"step", 2}});
  std::ofstream(folder.file("events.jsonl"), std::ios::app) << "{\"step\": 3, half a li";
  folder.cut_events(kept);
  EXPECT_EQ(read_json_lines(folder.file("events.jsonl")), (std::vector<Json>{{{"step", 1}}}));
}

TEST_F(RunStoreTest, AStageIsWorkedOnByOneProcess) {
  const RunFolder folder(store_, "train", {{"seed", 1}});
  make_folder(folder.path());
  const auto log = folder.file("log");
  // Two processes want the stage; each writes a line when it has it and another when it lets go.
  std::vector<pid_t> children;
  for (int i = 0; i < 2; ++i) {
    const pid_t child = ::fork();
    if (child == 0) {
      {
        const StageLock lock(folder);
        std::ofstream(log, std::ios::app) << "in" << std::endl;
        std::this_thread::sleep_for(std::chrono::milliseconds(150));
        std::ofstream(log, std::ios::app) << "out" << std::endl;
      }
      ::_exit(0);
    }
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int status = 1;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
  }
  EXPECT_EQ(read_file(log), "in\nout\nin\nout\n");
}

TEST_F(RunStoreTest, ADeadProcessHoldsNothing) {
  const RunFolder folder(store_, "train", {{"seed", 1}});
  const pid_t child = ::fork();
  if (child == 0) {
    new StageLock(folder);  // never let go
    std::this_thread::sleep_for(std::chrono::minutes(1));
    ::_exit(0);
  }
  while (!std::filesystem::exists(folder.file("LOCK"))) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  const StageLock lock(folder);  // would wait for ever otherwise
}

TEST_F(RunStoreTest, ALockOfAFolderThatWasMovedAsideIsNotTheStages) {
  const RunFolder folder(store_, "train", {{"seed", 1}});
  folder.begin();
  std::thread waiting;
  {
    const StageLock lock(folder);
    waiting = std::thread([&] {
      const StageLock second(folder);
      // Waited for the lock of a folder that is elsewhere now, and has that of the one that is here.
      EXPECT_TRUE(std::filesystem::exists(folder.file("LOCK")));
      EXPECT_EQ(folder.state(), StageState::kAbsent);
    });
    std::this_thread::sleep_for(std::chrono::milliseconds(150));
    const auto aside = set_aside(folder, "a bit changed");
    EXPECT_EQ(read_file(aside / "WHY"), "a bit changed\n");
    EXPECT_EQ(aside, store_ / "aside" / ("train-" + folder.hash()));
  }
  waiting.join();
  folder.begin();
  EXPECT_EQ(set_aside(folder, "again"), store_ / "aside" / ("train-" + folder.hash() + "-2"));
}

TEST_F(RunStoreTest, RecordsOfFailedStagesAreSealedToo) {
  const RunFolder folder(store_, "suite", {{"suite", "quick"}});
  folder.begin();
  write_json(folder.file("result.json"), {{"value", 1}});
  folder.fail_sealed("2 stages failed");
  EXPECT_EQ(folder.state(), StageState::kFailed);
  EXPECT_EQ(folder.why_failed(), "2 stages failed");
  EXPECT_TRUE(check_folder(folder.path(), sealed_mark(folder.path()), folder.sealed_as()).damage.empty());
  write_json(folder.file("result.json"), {{"value", 2}});
  EXPECT_FALSE(check_folder(folder.path(), sealed_mark(folder.path()), folder.sealed_as()).damage.empty());
}

TEST_F(RunStoreTest, MovedAndCopiedStoresAreSaidToBeSo) {
  open_store(store_);
  EXPECT_EQ(moved_notice(store_), "");
  std::filesystem::path copy = store_, moved = store_;
  copy += "_copy", moved += "_moved";
  std::filesystem::copy(store_, copy, std::filesystem::copy_options::recursive);
  EXPECT_EQ(moved_notice(copy), "is a copy of " + std::filesystem::canonical(store_).string());
  open_store(copy);
  EXPECT_EQ(moved_notice(copy), "") << "said once";
  std::filesystem::rename(store_, moved);
  EXPECT_EQ(moved_notice(moved).find("was moved from "), 0u) << moved_notice(moved);
  std::filesystem::rename(copy, store_);
  std::filesystem::remove(store_ / "PLACE");
  std::filesystem::copy(moved / "PLACE", store_ / "PLACE");
  EXPECT_EQ(moved_notice(store_).find("is another folder than the one"), 0u) << moved_notice(store_);
  write_atomically(store_ / "PLACE", "{\"path");
  EXPECT_NE(moved_notice(store_), "");
  open_store(store_);
  EXPECT_EQ(moved_notice(store_), "");
  std::filesystem::remove_all(moved);
}

TEST_F(RunStoreTest, TemporaryFilesOfTheDeadGoWhenAStoreIsOpened) {
  open_store(store_);
  for (const char* file :
       {"runs/train/0123/result.json.4567.0.tmp", "cache/89ab/x.safetensors.4567.1.tmp", "LAYOUT.1.0.tmp"}) {
    make_folder((store_ / file).parent_path());
    std::ofstream(store_ / file) << "half";
  }
  EXPECT_EQ(find_leftovers(store_, /*removes=*/false).files.size(), 3u);
  EXPECT_EQ(find_leftovers(store_, /*removes=*/false).bytes, 12u);
  open_store(store_);
  EXPECT_TRUE(find_leftovers(store_, /*removes=*/false).files.empty());
}

TEST_F(RunStoreTest, StagesAreTheirSpecVersionAndInputs) {
  const auto spec = [](int version, const Json& own, std::vector<StagePointer> inputs = {}) {
    return StageSpec{"test", "a label", version, own, std::move(inputs), nullptr};
  };
  const StagePointer plain = make_stage(store_, spec(1, {{"x", 1}}));
  EXPECT_EQ(plain->hash(), make_stage(store_, spec(1, {{"x", 1}}))->hash());
  EXPECT_NE(plain->hash(), make_stage(store_, spec(2, {{"x", 1}}))->hash());
  EXPECT_NE(plain->hash(), make_stage(store_, spec(1, {{"x", 2}}))->hash());
  EXPECT_NE(plain->hash(), make_stage(store_, spec(1, {{"x", 1}}, {plain}))->hash());
  StageSpec renamed = spec(1, {{"x", 1}});
  renamed.label = "another label";
  EXPECT_EQ(plain->hash(), make_stage(store_, renamed)->hash()) << "labels are for people";

  StageList list(store_);
  const StagePointer first = list.add(spec(1, {{"x", 1}}));
  EXPECT_EQ(list.add(spec(1, {{"x", 1}})), first) << "equal stages stand once";
  list.add(spec(1, {{"x", 2}}));
  EXPECT_EQ(list.stages().size(), 2u);
}

TEST_F(RunStoreTest, OlderStoresAreNamedOnceAndKept) {
  EXPECT_EQ(older_layout_notice(store_), "") << "nothing is there";
  write_atomically(store_ / "runs" / "features" / "0123" / "DONE", "");
  EXPECT_NE(older_layout_notice(store_).find("older layout"), std::string::npos);
  open_store(store_);
  EXPECT_EQ(older_layout_notice(store_), "");
  EXPECT_TRUE(std::filesystem::exists(store_ / "runs" / "features" / "0123" / "DONE"));
  write_atomically(store_ / "LAYOUT", "99\n");
  EXPECT_THROW(open_store(store_), UserError);
  for (const char* text : {"", "\n", "99999999999\n", "2\n2\n", "two\n", "-2\n"}) {
    write_atomically(store_ / "LAYOUT", text);
    EXPECT_THROW(open_store(store_), UserError) << text;
  }
}

}  // namespace
}  // namespace emf
