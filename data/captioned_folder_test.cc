// SPDX-License-Identifier: Apache-2.0
// What captioned_folder promises, on pictures that the test draws: every form of captions, splits, what is left out,
// memory.
#include <gtest/gtest.h>
#include <malloc.h>

#include <map>
#include <set>
#include <thread>

#include "harness/api/dataset.h"
#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/base/progress.h"
#include "tests/drawn_pictures.h"

namespace emf {
namespace {

class CaptionedFolder : public testing::Test {
 protected:
  std::unique_ptr<Dataset> open(const std::string& table = "held_out = 0.0", uint64_t seed = 0) const {
    const Config config = parse_config(
        fmt::format("[data]\nname = \"captioned_folder\"\npath = \"{}\"\n{}\n", folder_.path().string(), table),
        "test.toml");
    return DatasetRegistry::instance().make("captioned_folder", Options(config, {"data"}, {"name"}), {seed});
  }

  std::pair<ExitCode, std::string> refusal(const std::string& table) const {
    try {
      open(table);
    } catch (const UserError& error) {
      EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos) << error.what();
      return {error.code(), error.what()};
    }
    return {ExitCode::kGood, ""};
  }

  /// What construction tells people, and the data set.
  std::pair<std::string, std::unique_ptr<Dataset>> heard(const std::string& table = "held_out = 0.0") const {
    testing::internal::CaptureStderr();
    std::unique_ptr<Dataset> dataset;
    try {
      dataset = open(table);
    } catch (...) {
      testing::internal::GetCapturedStderr();
      throw;
    }
    return {testing::internal::GetCapturedStderr(), std::move(dataset)};
  }

  /// Pictures 0.png, 1.png ... of different colours.
  void draw(int count, const std::string& extension = ".png") const {
    for (int i = 0; i < count; ++i) folder_.write(std::to_string(i) + extension, encoded_picture(extension, i));
  }

  /// Every caption of a data set, in the order of samples; picture by picture.
  static std::vector<std::vector<std::string>> captions_of(const Dataset& dataset) {
    std::vector<std::vector<std::string>> captions(dataset.size().value());
    for (uint64_t i = 0; i < captions.size() * dataset.captions_a_picture(); ++i) {
      captions[i % captions.size()].push_back(dataset.prompt(i).text);
    }
    return captions;
  }

  TemporaryFolder folder_{"captioned_folder"};
};

using Texts = std::vector<std::string>;

TEST_F(CaptionedFolder, ReadsATextBesideEachPicture) {
  draw(2);
  folder_.write("0.txt", "\xEF\xBB\xBF  a red stripe \r\n\na second caption\n");
  folder_.write("1.txt", "one");
  folder_.write("deeper/2.JPG", encoded_picture(".jpg", 2));
  folder_.write("deeper/2.txt", "below");
  folder_.write(".hidden/3.png", encoded_picture(".png", 3));
  const auto data = open();
  EXPECT_EQ(data->size(), 3u);
  EXPECT_EQ(data->captions_a_picture(), 2u);
  EXPECT_EQ(captions_of(*data),
            (std::vector<Texts>{{"a red stripe", "a second caption"}, {"one", "one"}, {"below", "below"}}));
  EXPECT_EQ(open("held_out = 0.0\ntext_files = \"whole\"")->prompt(0).text, "a red stripe \r\n\na second caption");
}

TEST_F(CaptionedFolder, ReadsMetadataLines) {
  draw(3);
  folder_.write("metadata.jsonl",
                "{\"file_name\": \"2.png\", \"text\": \"third\"}\n\n"
                "{\"file_name\": \"0.png\", \"captions\": [\"first \\u00e9\\n\", \"  \", \"other\"]}\r\n"
                "{\"file_name\": \"./1.png\", \"caption\": \"sec\\\"ond\", \"width\": 3}\n"
                "{\"file_name\": \"2.png\", \"text\": \"again\"}");
  EXPECT_EQ(captions_of(*open()),
            (std::vector<Texts>{{"first \xC3\xA9", "other"}, {"sec\"ond", "sec\"ond"}, {"third", "again"}}));
}

TEST_F(CaptionedFolder, ReadsMetadataRows) {
  draw(2);
  folder_.write(
      "metadata.csv",
      "\xEF\xBB\xBF"
      "id,\"file_name\",text\r\n7,1.png,\"two \"\"lines\"\",\nin quotes\"\r\n\r\n8,0.png, plain \r\n9,0.png,more");
  EXPECT_EQ(captions_of(*open()),
            (std::vector<Texts>{{"plain", "more"}, {"two \"lines\",\nin quotes", "two \"lines\",\nin quotes"}}));
  EXPECT_EQ(open("held_out = 0.0\ncaption_key = \"id\"")->prompt(0).text, "8");
}

TEST_F(CaptionedFolder, ReadsCocosCaptions) {
  draw(2);
  // The lists in an unusual order, as a valid file may have them; what else stands in it is passed over.
  folder_.write("captions_val.json",
                R"({"info": {"caption": "not one", "images": [1]},
  "annotations": [{"image_id": 50, "id": 1, "caption": "A \"man\" é \u00e9.\n"}, {"caption" : "A dog.", "id": 2,
                   "image_id": 9},
                  {"image_id": 50, "caption": "Another", "id": 3, "segmentation": [[1.5, -2], {"caption": "no"}]},
                  {"image_id": 50, "id": 4, "caption": "  "}],
  "images": [{"file_name": "1.png", "id": 50, "license": {"id": 3}}, {"id": 9, "file_name": "0.png"}],
  "licenses": [{"id": 9, "name": "x"}]})");
  EXPECT_EQ(captions_of(*open()),
            (std::vector<Texts>{{"A dog.", "A dog."}, {"A \"man\" \xC3\xA9 \xC3\xA9.", "Another"}}));
}

