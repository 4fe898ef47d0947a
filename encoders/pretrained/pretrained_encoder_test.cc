// SPDX-License-Identifier: Apache-2.0
// Encoders against Hugging Face transformers on the same weights, and what goes wrong with files.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "harness/api/encoder.h"
#include "harness/base/file.h"
#include "harness/base/paths.h"

namespace emf {
namespace {

/// A registered encoder with its default weights, and where transformers' values of the same weights are kept.
struct Oracle {
  const char* encoder;
  const char* values;  ///< of tests/oracle/encoders
};

class PretrainedOracle : public testing::TestWithParam<Oracle> {
 protected:
  void SetUp() override {
    const EncoderInfo info = make_encoder(GetParam().encoder, Json(), 0)->info();
    if (!info.weights_present) GTEST_SKIP() << info.weights_path << " is absent";
    golden_ = read_json(project_root() / "tests/oracle/encoders" / GetParam().values).at("rows");
    ASSERT_EQ(golden_.size(), 19u);
  }

  /// Real tokens of each golden prompt, encoded alone.
  std::vector<at::Tensor> hidden(int64_t layer) const {
    const auto encoder = make_encoder(GetParam().encoder, {{"layer", layer}}, 0);
    std::vector<at::Tensor> all;
    for (const Json& row : golden_) {
      all.push_back(encoder->forward(encoder->prepare({{row.at("text"), Json()}})).tokens[0].to(at::kDouble));
    }
    return all;
  }

  /// Relative L2 over the leading values, which are what the golden file holds of each vector.
  static double error_of(const at::Tensor& value, const Json& expected) {
    const auto numbers = expected.get<std::vector<double>>();
    const at::Tensor golden = at::tensor(numbers, at::kDouble);
    return ((value.narrow(0, 0, golden.numel()) - golden).norm() / golden.norm()).item<double>();
  }
  static double norm_error(const at::Tensor& value, const Json& expected) {
    return std::abs(value.norm().item<double>() / expected.get<double>() - 1);
  }

  Json golden_;
};

TEST_P(PretrainedOracle, FinalHiddenStates) {
  const std::vector<at::Tensor> all = hidden(-1);
  double worst = 0;
  for (size_t i = 0; i < all.size(); ++i) {
    const Json& row = golden_[i];
    const at::Tensor& tokens = all[i];
    ASSERT_EQ(tokens.size(0), row.at("n_tokens").get<int64_t>()) << row.at("id");
    std::vector<double> errors = {
        error_of(tokens.mean(0), row.at("mean")),          norm_error(tokens.mean(0), row.at("mean_norm")),
        error_of(tokens[-1], row.at("last_token")),        norm_error(tokens[-1], row.at("last_token_norm")),
        norm_error(tokens[0], row.at("first_token_norm")),
    };
    if (tokens.size(0) > 1) {
      const at::Tensor rest = tokens.narrow(0, 1, tokens.size(0) - 1).mean(0);
      errors.push_back(error_of(rest, row.at("mean_drop_first")));
      errors.push_back(norm_error(rest, row.at("mean_drop_first_norm")));
    }
    const at::Tensor pooled = tokens.mean(0), cat = all[0].mean(0);
    const double cosine = (pooled.dot(cat) / pooled.norm() / cat.norm()).item<double>();
    EXPECT_NEAR(cosine, row.at("cos_to_cat").get<double>(), 1e-5) << row.at("id");
    const double error = *std::max_element(errors.begin(), errors.end());
    EXPECT_LT(error, 1e-4) << row.at("id");
    worst = std::max(worst, error);
  }
  std::printf("%s: worst relative error %.2e\n", GetParam().encoder, worst);
}

TEST_P(PretrainedOracle, HiddenStatesInside) {
  // Long prompts are left to the final states, which depend on all of these.
  Json short_rows = Json::array();
  for (const Json& row : golden_) {
    if (row.at("n_tokens") < 100) short_rows.push_back(row);
  }
  ASSERT_GT(short_rows.size(), 10u);
  golden_ = short_rows;
  int num_layers = 0;
  for (const int64_t layer : {0, 1, 3, 5, 6, 8, 9, 15, 17, 29}) {
    const std::string prefix = "layer" + std::to_string(layer);
    if (!golden_[0].contains(prefix + "_first_token")) continue;
    ++num_layers;
    const std::vector<at::Tensor> all = hidden(layer);
    double worst = 0;
    for (size_t i = 0; i < all.size(); ++i) {
      const Json& row = golden_[i];
      const at::Tensor& tokens = all[i];
      const Json& norms = row.at(prefix + "_norms_first_last");
      worst = std::max({worst, error_of(tokens[0], row.at(prefix + "_first_token")),
                        error_of(tokens[-1], row.at(prefix + "_last_token")), norm_error(tokens[0], norms[0]),
                        norm_error(tokens[-1], norms[1])});
    }
    std::printf("%s, layer %d: worst relative error %.2e\n", GetParam().encoder, static_cast<int>(layer), worst);
    EXPECT_LT(worst, 2e-4) << prefix;
  }
  EXPECT_GE(num_layers, 3);
}

INSTANTIATE_TEST_SUITE_P(RealWeights, PretrainedOracle,
                         testing::Values(Oracle{"llm", "feat_smollm2.json"}, Oracle{"minilm", "feat_minilm.json"},
                                         Oracle{"gemma", "feat_gemma3.json"}),
                         [](const auto& test) { return std::string(test.param.encoder); });

TEST(Pretrained, NoCheckpointSaysHowToNameOne) {
  const auto encoder = make_encoder("clip", Json(), 0);
  EXPECT_FALSE(encoder->info().weights_present);
  try {
    encoder->prepare({{"a cat", Json()}});
    FAIL() << "no error";
  } catch (const UserError& error) {
    EXPECT_EQ(error.code(), ExitCode::kMissing);
    EXPECT_NE(std::string(error.what()).find("clip:/path"), std::string::npos);
  }
}

TEST(Pretrained, AnotherFamilysCheckpointIsRefused) {
  const std::string folder = (project_root() / "tests/oracle/tiny_hf/bert").string();
  try {
    make_encoder("t5:" + folder, Json(), 0)->prepare({{"a cat", Json()}});
    FAIL() << "no error";
  } catch (const UserError& error) {
    EXPECT_EQ(std::string(error.what()), folder + ": its model_type is 'bert', encoder 't5' takes t5");
  }
}

TEST(Pretrained, DamagedOrAbsentWeightsAreOneClearError) {
  const auto folder = std::filesystem::temp_directory_path();
  const auto path = folder / ("emf_llm_test_" + std::to_string(getpid()) + ".gguf");
  const Json options = {{"weights", path.string()}};
  const auto message = [&]() -> std::pair<std::string, ExitCode> {
    try {
      const auto encoder = make_encoder("llm", options, 0);
      encoder->prepare({{"a cat", Json()}});
    } catch (const UserError& error) {
      return {error.what(), error.code()};
    }
    return {"no error", ExitCode::kGood};
  };
  EXPECT_EQ(message().second, ExitCode::kMissing);
  EXPECT_NE(message().first.find(path.string()), std::string::npos);
  write_atomically(path, "GGUF\3");
  EXPECT_EQ(message().second, ExitCode::kBadInput);
  EXPECT_NE(message().first.find("not a usable GGUF file"), std::string::npos);
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace emf
