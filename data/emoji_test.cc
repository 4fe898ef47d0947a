// SPDX-License-Identifier: Apache-2.0
// What emoji promises, on a set of six that the test makes: captions join pictures, subsets, wordings, vendors,
// refusals.
#include <gtest/gtest.h>
#include <unistd.h>
#include <zip.h>

#include <array>
#include <cstdlib>
#include <set>

#include "data/emoji/concepts.h"
#include "harness/api/dataset.h"
#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/base/hash.h"
#include "harness/pictures/png.h"

namespace emf {
namespace {

namespace fs = std::filesystem;

constexpr const char* kGroups =
    R"({"groups": {"0": "smileys-emotion", "1": "people-body", "4": "food-drink", "8": "symbols"},
  "subgroups": {"0": "face-smiling", "15": "person", "34": "food-fruit", "90": "keycap"}})";
constexpr const char* kCaptions = R"([
  {"label": "grinning face", "hexcode": "1F600", "tags": ["cheerful", "teeth"], "group": 0, "subgroup": 0},
  {"label": "red apple", "hexcode": "1F34E", "tags": ["apple", "diet"], "group": 4, "subgroup": 34},
  {"label": "pear", "hexcode": "1F350", "group": 4, "subgroup": 34},
  {"label": "person", "hexcode": "1F9D1", "tags": ["adult"], "group": 1, "subgroup": 15},
  {"label": "keycap: 1", "hexcode": "0031-FE0F-20E3", "tags": ["key"], "group": 8, "subgroup": 90},
  {"label": "newer than the pictures", "hexcode": "1FAEF", "tags": [], "group": 4, "subgroup": 34},
  {"label": "regional indicator A", "hexcode": "1F1E6"}])";

/// A 64-pixel PNG: a square of one colour on nothing.
std::string sprite(const std::array<uint8_t, 4>& rgba) {
  constexpr int kSide = 64;
  std::vector<uint8_t> pixels;
  for (int y = 0; y < kSide; ++y) {
    for (int x = 0; x < kSide; ++x) {
      const bool inside = x >= 16 && x < 48 && y >= 8 && y < 56;
      for (const uint8_t value : rgba) pixels.push_back(inside ? value : 0);
    }
  }
  return pictures::encode_png(pixels, kSide, kSide);
}

void write_zip(const fs::path& path, const std::map<std::string, std::string>& members) {
  int code = 0;
  zip_t* archive = zip_open(path.c_str(), ZIP_CREATE | ZIP_TRUNCATE, &code);
  ASSERT_NE(archive, nullptr);
  for (const auto& [name, bytes] : members) {
    zip_file_add(archive, name.c_str(), zip_source_buffer(archive, bytes.data(), bytes.size(), 0), 0);
  }
  ASSERT_EQ(zip_close(archive), 0);
}

class EmojiTest : public testing::Test {
 protected:
  void SetUp() override {
    root_ = fs::temp_directory_path() / ("emf_emoji_" + std::to_string(::getpid()));
    make_folder(root_ / "deps" / "emoji");
    write_atomically(root_ / "deps/emoji/captions.json", kCaptions);
    write_atomically(root_ / "deps/emoji/groups.json", kGroups);
    for (const auto& [vendor, blue] : std::map<std::string, uint8_t>{{"google", 0}, {"twitter", 200}}) {
      std::map<std::string, std::string> members;
      uint8_t red = 40;
      for (const char* name : {"1f600", "1f34e", "1f350", "1f9d1", "0031-fe0f-20e3"}) {
        members[std::string(name) + ".png"] = sprite({red = static_cast<uint8_t>(red + 40), 0, blue, 255});
      }
      write_zip(root_ / "deps/emoji" / (vendor + "-64.zip"), members);
    }
    pin();
    setenv("EMFBENCH_ROOT", root_.c_str(), 1);
    setenv("EMFBENCH_DEPS", (root_ / "deps").c_str(), 1);
  }
  void TearDown() override {
    unsetenv("EMFBENCH_ROOT");
    unsetenv("EMFBENCH_DEPS");
    fs::remove_all(root_);
  }

  /// data/packages.json for the files as they are.
  void pin() {
    Json files = Json::array();
    for (const auto& [id, file] : std::map<std::string, std::string>{{"emoji-captions", "captions.json"},
                                                                     {"emoji-groups", "groups.json"},
                                                                     {"emoji-google", "google-64.zip"},
                                                                     {"emoji-twitter", "twitter-64.zip"}}) {
      files.push_back({{"id", id}, {"to", "emoji/" + file}, {"sha256", sha256_file(root_ / "deps/emoji" / file)}});
    }
    write_json(root_ / "data/packages.json", {{"packages",
                                               {{{"name", "made"},
                                                 {"version", "1"},
                                                 {"registry", "npm"},
                                                 {"licence", "MIT"},
                                                 {"default", false},
                                                 {"set", "emoji"},
                                                 {"files", files}}}}});
  }

  static std::unique_ptr<Dataset> open(const std::string& table = "", uint64_t seed = 0) {
    const Config config = parse_config("[data]\nname = \"emoji\"\n" + table, "test.toml");
    return DatasetRegistry::instance().make("emoji", Options(config, {"data"}, {"name"}), {seed});
  }

  static std::pair<ExitCode, std::string> refusal(const std::string& table) {
    try {
      open(table);
    } catch (const UserError& error) {
      return {error.code(), error.what()};
    }
    return {ExitCode::kGood, ""};
  }

  static std::set<std::string> texts(const std::vector<Prompt>& prompts) {
    std::set<std::string> all;
    for (const Prompt& prompt : prompts) all.insert(prompt.text);
    return all;
  }

  fs::path root_;
};

