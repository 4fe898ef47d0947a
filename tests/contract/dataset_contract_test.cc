// SPDX-License-Identifier: Apache-2.0
// What every dataset promises, asked of each that is registered: those that need files get some that the test draws.
#include <gtest/gtest.h>

#include <functional>
#include <iterator>
#include <set>
#include <sstream>
#include <thread>

#include "harness/api/dataset.h"
#include "harness/base/paths.h"
#include "tests/command_run.h"
#include "tests/drawn_pictures.h"

namespace emf {
namespace {

constexpr uint64_t kSeed = 5;
constexpr int kPictures = 24;

class Datasets : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = std::make_unique<TemporaryFolder>("dataset_contract");
    TarMembers members;
    for (int i = 0; i < kPictures; ++i) {
      const std::string name = std::to_string(i), picture = encoded_picture(".png", i);
      const std::string captions = fmt::format("stripes number {}\nnumber {} once more", i, i);
      folder_->write("pictures/" + name + ".png", picture);
      folder_->write("pictures/" + name + ".txt", captions);
      members.push_back({name + ".png", picture});
      members.push_back({name + ".txt", captions});
    }
    write_tar(*folder_ / "shard.tar", members);
  }
  static void TearDownTestSuite() { folder_.reset(); }

  /// What a dataset must be told before it can be made; nothing for most.
  static Json required_options(const std::string& name) {
    if (name == "captioned_folder")
      return {{"path", (*folder_ / "pictures").string()}, {"held_out_pictures", 6}, {"side", 16}};
    if (name == "webdataset")
      return {{"path", (*folder_ / "shard.tar").string()}, {"held_out_pictures", 6}, {"side", 16}};
    return Json::object();
  }

  static std::unique_ptr<Dataset> make(const std::string& name, uint64_t seed = kSeed) {
    return DatasetRegistry::instance().make(name, Options(required_options(name), "dataset " + name), {seed});
  }

  /// Calls check(dataset) for each that can be made here; emoji asks for files that only some set-ups fetch.
  static void each(const std::function<void(const Dataset&)>& check) {
    int checked = 0;
    for (const std::string& name : DatasetRegistry::instance().names()) {
      SCOPED_TRACE(name);
      std::unique_ptr<Dataset> dataset;
      try {
        dataset = make(name);
      } catch (const UserError& error) {
        EXPECT_EQ(error.code(), ExitCode::kMissing) << error.what();
        EXPECT_EQ(name, "emoji") << "its files come with every set-up: " << error.what();
        continue;
      }
      check(*dataset);
      ++checked;
    }
    EXPECT_GE(checked, 3);
  }

  static std::unique_ptr<TemporaryFolder> folder_;
};

std::unique_ptr<TemporaryFolder> Datasets::folder_;

size_t picture_bytes(const Dataset& dataset) { return static_cast<size_t>(dataset.height()) * dataset.width() * 3; }

TEST_F(Datasets, AreNamedAndFingerprinted) {
  each([](const Dataset& dataset) {
    EXPECT_TRUE(DatasetRegistry::instance().contains(dataset.name()));
    EXPECT_GT(dataset.height(), 0);
    EXPECT_GT(dataset.width(), 0);
    const auto again = make(dataset.name()), other = make(dataset.name(), kSeed + 1);
    EXPECT_EQ(canonical_json(dataset.fingerprint()), canonical_json(again->fingerprint()));
    EXPECT_NE(canonical_json(dataset.fingerprint()), canonical_json(other->fingerprint()))
        << "the seed decides the bytes";
    EXPECT_EQ(canonical_json(dataset.fingerprint()).find(folder_->path().string()), std::string::npos)
        << "where files lie decides nothing";
    for (const std::string& line : dataset.attributions()) EXPECT_EQ(line.find('\n'), std::string::npos);
  });
}