TEST_F(CaptionedFolder, SaysWhatOfCocoHasNoPicture) {
  draw(1);
  folder_.write("0.gif", "no picture at all");
  folder_.write("captions.json", R"({"images": [{"id": 1, "file_name": "0.png"}, {"id": 2, "file_name": "gone.png"}],
    "annotations": [{"image_id": 1, "caption": "here"}, {"image_id": 2, "caption": "absent"},
                    {"image_id": 3, "caption": "of none"}, {"image_id": 3, "caption": "nor this"}]})");
  const std::string told = heard().first;
  for (const char* words : {"has captions but no file: gone.png", "have an image_id that no image has: 2 captions",
                            "is no JPEG, PNG or WebP, and no GIF, BMP, TIFF or PNM: 0.gif"}) {
    EXPECT_NE(told.find(words), std::string::npos) << words << " in " << told;
  }
}

TEST_F(CaptionedFolder, ReadsEachCaptionOfALineByItself) {
  draw(1);
  folder_.write("metadata.jsonl", R"({"note": {"text": "not \"this\""}, "text": ["a \"quote\" \u00e9", " ", "b"],)"
                                  R"( "file_name": "0.png", "more": ["text", "c"]})"
                                  "\n");
  EXPECT_EQ(captions_of(*open()), (std::vector<Texts>{{"a \"quote\" \xC3\xA9", "b"}}));
}

TEST_F(CaptionedFolder, SaysWhichCaptionsItFound) {
  draw(1);
  folder_.write("0.txt", "from a text");
  EXPECT_NE(heard().first.find("a .txt beside each picture"), std::string::npos);
  folder_.write("captions.json", R"({"images": [{"id": 1, "file_name": "0.png"}],
                                     "annotations": [{"image_id": 1, "caption": "from COCO"}]})");
  EXPECT_EQ(heard().second->prompt(0).text, "from COCO");
  folder_.write("metadata.csv", "file_name,text\n0.png,from rows\n");
  EXPECT_NE(heard().first.find("metadata.csv"), std::string::npos);
  folder_.write("metadata.jsonl", R"({"file_name": "0.png", "text": "from lines"})");
  EXPECT_EQ(open()->prompt(0).text, "from lines");
  EXPECT_EQ(open("captions = \"txt\"\nheld_out = 0.0")->prompt(0).text, "from a text");
  EXPECT_EQ(open("captions = \"captions.json\"\nheld_out = 0.0")->prompt(0).text, "from COCO");
  folder_.write("other/captions_b.json", "{}");
  EXPECT_NE(refusal("captions = \"other/captions_b.json\"").second.find("annotations"), std::string::npos);
}

