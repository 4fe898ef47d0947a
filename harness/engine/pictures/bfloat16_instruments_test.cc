// SPDX-License-Identifier: Apache-2.0
// The shipped instruments in bf16 see what they see in fp32, to three digits, and say which they are.
#include "harness/engine/pictures/bfloat16_instruments.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <set>

#include "harness/api/dataset.h"
#include "harness/base/error.h"
#include "harness/kernels/bfloat16_products.h"
#include "tests/oracle/forward_mode.h"

namespace emf {
namespace {

constexpr int64_t kPictures = 24, kSide = 32;

at::Tensor scenes() {
  const auto dataset = DatasetRegistry::instance().make("scenes", Options(), DatasetContext{3});
  const at::Tensor pictures = at::empty({kPictures, kSide, kSide, 3}, at::kByte);
  const auto bytes = static_cast<size_t>(3 * kSide * kSide);
  for (uint64_t i = 0; i < kPictures; ++i) {
    std::vector<Box> boxes;
    dataset->picture(i, {pictures.mutable_data_ptr<uint8_t>() + i * bytes, bytes}, boxes);
  }
  return pictures.permute({0, 3, 1, 2}).contiguous();
}

TEST(Bfloat16Instruments, TheCodecsLatentsAndPicturesAreClose) {
  const auto plain = make_codec("autoencoder", {kSide, kSide, {}});
  const auto bfloat16 = in_bfloat16(make_codec("autoencoder", {kSide, kSide, {}}), {});
  EXPECT_EQ(bfloat16->fingerprint().at(kPrecisionKey), "bf16");
  EXPECT_NE(bfloat16->fingerprint(), plain->fingerprint());
  const at::Tensor pictures = scenes(), latents = plain->encode(pictures), rough = bfloat16->encode(pictures);
  EXPECT_EQ(rough.scalar_type(), at::kFloat);
  EXPECT_LT(relative_error(rough, latents), 0.02);
  const at::Tensor apart = (bfloat16->decode(latents).to(at::kFloat) - plain->decode(latents).to(at::kFloat)).abs();
  EXPECT_LT(apart.mean().item<double>(), 1) << "levels of 255";
  if (has_bfloat16_products(Placement().device)) {
    EXPECT_FALSE(rough.equal(latents)) << "nothing was rounded";
  }
}

TEST(Bfloat16Instruments, TheJudgeFindsTheSameObjects) {
  const auto plain = make_judge("detector", {kSide, kSide, {}});
  const auto bfloat16 = in_bfloat16(make_judge("detector", {kSide, kSide, {}}), {});
  EXPECT_NE(bfloat16->fingerprint(), plain->fingerprint());
  const at::Tensor pictures = scenes();
  const auto seen = plain->detect(pictures), roughly = bfloat16->detect(pictures);
  int64_t found = 0, same = 0;
  for (size_t i = 0; i < seen.size(); ++i) {
    const auto sure = [](const std::vector<Detection>& all) {
      std::multiset<std::string> names;
      for (const Detection& one : all) {
        if (one.score > 0.5) names.insert(one.class_name + one.color.value_or(""));
      }
      return names;
    };
    found += static_cast<int64_t>(sure(seen[i]).size());
    same += sure(seen[i]) == sure(roughly[i]);
  }
  EXPECT_GT(found, kPictures / 2);
  EXPECT_GE(same, kPictures - 1);
}

TEST(Bfloat16Instruments, ABackbonesFeaturesAreCloseAndOfAnotherIdentity) {
  std::unique_ptr<Backbone> plain;
  try {
    plain = make_backbone("lite0");
  } catch (const UserError& missing) {
    GTEST_SKIP() << missing.what();
  }
  const auto bfloat16 = in_bfloat16(make_backbone("lite0"), {});
  EXPECT_NE(bfloat16->identity(), plain->identity());
  EXPECT_EQ(bfloat16->short_name(), plain->short_name());
  at::manual_seed(1);
  const at::Tensor pictures = at::rand({2, 3, plain->side(), plain->side()}) * 255;
  const at::Tensor features = bfloat16->features(pictures);
  EXPECT_EQ(features.scalar_type(), at::kFloat);
  // Sixteen blocks whose sums are rounded: what bf16 costs a deep network without normalisation.
  EXPECT_LT(relative_error(features, plain->features(pictures)), 0.25);
}

}  // namespace
}  // namespace emf
