// SPDX-License-Identifier: Apache-2.0
// Conditions: the same from the cache's files as from the encoder, gathered by sample, in the form a network wants.
#include "harness/engine/text/conditions.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/base/progress.h"
#include "harness/engine/text/text_pooler.h"

namespace emf {
namespace {

/// A few captions, several of them the same.
class FewCaptions : public Dataset {
 public:
  std::string name() const override { return "few"; }
  Json fingerprint() const override { return {{"name", "few"}}; }
  std::vector<std::string> attributions() const override { return {}; }
  int height() const override { return 8; }
  int width() const override { return 8; }
  Sample sample(uint64_t index) const override { return {index, prompt(index), {}, std::vector<uint8_t>(192)}; }
  Prompt prompt(uint64_t index) const override {
    static const std::vector<std::string> texts = {"a red car", "a dog", "a red car", "two green apples on a table"};
    return {texts[index % texts.size()], {{"tag", "caption"}}};
  }
  std::vector<Prompt> evaluation_prompts(int, uint64_t) const override { return {}; }
  Sample draw(const Prompt&, uint64_t index) const override { return sample(index); }
};

/// Counts the texts that it turns to ids.
class CountedHash : public Encoder {
 public:
  EncoderInfo info() const override { return inner_->info(); }
  Json fingerprint() const override { return inner_->fingerprint(); }
  std::vector<std::string> own_poolings() const override {
    return own_scale > 0 ? std::vector<std::string>{"own"} : std::vector<std::string>();
  }
  OwnPooling own_pooling(const std::string& name) const override {
    return {name, {{"scale", own_scale}}, [scale = own_scale](const TokenInputs& inputs, const TextFeatures& features) {
              EXPECT_EQ(inputs.ids.sizes(), features.mask.sizes());
              return features.tokens.select(1, 0) * scale;
            }};
  }
  TokenInputs prepare(const std::vector<Prompt>& prompts) const override {
    encoded += prompts.size();
    return inner_->prepare(prompts);
  }
  TextFeatures forward(const TokenInputs& inputs) const override { return inner_->forward(inputs); }
  mutable size_t encoded = 0;
  double own_scale = 0;  ///< of its own pooling, the first token; 0: it has none

 private:
  std::shared_ptr<Encoder> inner_ = make_encoder("hash", Json(), 3);
};

class ConditionsTest : public testing::Test {
 protected:
  void SetUp() override {
    Talk::quiet() = true;
    store_ = std::filesystem::temp_directory_path() / ("emf_conditions_" + std::to_string(::getpid()));
    std::filesystem::remove_all(store_);
    captions_ = std::make_shared<const TrainingCaptions>(std::make_shared<FewCaptions>(), 8);
  }
  void TearDown() override { std::filesystem::remove_all(store_); }

  RunFolder folder(const std::string& kind) const {
    RunFolder made(store_, kind, Json::object());
    made.begin();
    return made;
  }