TEST_F(CaptionedFolder, CountsAndNamesWhatItLeavesOut) {
  draw(4);
  const std::string jpeg = encoded_picture(".jpg", 5, 200, 300);
  folder_.write("cut.jpg", jpeg.substr(0, jpeg.size() / 2));
  folder_.write("page.jpg", "<html>not found</html>");
  folder_.write("empty.png", "");
  std::string broken = encoded_picture(".png", 6);
  broken[broken.size() / 2] ^= 0x55;
  folder_.write("broken.png", broken);
  const std::string webp = encoded_picture(".webp", 7);
  folder_.write("cut.webp", webp.substr(0, webp.size() - 9));
  folder_.write("silent.png", encoded_picture(".png", 8));
  for (const char* name : {"0", "1", "2", "3", "cut", "page", "empty", "broken"}) {
    folder_.write(std::string(name) + ".txt", "words of " + std::string(name));
  }
  folder_.write("3.txt", "not UTF-8: \xff");
  const auto [told, data] = heard();
  EXPECT_EQ(data->size(), 3u);
  for (const char* words : {"7 left out", "cut.jpg", "page.jpg", "empty.png", "broken.png", "cut.webp", "silent.png",
                            "3.png", "is cut short", "no caption", "is empty", "not UTF-8"}) {
    EXPECT_NE(told.find(words), std::string::npos) << words << " in " << told;
  }
  EXPECT_EQ(told.find("libpng"), std::string::npos) << told;
  EXPECT_EQ(std::count(told.begin(), told.end(), '\n'), 2) << told;
  // Looking at headers alone passes the broken body, which is then named when it is met.
  const auto headers = open("held_out = 0.0\ncheck = \"headers\"");
  EXPECT_EQ(headers->size(), 4u);
  EXPECT_NE(headers->fingerprint(), data->fingerprint());
  std::string met;
  for (uint64_t i = 0; i < 4; ++i) {
    try {
      headers->sample(i);
    } catch (const UserError& error) {
      met = error.what();
    }
  }
  EXPECT_NE(met.find("broken.png"), std::string::npos) << met;
  EXPECT_NE(met.find("data.exclude"), std::string::npos) << met;
  const auto excluded = open("held_out = 0.0\ncheck = \"headers\"\nexclude = \"broken.png\"");
  EXPECT_EQ(excluded->size(), 3u);
  for (uint64_t i = 0; i < 3; ++i) EXPECT_EQ(excluded->sample(i).picture, data->sample(i).picture);
}

TEST_F(CaptionedFolder, ShowsPicturesAsTheyAre) {
  for (const char* extension : {".png", ".webp", ".jpg"}) {
    const int number = extension[1];
    folder_.write(std::string(extension + 1) + extension, encoded_picture(extension, number, 40, 48));
    folder_.write(std::string(extension + 1) + ".txt", extension);
  }
  const auto data = open("held_out = 0.0\nheight = 40\nwidth = 48");
  EXPECT_EQ(data->height(), 40);
  EXPECT_EQ(data->width(), 48);
  for (uint64_t i = 0; i < 3; ++i) {
    const Sample sample = data->sample(i);
    const std::string extension = sample.prompt.text;
    const std::vector<uint8_t> drawn = drawn_picture(extension[1], 40, 48);
    ASSERT_EQ(sample.picture.size(), 40u * 48 * 3);
    EXPECT_TRUE(sample.boxes.empty());
    const int most = extension == ".png" ? 0 : 24;  // the others lose a little
    for (size_t at = 0; at < drawn.size(); ++at) ASSERT_NEAR(sample.picture[at], drawn[at], most) << extension;
  }
}

