// SPDX-License-Identifier: Apache-2.0
// Training of instruments on a toy world: losses fall, a broken run goes on bit-equal, targets and augmentation are
// right.
#include "harness/instruments/instrument_training.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/base/random.h"
#include "harness/instruments/autoencoder_training.h"
#include "harness/instruments/detector_training.h"
#include "harness/instruments/picture_augmentation.h"

namespace emf {
namespace {

/// One square a picture: class 0 large, class 1 small, in red or blue on grey.
class Squares : public Dataset, public FactWorld {
 public:
  std::string name() const override { return "squares"; }
  Json fingerprint() const override { return "squares"; }
  std::vector<std::string> attributions() const override { return {}; }
  int height() const override { return 32; }
  int width() const override { return 32; }
  const FactWorld* world() const override { return this; }
  const std::vector<std::string>& class_names() const override { return classes_; }
  const std::vector<std::string>& color_names() const override { return colors_; }
  Sample sample(uint64_t index) const override {
    Random random(1, "squares", index);
    Sample sample;
    sample.index = index;
    sample.picture.assign(32 * 32 * 3, 128);
    const int class_id = static_cast<int>(random.below(2)), color = static_cast<int>(random.below(2));
    const int size = class_id == 0 ? 16 : 8;
    const int x = static_cast<int>(random.below(static_cast<uint32_t>(32 - size))),
              y = static_cast<int>(random.below(static_cast<uint32_t>(32 - size)));
    for (int row = y; row < y + size; ++row) {
      for (int column = x; column < x + size; ++column) {
        for (int channel = 0; channel < 3; ++channel) {
          sample.picture[static_cast<size_t>((row * 32 + column) * 3 + channel)] = channel == 2 * color ? 255 : 0;
        }
      }
    }
    sample.boxes.push_back({class_id, color, static_cast<float>(x), static_cast<float>(y), static_cast<float>(x + size),
                            static_cast<float>(y + size)});
    return sample;
  }
  Prompt prompt(uint64_t) const override { return {}; }
  std::vector<Prompt> all_prompts(Split) const override { return {}; }
  std::vector<Prompt> evaluation_prompts(int, uint64_t) const override { return {}; }
  Sample draw(const Prompt&, uint64_t index) const override { return sample(index); }

 private:
  std::vector<std::string> classes_ = {"large", "small"}, colors_ = {"red", "blue"};
};

class InstrumentTrainingTest : public ::testing::Test {
 protected:
  void SetUp() override {
    store_ = std::filesystem::temp_directory_path() / fmt::format("emf_instruments_{}", getpid());
    std::filesystem::remove_all(store_);
    at::set_num_threads(1);
  }
  void TearDown() override { std::filesystem::remove_all(store_); }
  RunFolder folder(const std::string& name) const {
    RunFolder made(store_, "train", {{"name", name}});
    made.begin();
    return made;
  }
  static AutoencoderRecipe small_autoencoder(int64_t pictures) {
    AutoencoderRecipe recipe;
    recipe.sizes = {{12, 16, 24}, {24, 16, 12}, 4};
    recipe.training.pictures = pictures;
    recipe.training.batch = 16;
    recipe.training.learning_rate = 3e-3;
    recipe.training.bfloat16 = false;
    return recipe;
  }

