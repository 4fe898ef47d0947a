// SPDX-License-Identifier: Apache-2.0
#include "harness/engine/store/merge.h"

#include <gtest/gtest.h>

#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/base/manifest.h"
#include "harness/engine/store/layout.h"
#include "harness/engine/store/run_store.h"
#include "tests/temporary_folder.h"

namespace emf {
namespace {

class MergeTest : public testing::Test {
 protected:
  MergeTest() : folder_("merge") {
    open_store(here());
    open_store(there());
  }
  std::filesystem::path here() const { return folder_ / "here"; }
  std::filesystem::path there() const { return folder_ / "there"; }

  static RunFolder stage(const std::filesystem::path& store, const std::string& kind, int seed, double value,
                         bool done = true) {
    RunFolder run(store, kind, {{"seed", seed}, {"suite", "quick"}});
    make_folder(run.path() / "items");
    run.begin();
    write_atomically(run.file("items/a.jsonl"), "{}\n");
    if (done) run.finish({{"value", value}}, {{"host", "vm"}});
    return run;
  }

  const TemporaryFolder folder_;
};

TEST_F(MergeTest, BringsInWhatIsFinishedAndNotHere) {
  stage(there(), "train", 1, 0.5);
  stage(there(), "suite", 2, 0.5);
  stage(there(), "train", 3, 0.5, false);
  stage(here(), "train", 4, 0.25);
  const MergedStores merged = merge_stores(there(), here());
  EXPECT_EQ(merged.merged, 2);
  EXPECT_EQ(merged.known, 0);
  EXPECT_EQ(merged.unfinished, 1);
  EXPECT_EQ(merged.suites, std::vector<std::string>{"quick"});
  EXPECT_GT(merged.bytes, 0u);
  const RunFolder own(here(), "train", {{"seed", 1}, {"suite", "quick"}});
  EXPECT_EQ(own.state(), StageState::kDone);
  EXPECT_EQ(own.result()["value"], 0.5);
  EXPECT_EQ(read_file(own.file("items/a.jsonl")), "{}\n");
  EXPECT_EQ(merge_stores(there(), here()).known, 2);
}

TEST_F(MergeTest, FinishesWhatWasBegunOrFailedHere) {
  stage(there(), "train", 1, 0.5);
  const RunFolder own = stage(here(), "train", 1, 0, false);
  own.fail("no memory");
  EXPECT_EQ(merge_stores(there(), here()).merged, 1);
  EXPECT_EQ(own.state(), StageState::kDone);
  EXPECT_FALSE(std::filesystem::exists(own.file("FAILED")));
}

TEST_F(MergeTest, KeepsItsOwnResultAndTellsOfAnother) {
  const std::string hash = stage(there(), "train", 1, 0.5).hash();
  const RunFolder own = stage(here(), "train", 1, 0.75);
  const MergedStores merged = merge_stores(there(), here());
  EXPECT_EQ(merged.different, std::vector<std::string>{"train/" + hash});
  EXPECT_EQ(own.result()["value"], 0.75);
}

TEST_F(MergeTest, LeavesOutFoldersThatAreNotWhatTheirNameSays) {
  const RunFolder other = stage(there(), "train", 1, 0.5);
  write_json(other.file("spec.json"), {{"seed", 2}});
  const MergedStores merged = merge_stores(there(), here());
  EXPECT_EQ(merged.merged, 0);
  EXPECT_EQ(merged.foreign, std::vector<std::string>{"train/" + other.hash()});
}

TEST_F(MergeTest, LeavesOutWhatIsNotWhatWasWrittenThere) {
  const RunFolder damaged = stage(there(), "train", 1, 0.5), whole = stage(there(), "train", 2, 0.5);
  write_atomically(damaged.file("items/a.jsonl"), "[]\n");
  write_atomically(whole.file("items/b.jsonl"), "in no manifest");
  const MergedStores merged = merge_stores(there(), here());
  ASSERT_EQ(merged.damaged.size(), 1u);
  EXPECT_EQ(merged.damaged[0].find(damaged.name() + ": items/a.jsonl has sha256"), 0u) << merged.damaged[0];
  EXPECT_EQ(merged.merged, 1);
  const RunFolder own(here(), "train", {{"seed", 2}, {"suite", "quick"}});
  EXPECT_TRUE(check_folder(own.path(), sealed_mark(own.path()), own.sealed_as()).damage.empty());
  EXPECT_FALSE(std::filesystem::exists(own.file("items/b.jsonl")));
  EXPECT_FALSE(std::filesystem::exists(RunFolder(here(), "train", {{"seed", 1}, {"suite", "quick"}}).file("DONE")));
}

TEST_F(MergeTest, RefusesWhatIsNoStoreOrOfAnotherLayout) {
  EXPECT_THROW(merge_stores(here(), here()), UserError);
  EXPECT_THROW(merge_stores(folder_ / "nowhere", here()), UserError);
  write_atomically(there() / "LAYOUT", fmt::format("{}\n", kStoreLayout + 1));
  EXPECT_THROW(merge_stores(there(), here()), UserError);
}

}  // namespace
}  // namespace emf