TEST_F(CaptionedFolder, SplitsByNameAndSeed) {
  for (int i = 0; i < 200; ++i) {
    folder_.write(fmt::format("{:03}.png", i), encoded_picture(".png", i, 8, 8));
    folder_.write(fmt::format("{:03}.txt", i), fmt::format("caption {}", i));
  }
  const auto texts = [](const Dataset& data) {
    std::pair<std::set<std::string>, std::set<std::string>> split;
    for (uint64_t i = 0; i < *data.size(); ++i) split.first.insert(data.prompt(i).text);
    for (uint64_t i = 0; i < *data.unseen_size(); ++i) split.second.insert(data.unseen(i).prompt.text);
    return split;
  };
  const auto before = open("held_out = 0.2\nside = 8");
  const auto [shown, unseen] = texts(*before);
  EXPECT_EQ(shown.size() + unseen.size(), 200u);
  EXPECT_NEAR(static_cast<double>(unseen.size()), 40, 20);
  EXPECT_EQ(open("held_out = 0.2\nside = 8")->fingerprint(), before->fingerprint());
  EXPECT_NE(texts(*open("held_out = 0.2\nside = 8", 1)).second, unseen);
  const auto [few_shown, few] = texts(*open("held_out_pictures = 10\nside = 8"));
  EXPECT_EQ(few.size(), 10u);
  EXPECT_EQ(open("held_out_pictures = 0\nside = 8")->unseen_size(), 0u);
  // Pictures that come later move none of those that were there.
  for (int i = 200; i < 230; ++i) {
    folder_.write(fmt::format("{:03}.png", i), encoded_picture(".png", i, 8, 8));
    folder_.write(fmt::format("{:03}.txt", i), fmt::format("caption {}", i));
  }
  const auto after = open("held_out = 0.2\nside = 8");
  EXPECT_NE(after->fingerprint(), before->fingerprint());
  const auto [shown_after, unseen_after] = texts(*after);
  EXPECT_EQ(shown_after.size() + unseen_after.size(), 230u);
  for (const std::string& text : shown) EXPECT_TRUE(shown_after.count(text)) << text;
  for (const std::string& text : unseen) EXPECT_TRUE(unseen_after.count(text)) << text;
}

TEST_F(CaptionedFolder, JudgesByCaptionsOfUnseenPictures) {
  draw(12);
  for (int i = 0; i < 12; ++i) folder_.write(fmt::format("{}.txt", i), fmt::format("one of {}\ntwo of {}\nsame", i, i));
  const auto data = open("held_out_pictures = 4");
  ASSERT_EQ(data->unseen_size(), 4u);
  std::map<std::string, std::vector<uint8_t>> unseen;
  for (uint64_t i = 0; i < 4; ++i) unseen[data->unseen(i).prompt.text] = data->unseen(i).picture;
  const std::vector<Prompt> prompts = data->evaluation_prompts(9, 3);
  std::set<std::string> different;
  for (size_t i = 0; i < prompts.size(); ++i) {
    different.insert(prompts[i].text);
    EXPECT_EQ(prompts[i].labels.at("tag"), "caption");
    EXPECT_EQ(prompts[i].labels.at("prompt"), prompts[i].text);
    if (i < 4) {
      EXPECT_EQ(data->draw(prompts[i], 0).picture, unseen.at(prompts[i].text));
    }
  }
  EXPECT_EQ(different.size(), 9u);
  EXPECT_EQ(data->evaluation_prompts(4, 3)[3].text, prompts[3].text);
  EXPECT_THROW(data->evaluation_prompts(10, 3), UserError);
  EXPECT_THROW(data->evaluation_prompts(0, 3), UserError);
  EXPECT_THROW(data->draw({"one of 1", Json()}, 0), UserError);
  const Prompt other = data->paraphrase(prompts[0], 0), third = data->paraphrase(prompts[0], 1);
  EXPECT_NE(other.text, prompts[0].text);
  EXPECT_NE(third.text, other.text);
  EXPECT_EQ(other.labels.at("picture"), prompts[0].labels.at("picture"));
  EXPECT_EQ(data->world(), nullptr);
}

TEST_F(CaptionedFolder, FingerprintsWhatDecidesTheBytes) {
  draw(3);
  for (int i = 0; i < 3; ++i) folder_.write(fmt::format("{}.txt", i), "words");
  const Json before = open()->fingerprint();
  for (const char* table : {"held_out = 0.1", "held_out = 0.0\nside = 64", "held_out = 0.0\nresize = \"lanczos\"",
                            "held_out = 0.0\nexclude = \"1.png\"", "held_out_pictures = 1"}) {
    EXPECT_NE(open(table)->fingerprint(), before) << table;
  }
  EXPECT_EQ(open("held_out = 0.0\nlicence = \"CC0\"")->fingerprint(), before);
  EXPECT_NE(open("held_out = 0.0", 1)->fingerprint(), before);
  folder_.write("1.txt", "world");
  const Json other_caption = open()->fingerprint();
  EXPECT_NE(other_caption, before);
  folder_.write("1.png", encoded_picture(".png", 9));
  EXPECT_NE(open()->fingerprint(), other_caption);
}

