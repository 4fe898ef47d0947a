// SPDX-License-Identifier: Apache-2.0
// What webdataset promises, on shards that the test writes: order, keys, captions, long names, broken shards, nothing
// unpacked.
#include <gtest/gtest.h>

#include <set>

#include "harness/api/dataset.h"
#include "harness/base/error.h"
#include "harness/base/file.h"
#include "tests/drawn_pictures.h"

namespace emf {
namespace {

namespace fs = std::filesystem;

class WebDataset : public testing::Test {
 protected:
  std::unique_ptr<Dataset> open(const std::string& path, const std::string& table = "held_out = 0.0") const {
    const Config config = parse_config(
        fmt::format("[data]\nname = \"webdataset\"\npath = \"{}\"\nside = 16\n{}\n", path, table), "test.toml");
    return DatasetRegistry::instance().make("webdataset", Options(config, {"data"}, {"name"}), {0});
  }
  std::unique_ptr<Dataset> open() const { return open(folder_.path().string()); }

  std::string refusal(const std::string& path, const std::string& table = "held_out = 0.0") const {
    try {
      open(path, table);
    } catch (const UserError& error) {
      EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos) << error.what();
      return error.what();
    }
    return "";
  }

  static std::vector<std::string> texts(const Dataset& data) {
    std::vector<std::string> all;
    for (uint64_t i = 0; i < *data.size() * data.captions_a_picture(); ++i) all.push_back(data.prompt(i).text);
    return all;
  }

