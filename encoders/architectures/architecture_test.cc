// Every architecture against Hugging Face transformers on tiny random checkpoints, and what is refused.
#include "encoders/architectures/architecture.h"

#include <gtest/gtest.h>

#include "encoders/architectures/rotary.h"
#include "encoders/pretrained/checkpoint_files.h"
#include "harness/base/paths.h"
#include "harness/tensor/safetensors.h"

namespace emf {
namespace {

double relative_error(const at::Tensor& value, const at::Tensor& expected, const at::Tensor& mask) {
  const at::Tensor a = value.index({mask}).to(at::kDouble), b = expected.index({mask}).to(at::kDouble);
  return ((a - b).norm() / b.norm()).item<double>();
}

class TinyCheckpoint : public testing::TestWithParam<std::string> {
 protected:
  std::filesystem::path folder() const { return project_root() / "tests/oracle/tiny_hf" / GetParam(); }
  Transformer load(at::ScalarType precision) const {
    return CheckpointFiles(folder()).load(precision, /*whole_table=*/false);
  }
};

TEST_P(TinyCheckpoint, HiddenStatesEqualTransformers) {
  const NamedTensors expected = read_safetensors(folder() / "expected.safetensors");
  const TokenInputs inputs{expected.at("input_ids").to(at::kLong), expected.at("attention_mask").to(at::kBool)};
  ASSERT_LT(inputs.mask.sum().item<int64_t>(), inputs.mask.numel());  // padding is part of the test
  const Transformer transformer = load(at::kFloat);
  double worst = 0;
  // Both ways of computing it: recorded for gradients, and fused.
  for (const bool recorded : {true, false}) {
    const c10::AutoGradMode mode(recorded);
    worst = std::max(worst,
                     relative_error(transformer.forward(inputs).tokens, expected.at("last_hidden_state"), inputs.mask));
    const int64_t depth = transformer.config().num_layers;
    for (int64_t layer = 0; layer < depth + (GetParam() == "clip_text" ? 1 : 0); ++layer) {
      worst = std::max(worst, relative_error(transformer.forward(inputs, layer).tokens,
                                             expected.at("hidden_states." + std::to_string(layer)), inputs.mask));
    }
  }
  std::printf("%s: worst relative error %.2e\n", GetParam().c_str(), worst);
  EXPECT_LT(worst, 1e-5);
}

TEST_P(TinyCheckpoint, Bfloat16IsNearFloat32) {
  const NamedTensors expected = read_safetensors(folder() / "expected.safetensors");
  const TokenInputs inputs{expected.at("input_ids").to(at::kLong), expected.at("attention_mask").to(at::kBool)};
  const c10::AutoGradMode frozen(false);
  const double error =
      relative_error(load(at::kBFloat16).forward(inputs).tokens, expected.at("last_hidden_state"), inputs.mask);
  std::printf("%s: bfloat16 relative error %.2e\n", GetParam().c_str(), error);
  EXPECT_LT(error, 5e-2);
  EXPECT_GT(error, 1e-5);
}

INSTANTIATE_TEST_SUITE_P(HuggingFace, TinyCheckpoint,
                         testing::Values("bert", "clip_text", "gemma2", "gemma3", "llama", "qwen2", "qwen3",
                                         "t5_encoder"));

/// What choosing and reading a config ends in.
std::string refusal(const Json& values) {
  try {
    const ArchitectureChoice choice = choose_architecture({values, "config.json"});
    choice.architecture->config(choice.config);
  } catch (const UserError& error) {
    return error.what();
  }
  return "none";
}

TEST(Architecture, RefusalsNameFileKeyAndWhatIsKnown) {
  EXPECT_EQ(
      refusal({{"model_type", "lama"}}),
      "config.json: model_type 'lama' is not built here; did you mean 'llama'?; known: bert, clip_text_model, gemma2, "
      "gemma3_text, llama, qwen2, qwen3, t5");
  EXPECT_EQ(refusal({{"model_type", "llama"}}), "config.json: 'num_hidden_layers' is absent");
  EXPECT_EQ(refusal({{"model_type", "bert"}, {"hidden_size", "many"}}),
            "config.json: 'hidden_size' is \"many\", not an integer in 1..16777216");
  EXPECT_EQ(refusal({{"model_type", "bert"}, {"hidden_act", "mish"}}),
            "config.json: its activation is 'mish', which is not built here");
}

TEST(Architecture, RotaryScalingIsLlama3s) {
  // transformers 5.18, ROPE_INIT_FUNCTIONS["llama3"], head 8, theta 500000, factor 8, low 1, high 4, 8192 positions:
  // all turn fast (unchanged), between (blended) or slowly (divided).
  const CheckpointConfig config({{"rope_theta", 500000.0},
                                 {"rope_type", "llama3"},
                                 {"factor", 8.0},
                                 {"low_freq_factor", 1.0},
                                 {"high_freq_factor", 4.0},
                                 {"original_max_position_embeddings", 8192}},
                                "rope");
  const std::vector<double> got = rotary_positions(config, 1e4, 8, 131072).frequencies;
  ASSERT_EQ(got.size(), 4U);
  const double plain[] = {1.0, std::pow(5e5, -.25), std::pow(5e5, -.5), std::pow(5e5, -.75)};
  EXPECT_DOUBLE_EQ(got[0], plain[0]);
  EXPECT_DOUBLE_EQ(got[1], plain[1]);
  const double smooth = (8192 * plain[2] / (2 * M_PI) - 1) / 3;
  EXPECT_NEAR(got[2], (1 - smooth) * plain[2] / 8 + smooth * plain[2], 1e-15);
  EXPECT_NEAR(got[3], plain[3] / 8, 1e-15);
}

}  // namespace
}  // namespace emf