TEST_F(CaptionedFolder, SameBytesFromAnyThread) {
  draw(8);
  folder_.write("metadata.jsonl", [] {
    std::string lines;
    for (int i = 0; i < 8; ++i)
      lines += fmt::format("{{\"file_name\": \"{}.png\", \"text\": [\"a {}\", \"b {}\"]}}\n", i, i, i);
    return lines;
  }());
  const auto data = open("held_out = 0.0\nside = 16\nresize = \"lanczos\"");
  std::vector<Sample> alone(32), together(32);
  for (size_t i = 0; i < 32; ++i) alone[i] = data->sample(i);
  std::vector<std::thread> threads;
  for (size_t part = 0; part < 4; ++part) {
    threads.emplace_back([&, part] {
      for (size_t i = part; i < 32; i += 4) together[i] = data->sample(i);
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (size_t i = 0; i < 32; ++i) {
    EXPECT_EQ(alone[i].picture, together[i].picture);
    EXPECT_EQ(alone[i].prompt.text, together[i].prompt.text);
    EXPECT_EQ(alone[i].picture, alone[(i + 8) % 32].picture);
  }
  EXPECT_EQ(alone[8].prompt.text, "b 0");
}

TEST_F(CaptionedFolder, RefusesInOneLine) {
  EXPECT_EQ(refusal("").first, ExitCode::kMissing);
  draw(1);
  EXPECT_NE(refusal("").second.find("has no caption"), std::string::npos);
  folder_.write("0.txt", "words");
  EXPECT_NE(refusal("captoins = \"x\"").second.find("did you mean 'captions'?"), std::string::npos);
  EXPECT_NE(refusal("width = 32").second.find("'height' and 'width' belong together"), std::string::npos);
  EXPECT_NE(refusal("side = 32\nheight = 32\nwidth = 32").second.find("either 'side'"), std::string::npos);
  EXPECT_NE(refusal("side = 4").second.find("8"), std::string::npos);
  EXPECT_NE(refusal("resize = \"lanczoss\"").second.find("lanczos"), std::string::npos);
  EXPECT_EQ(refusal("captions = \"absent.json\"").first, ExitCode::kMissing);
  EXPECT_NE(refusal("exclude = \"9.png\"").second.find("9.png"), std::string::npos);
  EXPECT_NE(refusal("held_out_pictures = 5").second.find("no picture to train on"), std::string::npos);
  folder_.write("metadata.jsonl", "{\"file_name\": \"0.png\", \"text\": \"good\"}\n{\"file\": 1}\n");
  EXPECT_NE(refusal("").second.find("metadata.jsonl:2"), std::string::npos);
  folder_.write("metadata.jsonl", "{\"file_name\": \"0.png\", \"title\": \"good\"}\n");
  EXPECT_NE(refusal("").second.find("caption_key"), std::string::npos);
}

TEST_F(CaptionedFolder, HoldsAtMost24BytesACaption) {
  // Counted by malloc (mallinfo2): everything that lives on the heap when the data set is ready, its pictures' share
  // too.
  constexpr int kPictures = 400, kCaptions = 250;
  std::string lines;
  for (int i = 0; i < kPictures; ++i) {
    folder_.write(fmt::format("{}.png", i), encoded_picture(".png", i, 8, 8));
    for (int k = 0; k < kCaptions; ++k) {
      lines += fmt::format("{{\"file_name\": \"{}.png\", \"text\": \"picture {} in words number {}, {}\"}}\n", i, i, k,
                           std::string(200, 'x'));
    }
  }
  folder_.write("metadata.jsonl", lines);
  Talk::quiet() = true;
  open();  // what is made once for the whole process
  const auto used = [] {
    const struct mallinfo2 heap = ::mallinfo2();
    return static_cast<double>(heap.uordblks + heap.hblkhd);
  };
  const double before = used();
  const auto data = open();
  const double bytes = (used() - before) / (kPictures * kCaptions);
  Talk::quiet() = false;
  EXPECT_EQ(data->captions_a_picture(), static_cast<uint64_t>(kCaptions));
  EXPECT_LT(bytes, 24);
  RecordProperty("bytes_a_caption", fmt::format("{:.1f}", bytes));
}

}  // namespace
}  // namespace emf
