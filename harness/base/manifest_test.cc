// SPDX-License-Identifier: Apache-2.0
// A sealed folder: any change of what was written is named, and nothing else is.
#include "harness/base/manifest.h"

#include <gtest/gtest.h>

#include "harness/base/atomic_file.h"
#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/base/hash.h"
#include "tests/temporary_folder.h"

namespace emf {
namespace {

class ManifestTest : public testing::Test {
 protected:
  ManifestTest() : folder_("manifest") {
    folder_.write("a.txt", "hello");
    folder_.write("deep/b.bin", std::string(3 << 20, 'x'));
    folder_.write("LOCK", "");
    folder_.write("passing", "soon gone");
    folder_.write("c.json.123.4.tmp", "half");
    mark_ = seal_folder(folder_.path(), about_, {"passing"});
  }
  FolderCheck check() const { return check_folder(folder_.path(), mark_, about_); }
  std::string damage() const {
    const FolderCheck found = check();
    return found.damage.empty() ? "" : found.damage.front().file + " " + found.damage.front().what;
  }

  const TemporaryFolder folder_;
  const Json about_ = {{"kind", "train"}, {"hash", "0123"}};
  std::string mark_;
};

TEST_F(ManifestTest, IsCanonicalJsonOfWhatLiesThere) {
  const std::string text = read_file(folder_ / kManifest);
  EXPECT_EQ(sha256_hex(text), mark_);
  EXPECT_EQ(text, canonical_json(
                      {{"schema", "emf.manifest/1"},
                       {"kind", "train"},
                       {"hash", "0123"},
                       {"files",
                        {{"a.txt", {{"bytes", 5}, {"sha256", sha256_hex("hello")}}},
                         {"deep/b.bin", {{"bytes", 3 << 20}, {"sha256", sha256_hex(std::string(3 << 20, 'x'))}}}}}}) +
                      "\n");
  const FolderCheck found = check();
  EXPECT_TRUE(found.damage.empty());
  EXPECT_EQ(found.files.size(), 2u);
  EXPECT_EQ(found.bytes, 5u + (3 << 20));
}

TEST_F(ManifestTest, NamesWhatIsNotAsItWas) {
  folder_.write("a.txt", "hallo");
  EXPECT_EQ(damage().substr(0, 17), "a.txt has sha256 ");
  folder_.write("a.txt", "hell");
  EXPECT_EQ(damage(), "a.txt has 4 bytes, not the 5 that were written");
  std::filesystem::remove(folder_ / "a.txt");
  EXPECT_EQ(damage(), "a.txt is missing");
  make_folder(folder_ / "a.txt");
  EXPECT_EQ(damage(), "a.txt is missing") << "a folder of that name is no file";
  std::filesystem::remove(folder_ / "a.txt");
  folder_.write("a.txt", "hello");
  EXPECT_EQ(damage(), "");
  std::string bytes(3 << 20, 'x');
  bytes[(2 << 20) + 17] ^= 1;
  folder_.write("deep/b.bin", bytes);
  EXPECT_EQ(damage().substr(0, 22), "deep/b.bin has sha256 ");
}

TEST_F(ManifestTest, AManifestThatIsNotTheMarkedOneCountsForNothing) {
  const std::string text = read_file(folder_ / kManifest);
  for (size_t at = 0; at < text.size(); at += 7) {
    std::string changed = text;
    changed[at] ^= 4;
    folder_.write(kManifest, changed);
    const FolderCheck found = check();
    ASSERT_EQ(found.damage.size(), 1u);
    EXPECT_EQ(found.damage.front().file, kManifest);
    EXPECT_TRUE(found.files.empty());
  }
  folder_.write(kManifest, text);
  EXPECT_FALSE(check_folder(folder_.path(), mark_, {{"kind", "train"}, {"hash", "4567"}}).damage.empty());
  EXPECT_FALSE(check_folder(folder_.path(), "", about_).damage.empty());
  // Right digests of texts that nobody would have written.
  for (const char* other : {"", "{}", "[]", "{\"files\": 3}", "{\"files\": {\"a\": 1}}"}) {
    folder_.write(kManifest, other);
    EXPECT_FALSE(check_folder(folder_.path(), sha256_hex(other), about_).damage.empty()) << other;
  }
}

TEST_F(ManifestTest, LooksAtWhatIsAskedForAndCanBeStopped) {
  folder_.write("a.txt", "hallo");
  const auto deep = [](const std::string& name) { return name != "a.txt"; };
  EXPECT_TRUE(check_folder(folder_.path(), mark_, about_, deep).damage.empty());
  EXPECT_THROW(check_folder(folder_.path(), mark_, about_, deep, [](uint64_t) { fail_input("stop {}", 1); }),
               UserError);
}

TEST_F(ManifestTest, MarksHoldTheDigest) {
  EXPECT_EQ(sealed_mark(folder_.path()), "");
  folder_.write("FAILED", "it broke\n");
  EXPECT_EQ(sealed_mark(folder_.path()), "");
  folder_.write("FAILED", "it broke\n" + std::string(kSealLine) + mark_ + "\n");
  EXPECT_EQ(sealed_mark(folder_.path()), mark_);
  folder_.write("DONE", mark_ + "\n");
  EXPECT_EQ(sealed_mark(folder_.path()), mark_);
  for (const std::string& text : {std::string(), mark_, mark_.substr(1) + "\n", "g" + mark_.substr(1) + "\n"}) {
    folder_.write("DONE", text);
    EXPECT_EQ(sealed_mark(folder_.path()), "") << text;
  }
}

TEST(TemporaryFiles, OfTheDeadAreToldFromThoseUnderWay) {
  const TemporaryFolder folder("temporary_files");
  const auto temporaries = [&] {
    std::vector<std::filesystem::path> found;
    for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
      if (is_temporary_name(entry.path().filename().string())) found.push_back(entry.path());
    }
    return found;
  };
  {
    AtomicFile file(folder / "x.json");
    file.append("half");
    ASSERT_EQ(temporaries().size(), 1u);
    EXPECT_FALSE(left_by_the_dead(temporaries()[0], /*removes=*/true)) << "it is being written";
    file.commit();
  }
  EXPECT_EQ(read_file(folder / "x.json"), "half");
  EXPECT_TRUE(temporaries().empty());
  folder.write("y.json.77.0.tmp", "half");
  EXPECT_TRUE(left_by_the_dead(folder / "y.json.77.0.tmp", /*removes=*/false));
  EXPECT_EQ(temporaries().size(), 1u);
  EXPECT_TRUE(left_by_the_dead(folder / "y.json.77.0.tmp", /*removes=*/true));
  EXPECT_TRUE(temporaries().empty());
  for (const char* name : {"x.tmp", "x.1.tmp", ".1.2.tmp", "x.1.a.tmp", "x.1.2.tmpx", "x..2.tmp"})
    EXPECT_FALSE(is_temporary_name(name)) << name;
  EXPECT_TRUE(is_temporary_name("a.b.json.12.0.tmp"));
}

}  // namespace
}  // namespace emf
