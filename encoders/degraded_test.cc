// SPDX-License-Identifier: Apache-2.0
// What each way of degrading does to features, and that none of them depends on the batch.
#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include <cmath>

#include "encoders/wrapper.h"

namespace emf {
namespace {

std::vector<Prompt> prompts() {
  std::vector<Prompt> list;
  for (const char* text :
       {"a photo of a cat", "a photo of a red dog", "a photo of two blue buses", "a photo of a kite left of a cup"}) {
    list.push_back({text, Json()});
  }
  return list;
}

at::Tensor real_tokens(const std::string& spec, const std::vector<Prompt>& texts,
                       const Json& options = Json::object()) {
  const at::NoGradGuard no_grad;
  const auto encoder = make_encoder(spec, options, 5);
  const TextFeatures features = encoder->forward(encoder->prepare(texts));
  return features.tokens.index({features.mask});
}

double mean_norm(const at::Tensor& rows) { return rows.norm(2, 1).mean().item<double>(); }

TEST(Degraded, ChangesNothingByDefault) {
  EXPECT_TRUE(at::equal(real_tokens("degraded:hash", prompts()), real_tokens("hash", prompts())));
}

TEST(Degraded, RankIsWhatIsAskedAndNormsStay) {
  const at::Tensor plain = real_tokens("hash", prompts()), cut = real_tokens("degraded:rank=6:hash", prompts());
  const at::Tensor values = at::linalg_svdvals(cut.to(at::kDouble));
  EXPECT_GT(values[5].item<double>(), 1e-2);
  EXPECT_LT(values[6].item<double>(), 1e-4 * values[0].item<double>());
  EXPECT_NEAR(mean_norm(cut), mean_norm(plain), 0.35 * mean_norm(plain));
}

TEST(Degraded, SharedComponentIsOneVectorOfTheAskedNorm) {
  const at::Tensor plain = real_tokens("hash", prompts()),
                   shifted = real_tokens("degraded:hash", prompts(), {{"shared", 3}});
  const at::Tensor added = shifted - plain;
  EXPECT_LT((added - added[0]).abs().max().item<double>(), 1e-4);
  EXPECT_NEAR(added[0].norm().item<double>(), 3 * mean_norm(plain), 0.1 * 3 * mean_norm(plain));
}

TEST(Degraded, NoiseHasTheAskedSizeAndIsKeyedByText) {
  const std::vector<Prompt> twice = {prompts()[0], prompts()[1], prompts()[0]};
  const at::Tensor added = real_tokens("degraded:noise=0.5:hash", twice) - real_tokens("hash", twice);
  EXPECT_NEAR(mean_norm(added), 0.5 * mean_norm(real_tokens("hash", twice)),
              0.05 * mean_norm(real_tokens("hash", twice)));
  const int64_t length = 5;  // "a photo of a cat"
  EXPECT_TRUE(at::equal(real_tokens("degraded:noise=0.5:hash", twice).narrow(0, 0, length),
                        real_tokens("degraded:noise=0.5:hash", twice).narrow(0, added.size(0) - length, length)));
  EXPECT_GT((added[0] - added[3]).norm().item<double>(), 1e-2) << "equal words at two places get noise of their own";
}

/// hash that keeps the texts it was asked for: whitening measures an encoder on captions that only it knows.
class Overheard : public EncoderWrapper {
 public:
  static std::vector<Prompt>& texts() {
    static std::vector<Prompt> all;
    return all;
  }
  explicit Overheard(const EncoderContext& context) : hash_(make_encoder("hash", Options(), context)) {}
  EncoderInfo info() const override { return hash_->info(); }
  Json fingerprint() const override { return hash_->fingerprint(); }
  TokenInputs prepare(const std::vector<Prompt>& prompts) const override {
    texts().insert(texts().end(), prompts.begin(), prompts.end());
    return hash_->prepare(prompts);
  }

 private:
  const Encoder& inner() const override { return *hash_; }
  std::unique_ptr<Encoder> hash_;
};

TEST(Degraded, WhiteningGivesItsCaptionsMeanZeroAndTheCovarianceItSays) {
  EncoderRegistry::instance().add(
      "overheard", {"hash that keeps the texts", __FILE__, [](const Options&, const EncoderContext& context) {
                      return std::make_unique<Overheard>(context);
                    }});
  real_tokens("degraded:whitening=true:overheard", {prompts()[0]});
  std::vector<Prompt> captions = Overheard::texts();
  ASSERT_EQ(captions.front().text, prompts()[0].text) << "the caption that was asked for, then those measured on";
  captions.erase(captions.begin());
  ASSERT_EQ(captions.size(), 512u);

  const auto moments = [](const at::Tensor& tokens) {
    const at::Tensor rows = tokens.to(at::kDouble), mean = rows.mean(0, true);
    const at::Tensor centred = rows - mean;
    return std::pair{mean.squeeze(0), at::matmul(centred.t(), centred) / static_cast<double>(rows.size(0))};
  };
  const at::Tensor plain = real_tokens("hash", captions);
  const double square = plain.to(at::kDouble).square().sum(1).mean().item<double>();  // s^2
  const auto [mean, covariance] = moments(real_tokens("degraded:whitening=true:hash", captions));
  EXPECT_LT(mean.norm().item<double>(), 1e-3 * std::sqrt(square));
  // Directions of variance v are scaled to s^2 / D, but those below a thousandth of the mean variance no further than
  // that.
  const at::Tensor variances = std::get<0>(at::linalg_eigh(moments(plain).second));
  const at::Tensor expected =
      variances / variances.clamp_min(variances.mean().item<double>() * 1e-3) * square / plain.size(1);
  const at::Tensor found = std::get<0>(at::linalg_eigh(covariance));
  EXPECT_LT((std::get<0>(found.sort()) - std::get<0>(expected.sort())).abs().max().item<double>(),
            1e-3 * square / static_cast<double>(plain.size(1)));
}

TEST(Degraded, NothingDependsOnTheBatch) {
  const std::string spec = "degraded:rank=32:shared=1:noise=0.3:whitening=true:hash";
  const at::Tensor together = real_tokens(spec, prompts());
  std::vector<at::Tensor> alone;
  for (const Prompt& prompt : prompts()) alone.push_back(real_tokens(spec, {prompt}));
  EXPECT_LT(((at::cat(alone) - together).norm() / together.norm()).item<double>(), 1e-5);
}

TEST(Degraded, FingerprintsTellTheWaysApart) {
  std::set<std::string> seen;
  for (const char* spec : {"degraded:hash", "degraded:rank=4:hash", "degraded:shared=1:hash", "degraded:noise=1:hash",
                           "degraded:whitening=true:hash", "degraded:random"}) {
    EXPECT_TRUE(seen.insert(canonical_json(make_encoder(spec, Json(), 1)->fingerprint())).second) << spec;
  }
  EXPECT_EQ(make_encoder("degraded:rank=4:hash", Json(), 1)->fingerprint(),
            make_encoder("degraded:hash", {{"rank", 4}}, 1)->fingerprint());
}

TEST(Degraded, MistakesAreNamed) {
  for (const auto& [spec, hint] : {std::pair{"degraded:rnak=4:hash", "rank"},
                                   {"degraded:rank=400:hash", "128 dimensions"},
                                   {"degraded:hsh", "hash"}}) {
    try {
      make_encoder(spec, Json(), 1);
      FAIL() << spec;
    } catch (const UserError& error) {
      EXPECT_NE(std::string(error.what()).find(hint), std::string::npos) << error.what();
    }
  }
}

}  // namespace
}  // namespace emf
