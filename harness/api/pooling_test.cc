// SPDX-License-Identifier: Apache-2.0
// Every pooling on features whose answer is known.
#include "harness/api/pooling.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "harness/tensor/random_rows.h"
#include "harness/tensor/safetensors.h"

namespace emf {
namespace {

/// Two prompts: three tokens, and one.
TextFeatures some_features() {
  const at::Tensor tokens = at::tensor({100., 0., 3., 4., 0., 2., 5., 6., 0., 0., 0., 0.}, at::kFloat).view({2, 3, 2});
  return {tokens, at::tensor({1, 1, 1, 1, 0, 0}).view({2, 3}).to(at::kBool)};
}

void expect_rows(const std::string& name, std::vector<float> expected) {
  const at::Tensor pooled = Pooling(name)(some_features());
  EXPECT_TRUE(at::allclose(pooled, at::tensor(expected).view_as(pooled))) << name << "\n" << pooled;
}

TEST(Pooling, MeansAndLastTokens) {
  expect_rows("mean", {103.f / 3, 2, 5, 6});
  expect_rows("drop_first", {1.5, 3, 5, 6});
  expect_rows("first", {100, 0, 5, 6});
  expect_rows("last", {0, 2, 5, 6});
  expect_rows("eos", {0, 2, 5, 6});
  expect_rows("normalised", {.3f, .9f, 5 / std::sqrt(61.f), 6 / std::sqrt(61.f)});
}

class PoolingFile : public testing::Test {
 protected:
  PoolingFile()
      : path_(std::filesystem::temp_directory_path() / ("emf_pooling_" + std::to_string(getpid()) + ".safetensors")) {}
  ~PoolingFile() override { std::filesystem::remove(path_); }
  std::filesystem::path path_;
};

TEST_F(PoolingFile, CentresAndWhitensByAFilesRows) {
  const at::Tensor mixing = at::tensor({2., 0., 0., 1., .5, 0., 0., 0., .1}, at::kFloat).view({3, 3});
  const at::Tensor rows = at::matmul(normal_named(1, "rows", {400, 3}), mixing) + 7;
  write_safetensors(path_, {{"pooled", rows}});
  const TextFeatures one_token{rows.unsqueeze(1), at::ones({400, 1}, at::kBool)};
  EXPECT_LT(Pooling("centred:" + path_.string())(one_token).mean(0).abs().max().item<float>(), 1e-4);
  const at::Tensor white = Pooling("whitened:" + path_.string())(one_token);
  EXPECT_LT((at::matmul(white.t(), white) / 399 - at::eye(3)).abs().max().item<float>(), 1e-3);
  EXPECT_THROW(Pooling("centred:" + path_.string())(some_features()), UserError);
}

TEST(Pooling, TheFirstIsThatOfTheMask) {
  TextFeatures features = some_features();
  features.mask[0][0] = false;
  EXPECT_TRUE(at::equal(Pooling("first")(features), at::tensor({3.f, 4.f, 5.f, 6.f}).view({2, 2})));
}

TEST(Pooling, WrongNamesAreOneLine) {
  EXPECT_THROW(Pooling("men"), UserError);
  EXPECT_THROW(Pooling("centred"), UserError);
  EXPECT_THROW(Pooling("mean:file"), UserError);
  EXPECT_THROW(Pooling("centred:/no/such/file"), UserError);
}

}  // namespace
}  // namespace emf
