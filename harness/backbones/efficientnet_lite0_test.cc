// SPDX-License-Identifier: Apache-2.0
// The backbone against PyTorch's values for the same weights.
#include "harness/backbones/efficientnet_lite0.h"

#include <gtest/gtest.h>

#include <cmath>

#include "harness/base/error.h"
#include "harness/base/paths.h"
#include "harness/tensor/safetensors.h"
#include "tests/oracle/efficientnet_lite0.h"

namespace emf {
namespace {

TEST(EfficientNetLite0Test, EqualsTheOracle) {
  const auto weights = package_file("efficientnet-lite0");
  if (!std::filesystem::exists(weights.path))
    GTEST_SKIP() << "no weights at " << weights.path << "; run ./emfbench setup";
  const EfficientNetLite0 network;
  const at::Tensor place = 7 * at::arange(3).reshape({3, 1, 1}) + 3 * at::arange(224).reshape({1, 224, 1}) +
                           5 * at::arange(224).reshape({1, 1, 224});
  for (const oracle::Lite0Row& row : oracle::kLite0Rows) {
    const at::Tensor input = (place.to(at::kFloat) * row.step).sin().unsqueeze(0);
    ASSERT_NEAR(input.norm().item<double>(), row.input_norm, 1e-4 * row.input_norm);
    const at::Tensor features = network.features(input);
    ASSERT_EQ(features.sizes(), (at::IntArrayRef{1, 1280}));
    EXPECT_NEAR(features.norm().item<double>(), row.pooled_norm, 1e-4 * row.pooled_norm);
    double error = 0, size = 0;
    for (int64_t i = 0; i < 16; ++i) {
      const double expected = row.pooled[static_cast<size_t>(i)];
      error += std::pow(features[0][i].item<double>() - expected, 2);
      size += expected * expected;
    }
    EXPECT_LT(std::sqrt(error / size), 1e-4) << "step " << row.step;
    const auto [values, indices] = network.logits(features)[0].topk(5);
    for (int64_t i = 0; i < 5; ++i) {
      EXPECT_EQ(indices[i].item<int>(), row.top5[static_cast<size_t>(i)]);
      EXPECT_NEAR(values[i].item<double>(), row.top5_logits[static_cast<size_t>(i)],
                  1e-4 * row.top5_logits[static_cast<size_t>(i)]);
    }
  }
}

TEST(EfficientNetLite0Test, SlicesAgree) {
  const auto weights = package_file("efficientnet-lite0");
  if (!std::filesystem::exists(weights.path))
    GTEST_SKIP() << "no weights at " << weights.path << "; run ./emfbench setup";
  const EfficientNetLite0 network;
  const at::Tensor input = (at::arange(9 * 3 * 224 * 224).reshape({9, 3, 224, 224}) * 0.37).sin().to(at::kFloat);
  const at::Tensor all = network.features(input);
  EXPECT_TRUE(at::allclose(all[8], network.features(input.narrow(0, 8, 1))[0], 1e-4, 1e-5));
  EXPECT_THROW(network.features(input.narrow(2, 0, 32)), InternalError);
}

TEST(EfficientNetLite0Test, RefusesOtherWeights) {
  const auto path = std::filesystem::temp_directory_path() / "emf_lite0_test.safetensors";
  write_safetensors(path, {{"_conv_stem.weight", at::zeros({32, 3, 3, 3})}});
  try {
    EfficientNetLite0 network(path);
    FAIL() << "a file of one tensor was taken";
  } catch (const UserError& error) {
    EXPECT_NE(std::string(error.what()).find("_bn0."), std::string::npos) << error.what();
  }
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace emf
