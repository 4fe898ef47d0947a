// SPDX-License-Identifier: Apache-2.0
// What encoders are trained to do here: gaps can be filled, pairs be told apart,
// and each loss falls when it is trained.
#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <torch/optim/adamw.h>

#include <cmath>

#include "encoders/pretraining/corrupted_spans.h"
#include "encoders/pretraining/leaves.h"
#include "harness/base/paths.h"

namespace emf {
namespace {

/// Source and target put together again.
std::vector<int64_t> filled(const CorruptedSpans& corrupted, int64_t first_mark) {
  const auto is_mark = [&](int64_t id) { return id <= first_mark && id > first_mark - 16; };
  std::vector<int64_t> tokens;
  size_t at = 0;
  for (const int64_t id : corrupted.source) {
    if (!is_mark(id)) {
      tokens.push_back(id);
      continue;
    }
    EXPECT_EQ(corrupted.target.at(at), id);
    for (++at; at < corrupted.target.size() && !is_mark(corrupted.target[at]); ++at)
      tokens.push_back(corrupted.target[at]);
  }
  EXPECT_EQ(at + 1, corrupted.target.size());
  EXPECT_TRUE(is_mark(corrupted.target.back()));
  return tokens;
}

TEST(CorruptedSpans, GapsHoldWhatWasTakenOut) {
  double gone = 0, own = 0;
  for (uint64_t trial = 0; trial < 2000; ++trial) {
    Random random(1, "test", trial);
    std::vector<int64_t> tokens = {4000};
    const uint32_t length = random.below(40);
    for (uint32_t i = 0; i < length; ++i) tokens.push_back(random.below(3000));
    tokens.push_back(4001);
    const CorruptedSpans corrupted = corrupt_spans(tokens, {0.3, 2, 4095}, random);
    ASSERT_EQ(filled(corrupted, 4095), tokens) << trial;
    EXPECT_EQ(corrupted.source.front(), 4000);
    EXPECT_EQ(corrupted.source.back(), 4001);
    if (length < 10) continue;
    for (const int64_t id : corrupted.target) gone += id < 4000;
    own += length;
  }
  EXPECT_NEAR(gone / own, 0.3, 0.02);
}

TEST(MatchPairs, IsCrossEntropyOfCosinesBothWays) {
  at::manual_seed(2);
  const at::Tensor a = at::randn({4, 6}), b = at::randn({4, 6}), log_scale = at::full({1}, 1.5);
  const LossResult result = match_pairs(a, b, log_scale, {"w", "x", "y", "w"});
  const at::Tensor cosines =
      at::matmul(a / a.norm(2, {1}, true), (b / b.norm(2, {1}, true)).t()).to(at::kDouble) * std::exp(1.5);
  double expected = 0;
  for (int i = 0; i < 4; ++i) {
    double row = 0, column = 0;
    for (int j = 0; j < 4; ++j) {
      if (i + j == 3 && i != j && (i == 0 || j == 0)) continue;  // rows 0 and 3 say the same
      row += std::exp(cosines[i][j].item<double>());
      column += std::exp(cosines[j][i].item<double>());
    }
    expected -= (2 * cosines[i][i].item<double>() - std::log(row) - std::log(column)) / 8;
  }
  EXPECT_NEAR(result.loss.item<double>(), expected, 1e-5);
}

class PretrainingTest : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(package_file("clip-vocabulary").path))
      GTEST_SKIP() << "no CLIP vocabulary; run ./emfbench setup";
  }

  /// The registered encoder that this pretraining makes.
  static std::unique_ptr<Encoder> encoder_of(const std::string& pretraining) {
    for (const std::string& name : EncoderRegistry::instance().names()) {
      if (make_encoder(name, Json::object(), 0)->info().pretraining == pretraining) {
        return make_encoder(name, {{"trainable", true}}, 5);
      }
    }
    return nullptr;
  }

  static PretrainingBatch some_batch() {
    PretrainingBatch batch;
    at::manual_seed(4);
    for (const char* thing : {"cat", "red apple", "teddy bear", "traffic light", "blue car", "horse", "cup", "pizza"}) {
      batch.captions.push_back({std::string("a photo of a ") + thing, Json()});
      batch.paraphrases.push_back({std::string(thing) + ", seen from near", Json()});
      batch.keys.samples.push_back(batch.keys.samples.size());
    }
    batch.pictures = at::randint(256, {8, 3, 32, 32}, at::kByte);
    return batch;
  }
};

TEST_P(PretrainingTest, LossFallsAndEveryParameterIsTrained) {
  const auto encoder = encoder_of(GetParam());
  ASSERT_NE(encoder, nullptr) << "no encoder names this pretraining";
  const auto pretraining = PretrainingRegistry::instance().make(GetParam(), Options(), {encoder->info(), 5});
  std::vector<at::Tensor> parameters;
  for (const auto& [name, tensor] : encoder->parameters()) parameters.push_back(tensor);
  for (const auto& [name, tensor] : pretraining->parameters()) parameters.push_back(tensor);
  torch::optim::AdamW optimizer(parameters, torch::optim::AdamWOptions(3e-3));
  const PretrainingBatch batch = some_batch();
  double first = 0, last = 0;
  for (int step = 0; step < 40; ++step) {
    optimizer.zero_grad();
    const LossResult result = pretraining->loss(*encoder, batch);
    result.loss.backward();
    last = result.loss.item<double>();
    if (step > 0) {
      optimizer.step();
      continue;
    }
    first = last;
    for (const auto& [name, tensor] : encoder->parameters()) {
      ASSERT_TRUE(tensor.grad().defined()) << name;
      EXPECT_GT(tensor.grad().abs().max().item<float>(), 0) << name;
    }
    for (const auto& [name, tensor] : pretraining->parameters()) ASSERT_TRUE(tensor.grad().defined()) << name;
    optimizer.step();
  }
  EXPECT_LT(last, 0.5 * first);
}

TEST_P(PretrainingTest, EqualSeedsGiveEqualLosses) {
  const auto loss = [&](uint64_t seed) {
    const auto encoder = encoder_of(GetParam());
    const auto pretraining = PretrainingRegistry::instance().make(GetParam(), Options(), {encoder->info(), seed});
    return pretraining->loss(*encoder, some_batch()).loss.item<float>();
  };
  EXPECT_EQ(loss(5), loss(5));
}

INSTANTIATE_TEST_SUITE_P(Registered, PretrainingTest, testing::ValuesIn(PretrainingRegistry::instance().names()),
                         [](const auto& entry) { return entry.param; });

/// Small encoders start alike, so that what differs in the end was learnt.
TEST(SmallEncoders, StartFromEqualValues) {
  std::vector<std::pair<std::string, at::Tensor>> first;
  for (const char* name : {"clip_small", "llm_small", "sentence_small", "t5_small"}) {
    const auto parameters = make_encoder(name, {{"trainable", true}}, 5)->parameters();
    if (first.empty()) first = parameters;
    ASSERT_EQ(parameters.size(), first.size());
    for (size_t i = 0; i < first.size(); ++i)
      EXPECT_TRUE(at::equal(parameters[i].second, first[i].second)) << name << " " << first[i].first;
  }
}

TEST(SmallEncoders, CountTheirParameters) {
  const auto encoder = make_encoder("t5_small", {{"trainable", true}}, 5);
  int64_t count = 0;
  for (const auto& [name, tensor] : encoder->parameters()) count += tensor.numel();
  EXPECT_EQ(encoder->info().num_parameters, count);
}

}  // namespace
}  // namespace emf
