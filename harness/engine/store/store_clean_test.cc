// SPDX-License-Identifier: Apache-2.0
// What clean takes and what it leaves: finished records keep what report, verify and sample read.
#include "harness/engine/store/store_clean.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "harness/base/file.h"
#include "harness/base/manifest.h"
#include "harness/base/progress.h"
#include "harness/engine/store/damage.h"
#include "harness/engine/store/layout.h"
#include "harness/engine/store/merge.h"
#include "harness/engine/store/run_store.h"
#include "harness/engine/store/store_audit.h"
#include "tests/temporary_folder.h"

namespace emf {
namespace {

class StoreCleanTest : public testing::Test {
 protected:
  StoreCleanTest() : folder_("store_clean") {
    Talk::quiet() = true;
    open_store(store());
  }
  std::filesystem::path store() const { return folder_ / "store"; }
  RunFolder stage(const std::string& kind, int seed, const std::string& file) const {
    RunFolder made(store(), kind, {{"seed", seed}});
    made.begin();
    write_atomically(made.file(file), std::string(1000, 'x'));
    write_atomically(made.file("events.jsonl"), "{}\n");
    made.finish({{"value", 1}}, {{"host", "vm"}});
    return made;
  }
  RunFolder record(const std::string& suite, const std::vector<RunFolder>& stages, const Json& result,
                   bool done = true) const {
    Json spec = {{"suite", suite}, {"stages", Json::array()}};
    for (const RunFolder& one : stages) spec["stages"].push_back(one.hash());
    RunFolder made(store(), "suite", spec);
    made.begin();
    if (done) made.finish(result, {{"host", "vm"}});
    return made;
  }
  /// "kind train/<hash>/file" of all that may go.
  std::vector<std::string> cleanable() const {
    std::vector<std::string> lines;
    for (const LeftOver& one : find_cleanable(store()))
      lines.push_back(one.kind + " " + one.path.lexically_relative(store() / "runs").string());
    std::sort(lines.begin(), lines.end());
    return lines;
  }

  const TemporaryFolder folder_;
};

constexpr const char *kFinal = "checkpoints/final.safetensors", *kLatents = "latents.safetensors";

TEST_F(StoreCleanTest, TakesWhatNoFinishedRecordNeeds) {
  const RunFolder first = stage("train", 1, kFinal), last = stage("train", 2, kFinal),
                  latents = stage("latents", 1, kLatents), painted = stage("sample", 1, "pictures.safetensors"),
                  lonely = stage("train", 3, kFinal), texts = stage("training_texts", 1, "texts.safetensors");
  record("done", {first, last, latents, painted, texts}, {{"budgets", {{{"run", last.hash()}}}}});
  EXPECT_EQ(cleanable(), (std::vector<std::string>{
                             "checkpoints " + first.name() + "/" + kFinal, "latents " + latents.name() + "/" + kLatents,
                             "pictures " + painted.name() + "/pictures.safetensors", "unneeded " + lonely.name(),
                             "weights " + last.name() + "/" + kFinal}));

  // What an unfinished record names is still to be read, whoever else has finished with it.
  record("open", {first, latents}, {}, /*done=*/false);
  EXPECT_EQ(cleanable(),
            (std::vector<std::string>{"pictures " + painted.name() + "/pictures.safetensors",
                                      "unneeded " + lonely.name(), "weights " + last.name() + "/" + kFinal}));
}

TEST_F(StoreCleanTest, AStageThatLostItsFileIsSoundUntilItIsRead) {
  const RunFolder train = stage("train", 1, kFinal), latents = stage("latents", 1, kLatents);
  record("done", {train, latents}, {{"budgets", {{{"run", train.hash()}}}}});
  for (const LeftOver& one : find_cleanable(store())) {
    if (one.kind != "latents") continue;
    EXPECT_TRUE(clean(one));
  }
  EXPECT_FALSE(std::filesystem::exists(latents.file(kLatents)));
  EXPECT_TRUE(std::filesystem::exists(train.file(kFinal)));
  EXPECT_EQ(read_file(latents.file(kCleaned)), std::string(kLatents) + "\n");
  const StoreAudit audit = audit_store(store(), {});
  EXPECT_TRUE(audit.sound());
  EXPECT_TRUE(audit.findings.empty()) << audit.findings.front().what;
  EXPECT_EQ(audit.cleaned, 1);
  forget_checks();
  EXPECT_NO_THROW(require_sound(latents, CheckDepth::kHere));
  forget_checks();
  try {
    require_sound(latents, CheckDepth::kWhole);
    FAIL() << "another stage would have read it";
  } catch (const DamagedStage& error) {
    EXPECT_NE(std::string(error.what()).find("`emfbench clean` removed it"), std::string::npos) << error.what();
  }
  // What else goes missing is damage all the same.
  std::filesystem::remove(latents.file("events.jsonl"));
  EXPECT_FALSE(audit_store(store(), {}).sound());
}

TEST_F(StoreCleanTest, AWorkerKeepsItsStageAndMergingKeepsTheMark) {
  const RunFolder train = stage("train", 1, kFinal);
  record("done", {train}, Json::object());
  const LeftOver one = find_cleanable(store()).at(0);
  EXPECT_EQ(one.kind, "checkpoints");
  {
    const StageLock lock(train);
    EXPECT_FALSE(clean(one));
    EXPECT_TRUE(std::filesystem::exists(one.path));
  }
  EXPECT_TRUE(clean(one));
  const MergedStores merged = merge_stores(store(), folder_ / "other");
  EXPECT_TRUE(merged.damaged.empty());
  EXPECT_EQ(merged.merged, 2);
  EXPECT_TRUE(audit_store(folder_ / "other", {}).sound());
  EXPECT_EQ(audit_store(folder_ / "other", {}).cleaned, 1);
}

}  // namespace
}  // namespace emf
