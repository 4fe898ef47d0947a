// SPDX-License-Identifier: Apache-2.0
// Features made elsewhere: found by text or by its SHA-256, and nothing passed for another.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "harness/api/encoder.h"
#include "harness/base/error.h"
#include "harness/base/hash.h"
#include "harness/tensor/safetensors.h"
#include "tests/temporary_folder.h"

namespace emf {
namespace {

class FeatureFiles : public testing::Test {
 protected:
  std::unique_ptr<Encoder> open(const NamedTensors& tensors) const {
    write_safetensors(folder_ / "f.safetensors", tensors);
    return make_encoder("features:" + (folder_ / "f.safetensors").string(), Json(), 0);
  }
  template <typename Action>
  static std::string refusal(const Action& action) {
    try {
      action();
    } catch (const UserError& error) {
      return error.what();
    }
    return "none";
  }

  const TemporaryFolder folder_{"features"};
};

TEST_F(FeatureFiles, GivesWhatTheFileHolds) {
  const at::Tensor cat = at::arange(6, at::kFloat).view({2, 3}), lines = at::arange(3, at::kFloat).view({1, 3}) + 10;
  const auto encoder = open({{"a cat", cat}, {sha256_hex("two\nlines"), lines}});
  EXPECT_EQ(encoder->info().dimension, 3);
  EXPECT_EQ(encoder->info().max_tokens, 2);
  const TextFeatures features = encoder->forward(encoder->prepare({{"two\nlines", {}}, {"a cat", {}}}));
  EXPECT_TRUE(at::equal(features.tokens[1], cat));
  EXPECT_TRUE(at::equal(features.tokens[0][0], lines[0]));
  EXPECT_TRUE(at::equal(features.mask, at::tensor({1, 0, 1, 1}).view({2, 2}).to(at::kBool)));
  EXPECT_EQ(features.tokens[0][1].abs().sum().item<float>(), 0);
}

TEST_F(FeatureFiles, ARefusalNamesTheText) {
  const auto encoder = open({{"a cat", at::ones({2, 3})}});
  EXPECT_NE(refusal([&] {
              encoder->prepare({{"a dog", {}}});
            }).find("no features of the text \"a dog\""),
            std::string::npos);
  const auto uneven = open({{"a", at::ones({2, 3})}, {"b", at::ones({2, 4})}});
  EXPECT_NE(refusal([&] { uneven->info(); }).find("'b' has dimension 4"), std::string::npos);
  const auto flat = open({{"a", at::ones({3})}});
  EXPECT_NE(refusal([&] { flat->info(); }).find("not [tokens, dimension]"), std::string::npos);
}

TEST_F(FeatureFiles, OtherFeaturesAreAnotherEncoder) {
  const Json first = open({{"a", at::ones({1, 2})}})->fingerprint();
  EXPECT_NE(open({{"a", at::zeros({1, 2})}})->fingerprint(), first);
}

}  // namespace
}  // namespace emf
