// SPDX-License-Identifier: Apache-2.0
// What every registered encoder must hold to; a new one is tested by being registered.
#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include "harness/api/encoder.h"

namespace emf {
namespace {

Prompt labelled(const std::string& text, const std::string& labels) { return {text, Json::parse(labels)}; }

/// Texts of unequal length with the labels that say the same, so that encoders of either can read them.
std::vector<Prompt> some_prompts() {
  return {
      labelled("a photo of a cat", R"({"tag":"single_object","include":[{"class":"cat","count":1}]})"),
      labelled("a photo of a dog right of a teddy bear",
               R"({"tag":"position","include":[{"class":"teddy bear","count":1},
                   {"class":"dog","count":1,"position":["right of",0]}]})"),
      labelled("a photo of three buses", R"({"tag":"counting","include":[{"class":"bus","count":3}]})"),
      labelled("a photo of a red apple and a green chair",
               R"({"tag":"color_attr","include":[{"class":"apple","count":1,"color":"red"},
                   {"class":"chair","count":1,"color":"green"}]})"),
  };
}

class EncoderContract : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    encoder_ = make(7);
    if (!encoder_->info().weights_present) {
      GTEST_SKIP() << GetParam() << ": weights absent (" << encoder_->info().weights_path << ")";
    }
  }

  std::unique_ptr<Encoder> make(uint64_t seed, const Json& options = Json::object()) const {
    return make_encoder(GetParam(), options, seed);
  }

  TextFeatures features(const std::vector<Prompt>& prompts) const {
    const at::NoGradGuard no_grad;
    return encoder_->forward(encoder_->prepare(prompts));
  }

  std::unique_ptr<Encoder> encoder_;
};

/// The real tokens of one row, [n,D].
at::Tensor real_tokens(const TextFeatures& features, int64_t row) {
  return features.tokens[row].index({features.mask[row]});
}

double relative_difference(const at::Tensor& value, const at::Tensor& expected) {
  return ((value - expected).norm() / expected.norm()).item<double>();
}

TEST_P(EncoderContract, InfoIsComplete) {
  const EncoderInfo info = encoder_->info();
  EXPECT_EQ(info.name, GetParam());
  EXPECT_FALSE(info.family.empty());
  EXPECT_FALSE(info.summary.empty());
  EXPECT_GT(info.dimension, 0);
  EXPECT_GT(info.max_tokens, 0);
  EXPECT_EQ(info.weights_path.empty(), info.weights_sha256.empty());
  EXPECT_EQ(info.trainable, !encoder_->parameters().empty());
}

TEST_P(EncoderContract, ShapesTypesAndMask) {
  const std::vector<Prompt> prompts = some_prompts();
  const TokenInputs inputs = encoder_->prepare(prompts);
  const TextFeatures features = this->features(prompts);
  const auto batch = static_cast<int64_t>(prompts.size());
  EXPECT_EQ(inputs.ids.scalar_type(), at::kLong);
  EXPECT_EQ(inputs.mask.scalar_type(), at::kBool);
  EXPECT_EQ(inputs.ids.sizes(), inputs.mask.sizes());
  EXPECT_EQ(inputs.num_cut, 0);
  EXPECT_EQ(features.tokens.scalar_type(), at::kFloat);
  EXPECT_EQ(features.tokens.sizes(), (std::vector<int64_t>{batch, inputs.ids.size(1), encoder_->info().dimension}));
  EXPECT_TRUE(at::equal(features.mask, inputs.mask));
  EXPECT_TRUE(features.mask.any(1).all().item<bool>());
  EXPECT_TRUE(at::isfinite(features.tokens).all().item<bool>());
  EXPECT_EQ(features.tokens.index({features.mask.logical_not()}).abs().sum().item<float>(), 0);
  EXPECT_GT(real_tokens(features, 0).abs().sum().item<float>(), 0);
  EXPECT_EQ(mean_over_mask(features).sizes(), (std::vector<int64_t>{batch, encoder_->info().dimension}));
}

TEST_P(EncoderContract, APromptAloneEqualsItselfInABatch) {
  const std::vector<Prompt> prompts = some_prompts();
  const TextFeatures together = features(prompts);
  for (size_t i = 0; i < prompts.size(); ++i) {
    const TextFeatures alone = features({prompts[i]});
    const at::Tensor expected = real_tokens(alone, 0);
    const at::Tensor value = real_tokens(together, static_cast<int64_t>(i));
    ASSERT_EQ(value.sizes(), expected.sizes());
    EXPECT_LT(relative_difference(value, expected), 1e-5) << prompts[i].text;
  }
}

