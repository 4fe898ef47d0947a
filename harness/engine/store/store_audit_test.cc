// SPDX-License-Identifier: Apache-2.0
// What is said of a store: damaged, missing, foreign, without digests; what takes room; what is left over.
#include "harness/engine/store/store_audit.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "harness/base/file.h"
#include "harness/base/progress.h"
#include "harness/engine/store/layout.h"
#include "harness/engine/store/run_store.h"
#include "harness/engine/store/store_room.h"
#include "tests/temporary_folder.h"

namespace emf {
namespace {

class StoreAuditTest : public testing::Test {
 protected:
  StoreAuditTest() : folder_("store_audit") {
    Talk::quiet() = true;
    open_store(store());
  }
  std::filesystem::path store() const { return folder_ / "store"; }
  RunFolder stage(const std::string& kind, const Json& spec, bool done = true) const {
    RunFolder made(store(), kind, spec);
    made.begin();
    write_atomically(made.file("x.safetensors"), std::string(1000, 'x'));
    if (done) made.finish({{"value", 1}}, {{"host", "vm"}});
    return made;
  }
  RunFolder record(const std::string& suite, const std::vector<RunFolder>& stages) const {
    Json spec = {{"suite", suite}, {"stages", Json::array()}};
    for (const RunFolder& one : stages) spec["stages"].push_back(one.hash());
    return stage("suite", spec);
  }
  std::vector<std::string> findings() const {
    std::vector<std::string> lines;
    for (const AuditFinding& found : audit_store(store(), {}).findings)
      lines.push_back(found.state + " " + found.where + " " + found.file);
    return lines;
  }

  const TemporaryFolder folder_;
};

TEST_F(StoreAuditTest, NamesWhatIsNotAsItWasWritten) {
  const RunFolder a = stage("train", {{"seed", 1}}), b = stage("train", {{"seed", 2}}), c = stage("sample", {{"x", 1}}),
                  open = stage("train", {{"seed", 3}}, false), older = stage("train", {{"seed", 4}});
  const RunFolder suite = record("quick", {a, b, c});
  write_atomically(older.file("DONE"), "");
  std::filesystem::remove(older.file("manifest.json"));
  EXPECT_EQ(findings(),
            (std::vector<std::string>{"unfinished " + open.name() + " ", "unsealed " + older.name() + " "}));
  EXPECT_TRUE(audit_store(store(), {}).sound()) << "nothing that was written is lost";

  std::string bytes = read_file(a.file("x.safetensors"));
  bytes[500] ^= 1;
  write_atomically(a.file("x.safetensors"), bytes);
  std::filesystem::remove(b.file("x.safetensors"));
  write_atomically(b.file("notes.txt"), "mine");
  std::filesystem::remove_all(c.path());
  EXPECT_FALSE(audit_store(store(), {}).sound());
  const std::vector<std::string> found = findings();
  for (const std::string& line : {"damaged " + a.name() + " x.safetensors", "missing " + b.name() + " x.safetensors",
                                  "foreign " + b.name() + " notes.txt", "missing " + suite.name() + " "}) {
    EXPECT_NE(std::find(found.begin(), found.end(), line), found.end()) << line;
  }
  std::filesystem::rename(a.path(), store() / "runs" / "train" / "0123456789abcdef");
  const std::vector<std::string> renamed = findings();
  EXPECT_NE(std::find(renamed.begin(), renamed.end(), "damaged train/0123456789abcdef spec.json"), renamed.end());
}

TEST_F(StoreAuditTest, InstrumentsAreThoseOfTheirList) {
  write_atomically(store() / "instruments" / "a.safetensors", "abc");
  const auto list = [&](const std::string& sha256) {
    write_json(store() / "instruments" / "instruments.json",
               {{"instruments", {{{"file", "a.safetensors"}, {"sha256", sha256}}}}});
  };
  list("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(findings(), std::vector<std::string>{});
  list("00");
  EXPECT_EQ(findings(), std::vector<std::string>{"damaged instruments a.safetensors"});
}

TEST_F(StoreAuditTest, SaysWhatTakesRoomEachFileOnce) {
  const RunFolder a = stage("train", {{"seed", 1}}), b = stage("texts", {{"seed", 2}});
  write_atomically(store() / "cache" / "89ab" / "shard.safetensors", std::string(5000, 'x'));
  std::filesystem::create_hard_link(store() / "cache" / "89ab" / "shard.safetensors", b.file("shard.safetensors"));
  record("quick", {a, b});
  record("other", {b});
  const StoreRoom room = measure_store(store());
  ASSERT_EQ(room.folders.size(), 1u);
  EXPECT_EQ(room.folders[0].bytes, 5000u);
  uint64_t sum = room.folders[0].bytes;
  for (const RoomRow& kind : room.kinds) {
    sum += kind.bytes;
    if (kind.name != "texts") continue;
    EXPECT_LT(kind.bytes, 5000u) << "a second name takes no room";
  }
  EXPECT_EQ(sum, room.bytes);
  ASSERT_EQ(room.suites.size(), 2u);
  EXPECT_EQ(room.suites[0].name, "quick");
  EXPECT_EQ(room.suites[0].stages, 3);
  EXPECT_LT(room.suites[0].alone, room.suites[0].bytes) << "shared with the other";
}

TEST_F(StoreAuditTest, LeftOversAreShownAndGoWhenAskedTo) {
  const RunFolder needed = stage("train", {{"seed", 1}}), unneeded = stage("train", {{"seed", 2}}),
                  instrument = stage("train_detector", {{"seed", 1}});
  record("quick", {needed});
  folder_.write("store/runs/train/" + needed.hash() + "/x.json.12.0.tmp", "half");
  folder_.write("store/aside/train-0123/WHY", "a bit changed\n");
  folder_.write("store/cache/89ab/x.safetensors.damaged", "xx");
  std::vector<LeftOver> found = find_left_over(store());
  std::vector<std::string> kinds;
  for (const LeftOver& one : found) kinds.push_back(one.kind);
  EXPECT_EQ(kinds, (std::vector<std::string>{"temporary", "aside", "aside", "unneeded"}));
  EXPECT_EQ(found[1].why, "a bit changed");
  EXPECT_EQ(found[3].path, unneeded.path());
  {
    const StageLock lock(unneeded);
    EXPECT_FALSE(remove_left_over(found[3])) << "somebody works on it";
  }
  for (const LeftOver& one : found) EXPECT_TRUE(remove_left_over(one)) << one.path;
  EXPECT_TRUE(find_left_over(store()).empty());
  EXPECT_EQ(needed.state(), StageState::kDone);
  EXPECT_EQ(instrument.state(), StageState::kDone);
}

}  // namespace
}  // namespace emf