TEST_F(EmojiTest, JoinsCaptionsAndPicturesBySubset) {
  EXPECT_EQ(texts(open()->evaluation_prompts(3, 0)),
            (std::set<std::string>{"grinning face: cheerful, teeth", "red apple: apple, diet", "pear"}));
  EXPECT_EQ(texts(open("subset = \"all\"\ncaption = \"label\"")->evaluation_prompts(5, 0)),
            (std::set<std::string>{"grinning face", "red apple", "pear", "person", "keycap: 1"}));
  EXPECT_EQ(open()->world(), nullptr);
}

TEST_F(EmojiTest, EveryRoundShowsEachCaptionOnceAndVendorsInTurn) {
  const auto data = open();
  std::set<std::string> seen;
  for (uint64_t i = 0; i < 3; ++i) {
    const Sample sample = data->sample(i), next_round = data->sample(i + 3), again = data->sample(i);
    EXPECT_EQ(sample.prompt.text, data->prompt(i).text);
    EXPECT_EQ(sample.prompt.labels, data->prompt(i).labels);
    EXPECT_EQ(sample.picture, again.picture);
    EXPECT_EQ(sample.prompt.text, next_round.prompt.text);
    EXPECT_NE(sample.picture, next_round.picture);
    ASSERT_EQ(sample.picture.size(), 64u * 64 * 3);
    std::vector<uint8_t> alone(sample.picture.size());
    std::vector<Box> boxes;
    data->picture(i, alone, boxes);
    EXPECT_EQ(alone, sample.picture);
    seen.insert(sample.prompt.text);
  }
  EXPECT_EQ(seen, texts(data->evaluation_prompts(3, 0)));
  EXPECT_EQ(open("", 0)->prompt(1).text, data->prompt(1).text);
}

TEST_F(EmojiTest, LiesOverWhite) {
  const auto data = open("vendors = \"google\"\nside = 32");
  const Sample sample = data->draw({"red apple", Json()}, 0);
  EXPECT_EQ(sample.picture[0], 255);
  const size_t middle = (16 * 32 + 16) * 3;
  EXPECT_EQ(std::vector<int>(sample.picture.begin() + middle, sample.picture.begin() + middle + 3),
            (std::vector<int>{120, 0, 0}));
  EXPECT_EQ(data->reword(sample.prompt, "label").labels.at("tag"), "food-drink");
  EXPECT_TRUE(sample.boxes.empty());
}

TEST_F(EmojiTest, SaysOnePromptInThreeWays) {
  const auto data = open();
  EXPECT_EQ(data->views(), 2);
  const Prompt apple{"red apple: apple, diet", Json()};
  EXPECT_EQ(data->reword(apple, "label").text, "red apple");
  EXPECT_EQ(data->reword(apple, "tags").text, "apple, diet");
  EXPECT_EQ(data->reword(data->reword(apple, "tags"), "full").text, apple.text);
  EXPECT_EQ(data->reword({"pear", Json()}, "tags").text, "pear");
  EXPECT_NE(data->draw(apple, 0).picture, data->draw(apple, 1).picture);
  EXPECT_EQ(data->draw(apple, 0).picture, data->draw(apple, 2).picture);
  EXPECT_THROW(data->reword(apple, "tag"), UserError);
  EXPECT_THROW(data->draw({"a photo of a dog", Json()}, 0), UserError);
}

TEST_F(EmojiTest, JudgesByDifferentPrompts) {
  const auto data = open();
  const std::vector<Prompt> prompts = data->evaluation_prompts(3, 1);
  EXPECT_EQ(texts(prompts).size(), 3u);
  EXPECT_EQ(prompts[0].labels.at("held_out"), false);
  EXPECT_THROW(data->evaluation_prompts(4, 1), UserError);
}

TEST_F(EmojiTest, NamesEverySourceAndItsLicence) {
  std::string all;
  for (const std::string& line : open()->attributions()) all += line + "\n";
  for (const char* words : {"Noto Emoji", "Apache-2.0", "Twemoji", "CC-BY 4.0", "MIT", "Unicode"}) {
    EXPECT_NE(all.find(words), std::string::npos) << words;
  }
  EXPECT_NE(open()->fingerprint(), open("vendors = \"google\"")->fingerprint());
}

TEST_F(EmojiTest, RefusesWhatIsAbsentDamagedOrMistyped) {
  EXPECT_NE(refusal("vendors = \"gogle\"").second.find("did you mean 'google'?"), std::string::npos);
  EXPECT_NE(refusal("subset = \"some\"").second.find("subset"), std::string::npos);
  EXPECT_NE(refusal("sides = 32").second.find("did you mean 'side'?"), std::string::npos);
  write_atomically(root_ / "deps/emoji/google-64.zip", "not a zip");
  const auto damaged = refusal("");
  EXPECT_EQ(damaged.first, ExitCode::kBadInput);
  EXPECT_NE(damaged.second.find("./emfbench setup --with emoji"), std::string::npos) << damaged.second;
  fs::remove(root_ / "deps/emoji/google-64.zip");
  const auto absent = refusal("");
  EXPECT_EQ(absent.first, ExitCode::kMissing);
  EXPECT_NE(absent.second.find("./emfbench setup --with emoji"), std::string::npos) << absent.second;
}

TEST(EmojiConcepts, KeysLeaveVariationSelectorsOut) {
  EXPECT_EQ(emoji::concept_key("0031-FE0F-20E3"), "0031-20e3");
  EXPECT_EQ(emoji::concept_key("1f3cd-fe0f"), "1f3cd");
  EXPECT_EQ(emoji::concept_key("1F9CD-200D-2640-FE0F"), "1f9cd-200d-2640");
}

}  // namespace
}  // namespace emf