TEST_F(Datasets, SamplesArePureFunctionsOfTheirIndex) {
  each([](const Dataset& dataset) {
    constexpr uint64_t kCount = 40;
    std::vector<Sample> alone(kCount), together(kCount);
    const auto again = make(dataset.name());
    for (uint64_t i = 0; i < kCount; ++i) alone[i] = dataset.sample(i);
    std::vector<std::thread> threads;
    for (uint64_t part = 0; part < 4; ++part) {
      threads.emplace_back([&, part] {
        for (uint64_t i = kCount; i-- > 0;) {
          if (i % 4 == part) together[i] = again->sample(i);
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    std::set<std::vector<uint8_t>> different;
    for (uint64_t i = 0; i < kCount; ++i) {
      EXPECT_EQ(alone[i].index, i);
      EXPECT_EQ(alone[i].picture.size(), picture_bytes(dataset));
      EXPECT_EQ(alone[i].picture, together[i].picture) << i;
      EXPECT_EQ(alone[i].prompt.text, together[i].prompt.text) << i;
      const Prompt prompt = dataset.prompt(i);
      EXPECT_EQ(prompt.text, alone[i].prompt.text) << i;
      EXPECT_EQ(prompt.labels, alone[i].prompt.labels) << i;
      std::vector<uint8_t> picture(picture_bytes(dataset), 99);
      std::vector<Box> boxes(3);
      dataset.picture(i, picture, boxes);
      EXPECT_EQ(picture, alone[i].picture) << i;
      EXPECT_EQ(boxes.size(), alone[i].boxes.size()) << i;
      different.insert(alone[i].picture);
    }
    EXPECT_GT(different.size(), 1u);
  });
}

TEST_F(Datasets, BoundedOnesBeginAnewAndHoldSomeBack) {
  each([](const Dataset& dataset) {
    if (!dataset.size()) return;
    const uint64_t size = *dataset.size();
    ASSERT_GT(size, 0u);
    ASSERT_GE(dataset.captions_a_picture(), 1u);
    std::set<std::vector<uint8_t>> shown;
    for (uint64_t i = 0; i < std::min<uint64_t>(size, 64); ++i) {
      const Sample sample = dataset.sample(i);
      EXPECT_EQ(dataset.sample(i + size).picture, sample.picture) << i;
      EXPECT_EQ(dataset.prompt(i + size * dataset.captions_a_picture() * 6).text, sample.prompt.text) << i;
      shown.insert(sample.picture);
    }
    ASSERT_TRUE(dataset.unseen_size()) << "a bounded dataset has a bounded rest";
    for (uint64_t i = 0; i < std::min<uint64_t>(*dataset.unseen_size(), 64); ++i) {
      EXPECT_EQ(shown.count(dataset.unseen(i).picture), 0u) << i;
    }
  });
}

TEST_F(Datasets, JudgeByDifferentPromptsThatTheyCanDraw) {
  each([](const Dataset& dataset) {
    const std::vector<Prompt> prompts = dataset.evaluation_prompts(6, 1), again = dataset.evaluation_prompts(6, 1);
    ASSERT_EQ(prompts.size(), 6u);
    std::set<std::string> texts;
    for (size_t i = 0; i < prompts.size(); ++i) {
      texts.insert(prompts[i].text);
      EXPECT_EQ(prompts[i].text, again[i].text);
      EXPECT_TRUE(prompts[i].labels.contains("tag"));
      const Sample drawn = dataset.draw(prompts[i], i);
      EXPECT_EQ(drawn.prompt.text, prompts[i].text);
      EXPECT_EQ(drawn.picture.size(), picture_bytes(dataset));
      EXPECT_EQ(drawn.picture, dataset.draw(prompts[i], i).picture);
      EXPECT_EQ(dataset.draw(prompts[i], i + static_cast<size_t>(dataset.views())).prompt.text, prompts[i].text);
      EXPECT_NO_THROW(dataset.paraphrase(prompts[i], i));
      for (const std::string& wording : dataset.wordings()) EXPECT_NO_THROW(dataset.reword(prompts[i], wording));
    }
    EXPECT_EQ(texts.size(), 6u);
    EXPECT_THROW(dataset.evaluation_prompts(100000000, 1), UserError);
    EXPECT_THROW(dataset.draw({"nothing that any dataset has ever said", Json()}, 0), UserError);
    EXPECT_THROW(dataset.reword(prompts[0], "backwards"), UserError);
  });
}

TEST_F(Datasets, BoxesBelongToAWorld) {
  each([](const Dataset& dataset) {
    const FactWorld* world = dataset.world();
    for (uint64_t i = 0; i < 20; ++i) {
      const Sample sample = dataset.sample(i);
      if (world == nullptr) {
        EXPECT_TRUE(sample.boxes.empty()) << "a class nobody can look up";
      }
      for (const Box& box : sample.boxes) {
        EXPECT_LT(box.class_id, static_cast<int>(world->class_names().size()));
        EXPECT_LT(box.color_id, static_cast<int>(world->color_names().size()));
        EXPECT_TRUE(0 <= box.x0 && box.x0 < box.x1 && box.x1 <= static_cast<float>(dataset.width()));
        EXPECT_TRUE(0 <= box.y0 && box.y0 < box.y1 && box.y1 <= static_cast<float>(dataset.height()));
      }
    }
  });
}

/// The commands of docs/data.md, in a folder that has what they name.
TEST_F(Datasets, ThePageRuns) {
  const TemporaryFolder folder("data_page");
  Json images = Json::array(), annotations = Json::array();
  for (int i = 0; i < 60; ++i) {
    const std::string name = std::to_string(i);
    folder.write("photos/" + name + ".jpg", encoded_picture(".jpg", i));
    folder.write("photos/" + name + ".txt", "photo " + name);
    folder.write("coco/train2017/" + name + ".jpg", encoded_picture(".jpg", i));
    images.push_back({{"id", i}, {"file_name", name + ".jpg"}});
    annotations.push_back({{"id", i}, {"image_id", i}, {"caption", "photo " + name}});
  }
  folder.write("coco/annotations/captions_train2017.json",
               canonical_json({{"images", images}, {"annotations", annotations}}));
  TarMembers members;
  for (int i = 0; i < 200; ++i) {
    members.push_back({fmt::format("{:04}.png", i), encoded_picture(".png", i, 9, 12)});
    members.push_back({fmt::format("{:04}.txt", i), fmt::format("picture {}", i)});
  }
  make_folder(folder / "shards");
  write_tar(folder / "shards/0000.tar", members);

  std::istringstream page(read_file(project_root() / "docs/data.md"));
  const std::filesystem::path here = std::filesystem::current_path();
  std::filesystem::current_path(folder.path());
  int commands = 0;
  for (std::string line; std::getline(page, line);) {
    if (!line.starts_with("emfbench ")) continue;
    std::istringstream rest(line);
    std::vector<std::string> words{std::istream_iterator<std::string>(rest), {}};
    words.erase(words.begin());
    const CommandOutcome outcome = run_command(words);
    EXPECT_EQ(outcome.code, 0) << line << ": " << outcome.talk;
    EXPECT_NE(outcome.talk.find("held out"), std::string::npos) << line << ": " << outcome.talk;
    EXPECT_TRUE(std::filesystem::exists(words[1] + ".png")) << line;
    ++commands;
  }
  std::filesystem::current_path(here);
  EXPECT_EQ(commands, 4);
}

TEST_F(Datasets, RefuseAnOptionThatNobodyReads) {
  for (const std::string& name : DatasetRegistry::instance().names()) {
    const Options options = Options(required_options(name), "dataset " + name).with("no_such_option", 1);
    try {
      DatasetRegistry::instance().make(name, options, {kSeed});
      ADD_FAILURE() << name;
    } catch (const UserError& error) {
      EXPECT_NE(std::string(error.what()).find("no_such_option"), std::string::npos) << error.what();
    }
  }
}

}  // namespace
}  // namespace emf