  std::filesystem::path store_;
  Squares squares_;
};

TEST_F(InstrumentTrainingTest, AutoencoderLearnsAndWritesStandardisedLatents) {
  const AutoencoderRecipe recipe = small_autoencoder(16 * 60);
  const auto file = store_ / "autoencoder.safetensors";
  const RunFolder run = folder("autoencoder");
  train_autoencoder(recipe, squares_, run, file);
  const auto events = read_json_lines(run.file("events.jsonl"));
  EXPECT_LT(events.back().at("loss").get<double>(), 0.5 * events.front().at("loss").get<double>());
  const Autoencoder autoencoder(file);
  const at::Tensor latents = autoencoder.encode(draw_batch(squares_, 5000, 512).pictures);
  EXPECT_LT(latents.mean({0, 2, 3}).abs().max().item<double>(), 0.15);
  EXPECT_LT((latents.std({0, 2, 3}, false) - 1).abs().max().item<double>(), 0.15);
}

TEST_F(InstrumentTrainingTest, DetectorLearns) {
  DetectorRecipe recipe;
  recipe.sizes = {{8, 12, 16, 24}, 16, 2, 2};
  recipe.training.pictures = 16 * 60;
  recipe.training.batch = 16;
  recipe.training.learning_rate = 5e-3;
  recipe.training.bfloat16 = false;
  const RunFolder run = folder("detector");
  const NamedTensors weights = train_detector(recipe, squares_, run);
  const auto events = read_json_lines(run.file("events.jsonl"));
  EXPECT_LT(events.back().at("heat").get<double>(), 0.5 * events.front().at("heat").get<double>());
  EXPECT_GT(events.back().at("class_right").get<double>(), 0.8);
  EXPECT_GT(events.back().at("color_right").get<double>(), 0.9);
  DetectorNetwork network(recipe.sizes, Normalisation::kFolded);
  load_tensors(network, weights, "trained");  // every tensor of the shipped form is there
}

/// Stops a run in the middle of a step, as a killed process would.
struct Killed {};

TEST_F(InstrumentTrainingTest, BrokenRunGoesOnBitEqual) {
  AutoencoderRecipe recipe = small_autoencoder(16 * 8);
  recipe.training.checkpoint_s = 0;  // after every step
  const auto train = [&](const RunFolder& run, int64_t steps) {
    AutoencoderNetwork network(recipe.sizes);
    network.initialise(0);
    int64_t done = 0;
    return train_instrument(
        network, squares_, recipe.training,
        [&](const PictureBatch& batch) {
          if (done++ == steps) throw Killed{};
          return autoencoder_loss(network, batch, recipe);
        },
        "test", run);
  };
  const NamedTensors whole = train(folder("whole"), 1000);
  const RunFolder broken = folder("broken");
  EXPECT_THROW(train(broken, 3), Killed);
  const NamedTensors resumed = train(broken, 1000);
  for (const auto& [name, value] : whole) EXPECT_TRUE(at::equal(value, resumed.at(name))) << name;
  EXPECT_EQ(read_file(folder("whole").file("events.jsonl")), read_file(broken.file("events.jsonl")));
}

TEST_F(InstrumentTrainingTest, LossThatIsNotFiniteStopsTheRun) {
  AutoencoderNetwork network(small_autoencoder(64).sizes);
  network.initialise(0);
  try {
    train_instrument(
        network, squares_, small_autoencoder(64).training,
        [](const PictureBatch&) {
          return LossResult{at::full({}, std::nan("")), {}};
        },
        "toy", folder("nan"));
    FAIL() << "a loss of NaN went through";
  } catch (const UserError& error) {
    EXPECT_NE(std::string(error.what()).find("step 0"), std::string::npos) << error.what();
  }
}

TEST_F(InstrumentTrainingTest, PicturesWithoutFactsTeachNoDetector) {
  class NoFacts : public Squares {
    const FactWorld* world() const override { return nullptr; }
  };
  EXPECT_THROW(DetectorRecipe::read(Config(), NoFacts()), UserError);
  EXPECT_EQ(DetectorRecipe::read(Config(), squares_).sizes.num_classes, 2);
}

TEST(DetectorTargetsTest, PutsTheObjectWhereItIs) {
  Sample sample;
  sample.boxes.push_back({1, -1, 4, 6, 20, 26});  // centre (12, 16): cell column 6, row 8
  const DetectorTargets targets = detector_targets({Sample{}, sample}, 32);
  EXPECT_EQ(targets.num_objects, 1);
  EXPECT_EQ(targets.heat[0].abs().sum().item<double>(), 0);
  EXPECT_EQ(targets.heat[1][0][8][6].item<double>(), 1);
  EXPECT_EQ(targets.heat[1].eq(1).sum().item<int64_t>(), 1);
  for (int64_t i = 0; i < targets.cells.size(0); ++i) {
    const int64_t cell = targets.cells[i].item<int64_t>() - 256;
    EXPECT_EQ(targets.classes[i].item<int64_t>(), 1);
    EXPECT_EQ(targets.colors[i].item<int64_t>(), -1);
    const float x = static_cast<float>(cell % 16 * 2 + 1), y = static_cast<float>(cell / 16 * 2 + 1);
    EXPECT_EQ(x - targets.sides[i][0].item<float>(), 4);
    EXPECT_EQ(y + targets.sides[i][3].item<float>(), 26);
  }
}

TEST(DetectorLossTest, IsSmallOnlyForTheRightMaps) {
  Sample sample;
  sample.boxes.push_back({1, 0, 4, 6, 20, 26});
  const DetectorTargets targets = detector_targets({sample}, 32);
  DetectorMaps maps{at::full({1, 1, 16, 16}, -12.0), at::zeros({1, 2, 16, 16}), at::zeros({1, 2, 16, 16}),
                    at::ones({1, 4, 16, 16})};
  maps.heat[0][0][8][6] = 12;
  maps.classes.select(1, 1).fill_(12);
  maps.colors.select(1, 0).fill_(12);
  maps.sides = maps.sides.permute({0, 2, 3, 1})
                   .reshape({-1, 4})
                   .index_copy(0, targets.cells, targets.sides)
                   .reshape({1, 16, 16, 4})
                   .permute({0, 3, 1, 2});
  EXPECT_LT(detector_loss(maps, targets).loss.item<double>(), 1e-3);
  DetectorMaps wrong = maps;
  wrong.classes = -maps.classes;
  EXPECT_GT(detector_loss(wrong, targets).loss.item<double>(), 1);
  wrong = maps;
  wrong.sides = maps.sides * 3;
  EXPECT_GT(detector_loss(wrong, targets).loss.item<double>(), 0.3);
}

TEST(PictureAugmentationTest, DependsOnTheIndexAlone) {
  const at::Tensor pictures = (at::arange(40 * 3 * 32 * 32).reshape({40, 3, 32, 32}) * 0.13).sin() / 2 + 0.5;
  std::vector<uint64_t> indices(40);
  for (size_t i = 0; i < indices.size(); ++i) indices[i] = 100 + i;
  const at::Tensor all = augment_pictures(pictures, 9, indices);
  EXPECT_EQ(all.sizes(), pictures.sizes());
  EXPECT_GE(all.min().item<float>(), 0);
  EXPECT_LE(all.max().item<float>(), 1);
  int64_t unchanged = 0;
  for (int64_t i = 0; i < 40; ++i) unchanged += at::allclose(all[i], pictures[i], 0, 1e-6) ? 1 : 0;
  EXPECT_GT(unchanged, 3);
  EXPECT_LT(unchanged, 25);
  const at::Tensor part = augment_pictures(pictures.narrow(0, 10, 20), 9, {indices.begin() + 10, indices.begin() + 30});
  EXPECT_TRUE(at::allclose(part, all.narrow(0, 10, 20), 1e-5, 1e-6));
}

}  // namespace
}  // namespace emf