  std::filesystem::path store_;
  std::shared_ptr<const TrainingCaptions> captions_;
};

TEST_F(ConditionsTest, CaptionsAreNumberedInOrderOfAppearance) {
  const CaptionIndex& index = captions_->index();
  EXPECT_EQ(index.first, (std::vector<uint32_t>{0, 1, 3}));
  EXPECT_EQ(index.caption_of, (std::vector<uint32_t>{0, 1, 0, 2, 0, 1, 0, 2}));
  EXPECT_EQ(captions_->caption(2).text, "two green apples on a table");
}

TEST_F(ConditionsTest, GathersWhatTheEncoderGives) {
  const std::shared_ptr<Encoder> encoder = make_encoder("hash", Json(), 3);
  const RunFolder training = folder("training_texts");
  const Json result = encode_training_captions(*encoder, *captions_, store_, training);
  EXPECT_EQ(result.at("texts"), 3);
  const TextConditions raw(training, nullptr, TextForm::kRaw), formed(training, nullptr, TextForm::kNormalised);
  const at::Tensor samples = at::tensor({3, 0, 2}, at::kLong);
  const Condition got = raw.gather(samples);
  const TextFeatures own = encoder->forward(encoder->prepare({captions_->dataset().prompt(3)}));
  EXPECT_TRUE(at::equal(got.tokens[0].narrow(0, 0, own.tokens.size(1)), own.tokens[0]));
  EXPECT_TRUE(at::equal(got.tokens[1], got.tokens[2])) << "one caption, one condition";
  EXPECT_EQ(got.mask[0].sum().item<int64_t>(), own.mask.sum().item<int64_t>());
  EXPECT_EQ(got.tokens.size(1), raw.length());

  const Condition normal = formed.gather(samples);
  const at::Tensor norms = normal.tokens.norm(2, {2}).masked_select(normal.mask);
  EXPECT_LT((norms - std::sqrt(static_cast<double>(formed.dimension()))).abs().max().item<double>(), 1e-3);
  EXPECT_EQ(normal.tokens.masked_select(normal.mask.logical_not().unsqueeze(-1)).abs().sum().item<double>(), 0);
}

TEST_F(ConditionsTest, JudgedPromptsAreFormedByTrainingsMean) {
  const std::shared_ptr<Encoder> encoder = make_encoder("hash", Json(), 3);
  const RunFolder training = folder("training_texts"), judged = folder("judged_texts");
  encode_training_captions(*encoder, *captions_, store_, training);
  const std::vector<Prompt> prompts = {{"a dog", Json()}, {"something never trained on", Json()}, {"a dog", Json()}};
  encode_prompts(*encoder, prompts, store_, judged);
  const TextConditions conditions(training, nullptr, TextForm::kNormalised);
  const EncodedTexts texts(judged);
  const Condition got = conditions.gather(texts, at::arange(3, at::kLong));
  EXPECT_TRUE(at::equal(got.tokens[0], got.tokens[2]));
  const Condition trained = conditions.gather(at::tensor({1}, at::kLong));
  EXPECT_TRUE(at::equal(got.tokens[0].narrow(0, 0, 2), trained.tokens[0].narrow(0, 0, 2)));
  const Condition free = conditions.encode(*encoder, {prompts[1]});
  EXPECT_TRUE(at::equal(free.tokens[0], got.tokens[1].narrow(0, 0, free.tokens.size(1))));
}

TEST_F(ConditionsTest, ATextIsEncodedOnceForTrainingProbesAndSampling) {
  const auto encoder = std::make_shared<CountedHash>();
  encode_training_captions(*encoder, *captions_, store_, folder("training_texts"));
  EXPECT_EQ(encoder->encoded, 3u);
  encode_prompts(*encoder, {{"a dog", Json()}, {"a red car", Json()}}, store_, folder("judged_texts"));
  EXPECT_EQ(encoder->encoded, 3u) << "what was trained on is not encoded again for sampling";
  TextPooler pooler(encoder, "mean", store_);
  pooler({{"a dog", Json()}, {"two green apples on a table", Json()}, {"new to all", Json()}});
  EXPECT_EQ(encoder->encoded, 4u);
  TextPooler other(encoder, "last", store_);
  other({{"a dog", Json()}});
  EXPECT_EQ(encoder->encoded, 4u) << "another pooling reads the same tokens";
}

TEST_F(ConditionsTest, AnEncodersOwnPoolingIsCachedByWhatItIsMadeOf) {
  const auto encoder = std::make_shared<CountedHash>();
  encoder->own_scale = 2;
  const std::vector<Prompt> texts = {{"a dog", Json()}, {"two green apples on a table", Json()}};
  const FeatureMatrix own = TextPooler(encoder, "", store_)(texts);
  const FeatureMatrix means = TextPooler(encoder, "mean", store_)(texts);
  EXPECT_NE(own.values, means.values);
  const at::Tensor tokens = encoder->forward(encoder->prepare(texts)).tokens.select(1, 0) * 2;
  EXPECT_EQ(own.values[0], tokens[0][0].item<float>());
  const size_t before = encoder->encoded;
  EXPECT_EQ(TextPooler(encoder, "own", store_)(texts).values, own.values);
  EXPECT_EQ(encoder->encoded, before) << "the same vectors are read from the cache";
  encoder->own_scale = 3;
  EXPECT_EQ(TextPooler(encoder, "own", store_)(texts).values[0], tokens[0][0].item<float>() * 1.5f);
  encoder->own_scale = 0;
  EXPECT_EQ(TextPooler(encoder, "", store_)(texts).values, means.values);
  EXPECT_THROW(TextPooler(encoder, "own", store_), UserError);
}

TEST_F(ConditionsTest, AStageStaysWholeWhenTheCacheIsDeleted) {
  const std::shared_ptr<Encoder> encoder = make_encoder("hash", Json(), 3);
  const RunFolder training = folder("training_texts");
  encode_training_captions(*encoder, *captions_, store_, training);
  const Condition before = TextConditions(training, nullptr, TextForm::kRaw).gather(at::arange(4, at::kLong));
  std::filesystem::remove_all(store_ / "cache");
  const Condition after = TextConditions(training, nullptr, TextForm::kRaw).gather(at::arange(4, at::kLong));
  EXPECT_TRUE(at::equal(before.tokens, after.tokens));
}

TEST_F(ConditionsTest, DamagedFeaturesAreNotTrainedOn) {
  const std::shared_ptr<Encoder> encoder = make_encoder("hash", Json(), 3);
  const RunFolder training = folder("training_texts");
  encode_training_captions(*encoder, *captions_, store_, training);
  for (const auto& entry : std::filesystem::directory_iterator(training.file("shards"))) {
    std::string bytes = read_file(entry.path());
    bytes[bytes.size() - 3] = static_cast<char>(bytes[bytes.size() - 3] ^ 1);
    write_atomically(entry.path(), bytes);
  }
  const TextConditions conditions(training, nullptr, TextForm::kRaw);
  EXPECT_THROW(conditions.gather(at::tensor({3}, at::kLong)), UserError);
}

}  // namespace
}  // namespace emf