  TemporaryFolder folder_{"webdataset"};
};

using Texts = std::vector<std::string>;

TEST_F(WebDataset, ReadsShardsInOrder) {
  // Within a shard the order is the archive's, not the names'; keys may begin anew in each shard.
  write_tar(folder_ / "train-001.tar", {{"0000.jpg", encoded_picture(".jpg", 3)}, {"0000.txt", "third"}});
  write_tar(folder_ / "train-000.tar", {{"0007.txt", "first"},
                                        {"0007.jpg", encoded_picture(".jpg", 1)},
                                        {"0001.png", encoded_picture(".png", 2)},
                                        {"0001.json", R"({"caption": ["second", "2nd"], "url": "x"})"},
                                        {"0001.seg.png", encoded_picture(".png", 9)}});
  folder_.write("notes.txt", "no shard");
  const auto data = open();
  EXPECT_EQ(data->size(), 3u);
  EXPECT_EQ(texts(*data), (Texts{"first", "second", "third", "first", "2nd", "third"}));
  const Sample second = data->sample(1);
  EXPECT_EQ(second.picture[2], 2 * 37) << "the picture itself, not another field of its sample";
  EXPECT_EQ(texts(*open((folder_ / "train-*.tar").string())), texts(*data));
  const std::string listed = (folder_ / "train-001.tar").string() + "," + (folder_ / "train-000.tar").string();
  EXPECT_EQ(open(listed)->prompt(0).text, "third") << "a list is read as it stands";
}

TEST_F(WebDataset, UnpacksNothing) {
  write_tar(folder_ / "a.tar", {{"x/1.webp", encoded_picture(".webp", 1)}, {"x/1.txt", "words\nmore words"}});
  const auto files = [&] {
    std::set<std::string> all;
    for (const auto& entry : fs::recursive_directory_iterator(folder_.path())) all.insert(entry.path());
    return all;
  };
  const auto before = files();
  const std::string temporary = (folder_ / "temporary").string();
  setenv("TMPDIR", temporary.c_str(), 1);  // where anything unpacked would go; it is not even there
  const auto data = open();
  for (uint64_t i = 0; i < 4; ++i) data->sample(i);
  unsetenv("TMPDIR");
  EXPECT_EQ(files(), before);
  EXPECT_EQ(texts(*data), (Texts{"words", "more words"}));
}

TEST_F(WebDataset, KnowsLongNames) {
  const std::string folder = std::string(90, 'f') + "/" + std::string(120, 'g') + "/";
  for (const auto format : {archive_write_set_format_gnutar, archive_write_set_format_pax}) {
    write_tar(folder_ / "long.tar",
              {{folder + "a.jpg", encoded_picture(".jpg", 1)},
               {folder + "a.txt", "long"},
               {"\xC3\xA9t\xC3\xA9.png", encoded_picture(".png", 2)},
               {"\xC3\xA9t\xC3\xA9.txt", "summer"},
               {"other_" + folder + "a.png", encoded_picture(".png", 3)},
               {"other_" + folder + "a.txt", "last"}},
              format);
    const auto data = open();
    EXPECT_EQ(texts(*data), (Texts{"long", "summer", "last"}))
        << (format == archive_write_set_format_pax ? "pax" : "GNU");
    EXPECT_EQ(data->sample(2).picture[2], 3 * 37);
  }
}

TEST_F(WebDataset, SaysWhereAShardBreaks) {
  const std::string path = (folder_ / "cut.tar").string();
  write_tar(path, {{"1.jpg", encoded_picture(".jpg", 1, 200, 200)},
                   {"1.txt", "one"},
                   {"2.png", encoded_picture(".png", 2, 300, 300)},
                   {"2.txt", "two"}});
  const std::string whole = read_file(path);
  for (const double share : {0.1, 0.5, 0.7}) {
    folder_.write("cut.tar", whole.substr(0, static_cast<size_t>(static_cast<double>(whole.size()) * share)));
    const std::string error = refusal(path);
    EXPECT_NE(error.find("cut.tar"), std::string::npos) << error;
    EXPECT_NE(error.find("cut short"), std::string::npos) << error;
    EXPECT_NE(error.find("at byte "), std::string::npos) << error;
  }
  // A tar without its end mark is whole as far as its files are, and that cannot be known.
  const size_t end = whole.find("two") / 512 * 512 + 512;
  folder_.write("cut.tar", whole.substr(0, end));
  testing::internal::CaptureStderr();
  EXPECT_EQ(open()->size(), 2u);
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_NE(said.find(fmt::format("cut.tar has no end mark at byte {}", end)), std::string::npos) << said;
  folder_.write("cut.tar", whole + whole);
  EXPECT_NE(refusal(path).find("more stands behind the tar's end mark"), std::string::npos) << refusal(path);
  folder_.write("cut.tar", whole + std::string(10240, '\0'));
  EXPECT_EQ(open()->size(), 2u) << "filled up to a whole record, as tar does";
  EXPECT_EQ(open(path + "," + (folder_ / "c*.tar").string())->size(), 2u) << "one shard named twice";
  folder_.write("more.tar.gz", "");
  EXPECT_NE(refusal(folder_.path().string()).find("more.tar.gz: shards must be plain"), std::string::npos);
  std::filesystem::remove(folder_ / "more.tar.gz");
  folder_.write("cut.tar", "\x1f\x8b\x08 compressed");
  EXPECT_NE(refusal(path).find("not compressed"), std::string::npos) << refusal(path);
  folder_.write("cut.tar", "");
  EXPECT_NE(refusal(path), "");
}

TEST_F(WebDataset, LeavesOutWhatIsNoSample) {
  write_tar(folder_ / "a.tar", {{"1.jpg", encoded_picture(".jpg", 1)},
                                {"2.txt", "no picture"},
                                {"3.jpg", encoded_picture(".jpg", 3).substr(0, 300)},
                                {"3.txt", "cut"},
                                {"4.png", encoded_picture(".png", 4)},
                                {"4.json", R"({"caption": null})"},
                                {"5.png", encoded_picture(".png", 5)},
                                {"5.json", "{broken"},
                                {"6.png", encoded_picture(".png", 6)},
                                {"6.json", R"({"text": "good"})"},
                                {"7.png", "link:6.png"},
                                {"7.txt", "linked"},
                                {"8.jpg", encoded_picture(".jpg", 8)},
                                {"._8.txt", "of macOS"},
                                {"8.png", encoded_picture(".png", 9)},
                                {"8.txt", "eighth"}});
  testing::internal::CaptureStderr();
  const auto data = open();
  const std::string told = testing::internal::GetCapturedStderr();
  EXPECT_EQ(texts(*data), (Texts{"good", "eighth"}));
  EXPECT_EQ(static_cast<uint8_t>(data->sample(1).picture[2]), 8 * 37 % 256) << "the first of two pictures";
  for (const char* words :
       {"7 left out", "has captions but no picture: a.tar/2", "is a second picture of its sample: a.tar/8.png",
        "is a link in its shard: a.tar/7.png", "has no caption: a.tar/1.jpg, a.tar/4.png", "is cut short: a.tar/3.jpg",
        "has a .json that cannot be read: a.tar/5.png"}) {
    EXPECT_NE(told.find(words), std::string::npos) << words << " in " << told;
  }
  EXPECT_NE(refusal(folder_.path().string(), "caption_key = \"title\"").find("caption_key"), std::string::npos);
  EXPECT_NE(refusal(folder_.path().string(), "captions = \"x\"").find("captions"), std::string::npos);
  EXPECT_NE(refusal((folder_ / "absent-*.tar").string()).find("absent"), std::string::npos);
}

}  // namespace
}  // namespace emf
