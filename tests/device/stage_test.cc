// SPDX-License-Identifier: Apache-2.0
// Every stage of a suite on a device, beside the same on the host.
#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <torch/nn/module.h>

#include "harness/api/encoder.h"
#include "harness/api/pretraining.h"
#include "harness/base/bounded.h"
#include "harness/base/file.h"
#include "harness/base/paths.h"
#include "harness/engine/pictures/picture_features.h"
#include "harness/engine/training/trainer_fixture.h"
#include "harness/instruments/autoencoder_training.h"
#include "harness/instruments/detector_training.h"
#include "tests/command_run.h"
#include "tests/device/host_cuda.h"
#include "tests/temporary_folder.h"

namespace emf {
namespace {

Placement device() { return ready_placement("cuda", "test"); }

double distance(const at::Tensor& a, const at::Tensor& b) {
  return (a.cpu().to(at::kDouble) - b.cpu().to(at::kDouble)).abs().max().item<double>();
}

/// Where the record of a suite that ran lies.
std::filesystem::path record_of(const CommandOutcome& run) {
  EXPECT_EQ(run.code, 0) << run.talk;
  return parse_json(run.out, "stdout").at("result").get<std::string>();
}

class StageTest : public testing::Test {
 protected:
  std::vector<std::string> suite(const std::string& place, std::vector<std::string> more = {}) const {
    std::vector<std::string> words = {
        "run",    "smoke", "device=" + place, "train.pictures=256", "--store", (folder_ / place).string(),
        "--jobs", "1",     "--json"};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
  TemporaryFolder folder_{"device"};
};

TEST_F(StageTest, WholeSuitesRunThere) {
  const std::filesystem::path file = record_of(run_command(suite("cuda")));
  const Json here = read_json(record_of(run_command(suite("cpu")))), there = read_json(file);
  // Equal stages have equal hashes wherever they ran; numbers agree as far as sums in another order let them.
  EXPECT_EQ(here.at("rows").size(), there.at("rows").size());
  EXPECT_EQ(here.at("budgets"), there.at("budgets"));
  for (size_t i = 0; i < here.at("curves").size(); ++i) {
    const Json &a = here.at("curves")[i].at("points"), &b = there.at("curves")[i].at("points");
    ASSERT_EQ(a.size(), b.size());
    ASSERT_GT(a.size(), 4u);
    for (size_t k = 0; k < a.size(); ++k) EXPECT_NEAR(a[k][1].get<double>(), b[k][1].get<double>(), 1e-3);
  }
  const Json provenance = read_json(file.parent_path() / "provenance.json");
  EXPECT_EQ(provenance.at("placement").at("device"), "cuda:0");
}

TEST_F(StageTest, TrainedRowsPaintThere) {
  ASSERT_EQ(run_command(suite("cuda", {"encoders=class_label", "--as", "there"})).code, 0);
  for (const char* place : {"cpu", "cuda"}) {
    const CommandOutcome painted =
        run_command({"sample", "--run", "there/class_label/mean_flow", "--prompt", "a photo of a cat", "--device",
                     place, "--out", (folder_ / place).string() + ".png", "--store", (folder_ / "cuda").string()});
    EXPECT_EQ(painted.code, 0) << painted.talk;
  }
}

TEST_F(StageTest, MemoryThatIsNotThereIsALine) {
  host_cuda::limit_memory(int64_t{3} << 20);
  const CommandOutcome run = run_command(suite("cuda"));
  host_cuda::limit_memory(0);
  EXPECT_NE(run.code, 0);
  EXPECT_EQ(run.talk.find("internal error"), std::string::npos) << run.talk;
  EXPECT_NE(run.talk.find("CUDA out of memory"), std::string::npos) << run.talk;
}

class EncoderOnDevice : public testing::TestWithParam<std::string> {};

TEST_P(EncoderOnDevice, GivesTheSameFeatures) {
  const std::string name = GetParam();
  const auto make = [&](const Placement& placement, bool trainable) {
    Json options = Json::object();
    if (trainable || name == "class_label") options["trainable"] = trainable;
    return make_encoder(name, Options(options, "test"), {.seed = 5, .placement = placement});
  };
  if (!make({}, false)->info().weights_present) GTEST_SKIP() << name << " has no weights here";
  const std::vector<Prompt> prompts = {{"a photo of a red cat", Json()}, {"a photo of two dogs and a cup", Json()}};
  std::vector<bool> ways = {false};
  if (name.ends_with("_small") || name == "class_label") ways.push_back(true);
  for (const bool trainable : ways) {
    std::unique_ptr<Encoder> here, there;
    std::vector<Prompt> asked = prompts;
    if (name == "class_label") asked = {{"a photo of a cat", Json()}, {"a photo of a red cup", Json()}};
    here = make({}, trainable), there = make(device(), trainable);
    const TokenInputs inputs = there->prepare(asked);
    const TextFeatures a = here->forward(inputs), b = there->forward(inputs);
    EXPECT_EQ(b.tokens.is_cuda(), trainable && !there->parameters().empty());
    EXPECT_EQ(b.tokens.device(), b.mask.device());
    EXPECT_LT(distance(a.tokens, b.tokens), 2e-5 * (1 + a.tokens.abs().max().item<double>()));
    EXPECT_TRUE(at::equal(a.mask.cpu(), b.mask.cpu()));
  }
}

INSTANTIATE_TEST_SUITE_P(Registered, EncoderOnDevice,
                         testing::Values("hash", "random", "class_label", "clip_small", "llm_small", "t5_small",
                                         "sentence_small", "llm", "minilm", "degraded", "record", "check"),
                         [](const auto& entry) { return entry.param; });

/// Tiny random checkpoints of every architecture: windows, caps, relative positions, norms.
TEST(CheckpointsOnDevice, GiveTheSameStates) {
  int seen = 0;
  for (const std::filesystem::path& folder : files_in(project_root() / "tests" / "oracle" / "tiny_hf")) {
    if (!path_exists(folder / "config.json")) continue;
    const auto states = [&](const Placement& placement) {
      const auto encoder = make_encoder(folder.string(), Options(Json::object(), "test"), {.placement = placement});
      return encoder->forward(padded_inputs({{3, 7, 5, 9, 11, 2, 8}, {4, 6, 2}}, 64)).tokens;
    };
    at::Tensor here;
    try {
      here = states({});
    } catch (const UserError&) {
      continue;  // refused on the host, too
    }
    EXPECT_LT(distance(here, states(device())), 1e-4 * (1 + here.abs().max().item<double>())) << folder;
    ++seen;
  }
  EXPECT_GT(seen, 15);
}

class PretrainingOnDevice : public testing::TestWithParam<std::string> {};

TEST_P(PretrainingOnDevice, LosesTheSameWithoutWaiting) {
  if (!path_exists(package_file("clip-vocabulary").path)) GTEST_SKIP() << "no CLIP vocabulary; run ./emfbench setup";
  std::string name;
  for (const std::string& one : EncoderRegistry::instance().names()) {
    if (make_encoder(one, Json::object(), 0)->info().pretraining == GetParam()) name = one;
  }
  PretrainingBatch batch;
  for (const char* thing : {"cat", "red apple", "teddy bear"}) {
    batch.captions.push_back({std::string("a photo of a ") + thing, Json()});
    batch.paraphrases.push_back({std::string(thing) + ", seen from near", Json()});
    batch.keys.samples.push_back(batch.keys.samples.size());
  }
  std::vector<double> losses;
  for (const Placement& placement : {Placement(), device()}) {
    const auto encoder =
        make_encoder(name, Options(Json{{"trainable", true}}, "test"), {.seed = 5, .placement = placement});
    const auto pretraining =
        PretrainingRegistry::instance().make(GetParam(), Options(), {encoder->info(), 5, placement});
    batch.pictures =
        to_device(at::arange(3 * 3 * 32 * 32).remainder(251).to(at::kByte).view({3, 3, 32, 32}), placement.device);
    for (const bool warm : {false, true}) {
      const int64_t before = host_cuda::waits();
      const LossResult result = pretraining->loss(*encoder, batch);
      result.loss.backward();
      if (!warm) continue;
      EXPECT_EQ(host_cuda::waits(), before);
      losses.push_back(result.loss.item<double>());
    }
    for (const auto& [leaf, value] : pretraining->parameters())
      EXPECT_EQ(value.grad().device(), placement.device) << leaf;
  }
  EXPECT_NEAR(losses.at(0), losses.at(1), 1e-4);
}

INSTANTIATE_TEST_SUITE_P(Registered, PretrainingOnDevice, testing::ValuesIn(PretrainingRegistry::instance().names()),
                         [](const auto& entry) { return entry.param; });

class TrainerOnDevice : public TrainerTest, public testing::WithParamInterface<std::string> {};

TEST_P(TrainerOnDevice, StepsWaitForNothing) {
  const auto how = objective(GetParam());
  options_.checkpoints = 1;  // the last alone
  const auto train_there = [&](const std::string& name, int64_t pictures) {
    const RunFolder where = folder(name);
    const auto make = [&] {
      const Options options(Json{{"width", 16}, {"depth", 1}, {"heads", 2}}, "test");
      return ModelRegistry::instance().make("dit", options, {{4, 2, 2, kDimension}, 3, how->wants().demands, device()});
    };
    const TextConditions there(texts(), encoder_, TextForm::kNormalised, device().device);
    const int64_t before = host_cuda::waits();
    train_segment(*how, *make(), make, there, data_, options_, {0, pictures, 1024, 0, 1024, {}, true}, 0, device(),
                  "test", where);
    return host_cuda::waits() - before;
  };
  // Beginning and end wait, and steps do not, with an event line behind each of them.
  train_there("warm", 512);
  const int64_t some = train_there("some", 512), all = train_there("all", 1024);
  RecordProperty("waits", static_cast<int>(all - some));
  EXPECT_EQ(all, some);
}

class InstrumentsOnDevice : public TrainerTest {
 protected:
  static std::shared_ptr<Dataset> scenes() {
    return DatasetRegistry::instance().make("scenes", Options(Json{{"side", 32}}, "test"), {.seed = 3});
  }
  template <typename Recipe>
  static Recipe shortly(Recipe recipe) {
    recipe.training.pictures = 48;
    recipe.training.batch = 8;
    return recipe;
  }
};

TEST_F(InstrumentsOnDevice, AreTrainedThere) {
  AutoencoderRecipe recipe = shortly(AutoencoderRecipe());
  recipe.sizes = {{8, 12, 16}, {16, 12, 8}, 4};
  for (const bool rounded : {false, true}) {
    recipe.training.bfloat16 = rounded;
    std::vector<at::Tensor> latents;
    for (const Placement& placement : {Placement(), device()}) {
      const RunFolder where = folder(fmt::format("autoencoder {} {}", placement.device.str(), rounded));
      train_autoencoder(recipe, *scenes(), where, where.file("autoencoder.safetensors"), placement);
      const Autoencoder made(where.file("autoencoder.safetensors"), placement);
      latents.push_back(made.encode(draw_batch(*scenes(), 0, 4).pictures));
      EXPECT_EQ(made.decode(latents.back()).device(), placement.device);
    }
    EXPECT_LT(distance(latents[0], latents[1]), rounded ? 0.5 : 0.02);
  }
  DetectorRecipe detector = shortly(DetectorRecipe());
  detector.sizes = {{8, 8, 8, 8}, 8, 64, 10};
  detector.training.bfloat16 = false;
  std::vector<NamedTensors> weights;
  for (const Placement& placement : {Placement(), device()})
    weights.push_back(train_detector(detector, *scenes(), folder("detector " + placement.device.str()), placement));
  for (const auto& [name, value] : weights[0]) EXPECT_LT(distance(value, weights[1].at(name)), 0.02) << name;
}

TEST(BackbonesOnDevice, SeeTheSame) {
  if (!path_exists(package_file("efficientnet-lite0").path)) GTEST_SKIP() << "no lite0 here; run ./emfbench setup";
  const at::Tensor pictures = at::arange(4 * 3 * 40 * 40).mul(37).remainder(253).to(at::kByte).view({4, 3, 40, 40});
  for (const std::string& filter : resize_filter_names()) {
    const PictureFeatures here("lite0", filter), there("lite0", filter, {device()});
    const at::Tensor a = here.features(pictures), b = there.features(pictures);
    EXPECT_TRUE(b.is_cpu());
    EXPECT_LT(distance(a, b), 1e-4) << filter;
    EXPECT_LT(distance(here.logits(a), there.logits(b)), 1e-3);
  }
}

INSTANTIATE_TEST_SUITE_P(Registered, TrainerOnDevice, testing::ValuesIn(ObjectiveRegistry::instance().names()),
                         [](const auto& entry) { return entry.param; });

}  // namespace
}  // namespace emf
