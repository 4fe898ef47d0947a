// SPDX-License-Identifier: Apache-2.0
// What every registered pretraining must hold to; a new one is tested by being registered.
#include "harness/api/pretraining.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <set>

#include "harness/base/paths.h"
#include "tests/contract/options_walk.h"

namespace emf {
namespace {

class PretrainingContract : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(package_file("clip-vocabulary").path)) {
      GTEST_SKIP() << "no CLIP vocabulary; run ./emfbench setup";
    }
    encoder_ = make_encoder("llm_small", {{"trainable", true}}, 5);
    pretraining_ = make();
  }

  std::unique_ptr<Pretraining> make(const Json& options = Json::object(), uint64_t seed = 5) const {
    return PretrainingRegistry::instance().make(GetParam(), Options(options, "pretraining options"),
                                                {encoder_->info(), seed, {}});
  }

  /// What it needs and nothing else.
  PretrainingBatch batch() const {
    PretrainingBatch batch;
    at::manual_seed(4);
    for (const char* thing : {"cat", "red apple", "teddy bear", "traffic light"}) {
      batch.captions.push_back({std::string("a photo of a ") + thing, Json()});
      batch.keys.samples.push_back(batch.keys.samples.size());
      if (pretraining_->needs_paraphrases())
        batch.paraphrases.push_back({std::string(thing) + ", seen from near", Json()});
    }
    if (pretraining_->needs_pictures()) batch.pictures = at::randint(256, {4, 3, 32, 32}, at::kByte);
    return batch;
  }

  std::unique_ptr<Encoder> encoder_;
  std::unique_ptr<Pretraining> pretraining_;
};

TEST_P(PretrainingContract, FingerprintNamesItAndHoldsItsOptions) {
  EXPECT_EQ(pretraining_->fingerprint().at("pretraining"), GetParam());
  EXPECT_EQ(make()->fingerprint(), pretraining_->fingerprint());
  expect_options_in_fingerprint(pretraining_->fingerprint(),
                                [&](const Json& options) { return make(options)->fingerprint(); });
}

TEST_P(PretrainingContract, UnknownOptionIsNamed) {
  expect_unknown_option_named([&](const Json& options) { make(options); });
}

TEST_P(PretrainingContract, ParametersAreAFunctionOfSeedAndName) {
  const NamedParameters parameters = pretraining_->parameters(), again = make()->parameters();
  const std::unique_ptr<Pretraining> other = make(Json::object(), 6);
  ASSERT_EQ(again.size(), parameters.size());
  std::set<std::string> names;
  bool drawn = false, differs = false;  // constants are nothing that a seed decides
  for (size_t i = 0; i < parameters.size(); ++i) {
    const auto& [name, value] = parameters[i];
    EXPECT_FALSE(name.empty());
    EXPECT_TRUE(names.insert(name).second) << name << " stands twice";
    EXPECT_TRUE(value.requires_grad() && value.is_leaf()) << name;
    EXPECT_EQ(name, again[i].first);
    EXPECT_TRUE(at::equal(value, again[i].second)) << name;
    drawn = drawn || value.min().item<float>() < value.max().item<float>();
    differs = differs || !at::equal(value, other->parameters()[i].second);
  }
  EXPECT_EQ(differs, drawn) << "the seed says nothing";
}

TEST_P(PretrainingContract, LossAndGradientsAreFinite) {
  const LossResult result = pretraining_->loss(*encoder_, batch());
  ASSERT_EQ(result.loss.numel(), 1);
  EXPECT_TRUE(std::isfinite(result.loss.item<double>()));
  std::set<std::string> numbers;
  for (const auto& [name, number] : result.numbers) {
    EXPECT_TRUE(std::isfinite(number)) << name;
    numbers.insert(name);
  }
  EXPECT_EQ(numbers.count("residual") + numbers.count("accuracy"), 2u);
  result.loss.backward();
  double size = 0;
  for (const auto& [name, leaf] : encoder_->parameters()) {
    if (!leaf.grad().defined()) continue;
    EXPECT_TRUE(at::isfinite(leaf.grad()).all().item<bool>()) << name;
    size += leaf.grad().abs().sum().item<double>();
  }
  EXPECT_GT(size, 0) << "it trains no encoder";
  for (const auto& [name, leaf] : pretraining_->parameters()) {
    ASSERT_TRUE(leaf.grad().defined()) << name;
    EXPECT_TRUE(at::isfinite(leaf.grad()).all().item<bool>()) << name;
  }
}

TEST_P(PretrainingContract, EqualBatchesHaveEqualLosses) {
  EXPECT_EQ(pretraining_->loss(*encoder_, batch()).loss.item<double>(),
            make()->loss(*encoder_, batch()).loss.item<double>());
}

INSTANTIATE_TEST_SUITE_P(Registered, PretrainingContract, testing::ValuesIn(PretrainingRegistry::instance().names()),
                         [](const auto& entry) { return entry.param; });

}  // namespace
}  // namespace emf