TEST_P(EncoderContract, EqualInputsGiveEqualBytes) {
  const TextFeatures first = features(some_prompts());
  const TextFeatures second = features(some_prompts());
  EXPECT_TRUE(at::equal(first.tokens, second.tokens));
  const at::NoGradGuard no_grad;
  const std::unique_ptr<Encoder> again = make(7);
  EXPECT_TRUE(at::equal(again->forward(again->prepare(some_prompts())).tokens, first.tokens));
}

TEST_P(EncoderContract, DifferentPromptsDiffer) {
  const at::Tensor pooled = mean_over_mask(features(some_prompts()));
  for (int64_t row = 1; row < pooled.size(0); ++row) {
    EXPECT_GT(relative_difference(pooled[row], pooled[0]), 1e-3) << row;
  }
}

TEST_P(EncoderContract, ReadsWhatItSaysItReads) {
  std::vector<Prompt> prompts = some_prompts();
  const TokenInputs with_labels = encoder_->prepare(prompts);
  if (encoder_->info().reads == EncoderInput::kText) {
    for (Prompt& prompt : prompts) prompt.labels = Json();
  } else {
    for (Prompt& prompt : prompts) prompt.text = "words that say nothing";
  }
  const TokenInputs alone = encoder_->prepare(prompts);
  EXPECT_TRUE(at::equal(alone.ids, with_labels.ids));
  EXPECT_TRUE(at::equal(alone.mask, with_labels.mask));
}

TEST_P(EncoderContract, EmptyTextHasFeaturesOrOneClearError) {
  try {
    const TextFeatures empty = features({{"", Json()}});
    EXPECT_TRUE(empty.mask.any(1).all().item<bool>());
    EXPECT_TRUE(at::isfinite(empty.tokens).all().item<bool>());
  } catch (const UserError& error) {
    EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
  }
}

TEST_P(EncoderContract, TextThatIsNotUtf8IsNamedByItsIndex) {
  std::vector<Prompt> prompts = some_prompts();
  prompts[2].text = "caf\xe9";
  try {
    encoder_->prepare(prompts);
    FAIL() << "no error";
  } catch (const UserError& error) {
    EXPECT_EQ(std::string(error.what()), "prompt 2 is not UTF-8 at byte 3; save it as UTF-8");
  }
}

TEST_P(EncoderContract, LongTextIsCutAndCounted) {
  std::vector<Prompt> prompts = some_prompts();
  for (int i = 0; i < 4000; ++i) prompts[0].text += " and a cat";
  const TokenInputs inputs = encoder_->prepare(prompts);
  EXPECT_LE(inputs.ids.size(1), encoder_->info().max_tokens);
  const auto length = static_cast<int64_t>(encoder_->tokenize(prompts, true)[0].size());
  EXPECT_EQ(inputs.num_cut, length > encoder_->info().max_tokens ? 1 : 0);
}

TEST_P(EncoderContract, FingerprintTellsSeedsApartWhereFeaturesDo) {
  const std::unique_ptr<Encoder> other = make(8);
  const at::NoGradGuard no_grad;
  const bool equal_features =
      at::equal(other->forward(other->prepare(some_prompts())).tokens, features(some_prompts()).tokens);
  EXPECT_EQ(other->fingerprint() == encoder_->fingerprint(), equal_features);
  EXPECT_EQ(make(7)->fingerprint(), encoder_->fingerprint());
  EXPECT_EQ(encoder_->fingerprint().at("encoder"), GetParam());
}

TEST_P(EncoderContract, UnknownOptionIsNamed) {
  try {
    make(7, {{"no_such_option", 1}});
    FAIL() << "no error";
  } catch (const UserError& error) {
    EXPECT_NE(std::string(error.what()).find("no_such_option"), std::string::npos) << error.what();
    EXPECT_NE(std::string(error.what()).find(GetParam()), std::string::npos) << error.what();
  }
}

TEST_P(EncoderContract, TrainableParametersReceiveGradients) {
  if (!encoder_->info().trainable) GTEST_SKIP() << GetParam() << " is frozen";
  const TextFeatures features = encoder_->forward(encoder_->prepare(some_prompts()));
  features.tokens.square().sum().backward();
  for (const auto& [name, parameter] : encoder_->parameters()) {
    ASSERT_TRUE(parameter.grad().defined()) << name;
    EXPECT_GT(parameter.grad().abs().sum().item<float>(), 0) << name;
  }
}

INSTANTIATE_TEST_SUITE_P(Registered, EncoderContract, testing::ValuesIn(EncoderRegistry::instance().names()),
                         [](const auto& entry) { return entry.param; });

}  // namespace
}  // namespace emf
