// SPDX-License-Identifier: Apache-2.0
// Every architecture against Hugging Face transformers on tiny random checkpoints, and what is refused.
#include "encoders/architectures/architecture.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>

#include "encoders/architectures/rotary.h"
#include "encoders/pretrained/checkpoint_files.h"
#include "harness/base/paths.h"
#include "harness/tensor/safetensors.h"
#include "tests/temporary_folder.h"

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

TEST_P(TinyCheckpoint, EveryFormOfTheFileGivesTheSame) {
  const NamedTensors expected = read_safetensors(folder() / "expected.safetensors");
  const TokenInputs inputs{expected.at("input_ids").to(at::kLong), expected.at("attention_mask").to(at::kBool)};
  const at::Tensor whole = load(at::kFloat).forward(inputs).tokens;
  const NamedTensors stored = read_safetensors(folder() / "model.safetensors");
  const bool is_narrow = stored.begin()->second.scalar_type() == at::kBFloat16;
  const TemporaryFolder copy("emf_architecture");
  std::filesystem::copy_file(folder() / "config.json", copy / "config.json");
  const auto expect_same = [&](const char* form) {
    EXPECT_TRUE(at::equal(CheckpointFiles(copy.path()).load(at::kFloat, false).forward(inputs).tokens, whole)) << form;
  };
  // Values of the narrow files are exact in every form; of the others only where nothing is rounded.
  for (const at::ScalarType type : {at::kFloat, at::kHalf}) {
    if (!is_narrow && type == at::kHalf) continue;
    NamedTensors tensors;
    for (const auto& [name, tensor] : stored) tensors[name] = tensor.to(type);
    write_safetensors(copy / "model.safetensors", tensors);
    expect_same(at::toString(type));
  }
  // A whole model: the text tower under a prefix of its own, other parts beside it in dtypes that nobody reads.
  NamedTensors prefixed;
  for (const auto& [name, tensor] : stored) prefixed["some_model.text.tower." + name] = tensor;
  prefixed["some_model.vision.blocks.0.weight"] = at::ones({4}, at::kLong);
  prefixed["lm_head.weight"] = at::ones({3, 3});
  write_safetensors(copy / "model.safetensors", prefixed);
  expect_same("prefixed");
  std::filesystem::remove(copy / "model.safetensors");
  NamedTensors halves[2];
  Json index = Json::object();
  for (const auto& [name, tensor] : stored) {
    const size_t half = index.size() % 2;
    halves[half][name] = tensor;
    index[name] = half == 0 ? "a.safetensors" : "b.safetensors";
  }
  write_safetensors(copy / "a.safetensors", halves[0]);
  write_safetensors(copy / "b.safetensors", halves[1]);
  write_json(copy / "model.safetensors.index.json", {{"weight_map", index}});
  expect_same("sharded");
}

// tests/oracle/tiny_hf/make_families.py: keys of the config dropped, renamed, changed and added.
TEST_P(TinyCheckpoint, ChangedConfigsAreEqualOrRefused) {
  const NamedTensors expected = read_safetensors(folder() / "expected.safetensors");
  const TokenInputs inputs{expected.at("input_ids").to(at::kLong), expected.at("attention_mask").to(at::kBool)};
  const Json base = read_json(folder() / "config.json");
  const TemporaryFolder copy("emf_mutants");
  std::filesystem::create_symlink(folder() / "model.safetensors", copy / "model.safetensors");
  const c10::AutoGradMode frozen(false);
  int equal = 0, refused = 0, wished = 0;
  for (const Json& mutant : read_json(folder() / "mutants.json")) {
    Json config = base;
    for (const auto& [key, value] : mutant.at("change").items()) {
      config.erase(key);
      if (!value.is_null()) config[key] = value;
    }
    std::ofstream(copy / "config.json") << config.dump();
    const Json& values = mutant.at("values");
    at::Tensor tokens;
    try {
      tokens = CheckpointFiles(copy.path()).load(at::kFloat, false).forward(inputs).tokens;
    } catch (const UserError& error) {
      EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos) << error.what();
      ++refused;
      wished += values.is_null() ? 0 : 1;
      if (std::getenv("EMF_LIST_REFUSALS") != nullptr && !values.is_null()) {
        std::printf("refused: %s\n  %s\n", mutant.at("change").dump().c_str(), error.what());
      }
      continue;
    }
    if (values.is_null()) {
      ADD_FAILURE() << "transformers refuses " << mutant.at("change");
      continue;
    }
    ++equal;
    double error = 0, size = 0;
    for (int64_t i = 0; i < 8; ++i) {
      const int64_t row = i / 4, last = inputs.mask[row].sum().item<int64_t>() - 1;
      const double value = values[static_cast<size_t>(i)];
      error += std::pow(tokens[row][last][i % 4].item<double>() - value, 2);
      size += value * value;
    }
    EXPECT_LT(std::sqrt(error / size), 1e-5) << mutant.at("change");
  }
  std::printf("%s: %d equal, %d refused, %d of which transformers takes\n", GetParam().c_str(), equal, refused, wished);
  EXPECT_GT(equal, 40) << "a third of the changes are keys of no meaning; the others should not be refused";
}

INSTANTIATE_TEST_SUITE_P(HuggingFace, TinyCheckpoint,
                         testing::Values("bert", "clip_text", "embedding_gemma", "gemma2", "gemma3", "llama",
                                         "llama_longrope", "mistral", "modernbert", "mt5", "qwen2", "qwen2_5_vl",
                                         "qwen2_window", "qwen3", "qwen3_vl", "qwen3_yarn", "roberta", "siglip",
                                         "siglip2", "smollm3", "t5_encoder", "umt5", "xlm_roberta"),
                         [](const auto& test) { return test.param; });

/// A model of pictures and text, and the tiny checkpoint that stands for its text part.
struct Whole {
  const char *type, *text, *prefix;
};

class WholeModels : public testing::TestWithParam<Whole> {};

// transformers takes the type of the text part from the model's where the part does not say it.
TEST_P(WholeModels, GiveTheirTextPart) {
  const auto [type, text, prefix] = GetParam();
  const std::filesystem::path folder = project_root() / "tests/oracle/tiny_hf" / text;
  const NamedTensors expected = read_safetensors(folder / "expected.safetensors");
  const TokenInputs inputs{expected.at("input_ids").to(at::kLong), expected.at("attention_mask").to(at::kBool)};
  Json part = read_json(folder / "config.json");
  part.erase("model_type");
  const TemporaryFolder whole("whole_model");
  whole.write("config.json",
              Json({{"model_type", type}, {"text_config", part}, {"vision_config", {{"hidden_size", 8}}}}).dump());
  NamedTensors tensors = {{"visual.patch_embed.weight", at::ones({2})}};
  for (const auto& [name, tensor] : read_safetensors(folder / "model.safetensors")) {
    const size_t own = name.starts_with("text_model.") ? std::string("text_model.").size() : 0;
    tensors[prefix + name.substr(own)] = tensor;
  }
  write_safetensors(whole / "model.safetensors", tensors);
  const at::Tensor found = CheckpointFiles(whole.path()).load(at::kFloat, false).forward(inputs).tokens;
  EXPECT_LT(relative_error(found, expected.at("last_hidden_state"), inputs.mask), 1e-5);
}

INSTANTIATE_TEST_SUITE_P(
    TextConfig, WholeModels,
    testing::Values(
        Whole{"clip", "clip_text", "text_model."}, Whole{"siglip", "siglip", "text_model."},
        Whole{"siglip2", "siglip2", "text_model."}, Whole{"gemma3", "gemma3", "model.language_model."},
        Whole{"llava", "llama", "language_model.model."}, Whole{"idefics3", "llama", "model.text_model."},
        Whole{"smolvlm", "llama", "model.text_model."}, Whole{"mistral3", "mistral", "model.language_model."},
        Whole{"internvl", "qwen2", "language_model.model."}, Whole{"qwen2_vl", "qwen2_5_vl", "model.language_model."},
        Whole{"qwen2_5_vl", "qwen2_5_vl", "model."}, Whole{"qwen3_vl", "qwen3_vl", "model.language_model."}),
    [](const auto& test) { return std::string(test.param.type); });

// With what its released code writes into config.json and what stands beside the language model in its weights.
TEST(WholeModel, Blip3oNextIsQwen3BetweenOtherParts) {
  const std::filesystem::path folder = project_root() / "tests/oracle/tiny_hf/qwen3";
  const NamedTensors expected = read_safetensors(folder / "expected.safetensors");
  const TokenInputs inputs{expected.at("input_ids").to(at::kLong), expected.at("attention_mask").to(at::kBool)};
  Json config = read_json(folder / "config.json");
  config.update({{"model_type", "blip3o_qwen"},
                 {"architectures", {"blip3oQwenForInferenceLM"}},
                 {"mm_vision_tower", "ta_tok.pth"},
                 {"mm_hidden_size", 1152},
                 {"mm_vision_select_layer", -1},
                 {"mm_vision_select_feature", "patch"},
                 {"mm_patch_merge_type", "flat"},
                 {"mm_use_im_start_end", true},
                 {"mm_vision_tower_lr", nullptr},
                 {"mm_tunable_parts", "mm_language_model"},
                 {"use_mm_proj", true},
                 {"vision_tower_pretrained", ""},
                 {"image_aspect_ratio", "square"},
                 {"image_start_tag_id", 90},
                 {"image_end_tag_id", 91},
                 {"image_start_token_id", 20},
                 {"image_end_token_id", 80},
                 {"scale_start_token_id", 81},
                 {"scale_end_token_id", 83},
                 {"num_image_tokens", 61},
                 {"num_scale_tokens", 3},
                 {"num_new_tokens", 66},
                 {"diffusion_name_or_path", "Sana"},
                 {"tokenizer_padding_side", "right"},
                 {"tokenizer_model_max_length", 64},
                 {"rope_scaling", {{"type", "linear"}, {"factor", 4.0}}}});
  NamedTensors tensors = {{"lm_head.weight", at::ones({2, 2})},
                          {"model.sana.proj_out.weight", at::ones({2, 2})},
                          {"model.sana_vae.encoder.conv_in.weight", at::ones({2, 2})},
                          {"model.vision_tower.vision_tower.encoder.layers.0.mlp.fc1.weight", at::ones({2, 2})},
                          {"model.diffusion_connector.0.weight", at::ones({2, 2})},
                          {"model.diffusion_connector.0.bias", at::ones({2})},
                          {"model.diffusion_connector.3.weight", at::ones({2})}};
  for (const auto& [name, tensor] : read_safetensors(folder / "model.safetensors")) tensors["model." + name] = tensor;
  const TemporaryFolder whole("blip3o");
  whole.write("config.json", config.dump());
  write_safetensors(whole / "model.safetensors", tensors);
  const at::Tensor found = CheckpointFiles(whole.path()).load(at::kFloat, false).forward(inputs).tokens;
  EXPECT_LT(relative_error(found, expected.at("last_hidden_state"), inputs.mask), 1e-5);
  config["gen_vision_tower"] = "of the first one";
  whole.write("config.json", config.dump());
  EXPECT_THROW(CheckpointFiles(whole.path()).load(at::kFloat, false), UserError);
}

TEST(WholeModel, ClipsSecondTableOverridesTheFirst) {
  // transformers 5.24: CLIPTextConfig(**text_config_dict), its defaults included, over text_config.
  const Json values = {{"model_type", "clip"},
                       {"text_config", {{"hidden_act", "gelu"}, {"hidden_size", 96}, {"num_hidden_layers", 2}}},
                       {"text_config_dict", {{"hidden_size", 64}}}};
  const ArchitectureChoice choice = choose_architecture({values, "config.json"});
  const TransformerConfig config = choice.architecture->config(choice.config);
  EXPECT_EQ(config.hidden, 64);
  EXPECT_EQ(config.num_layers, 12);
  EXPECT_EQ(config.activation, Activation::kQuickGelu);
}

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
  const std::string unknown = refusal({{"model_type", "lama"}});
  EXPECT_EQ(unknown, "config.json: model_type 'lama' is not built here; did you mean 'llama'?");
  const std::string far = refusal({{"model_type", "zzzzzzzzzz"}});
  for (const std::string& name : ArchitectureRegistry::instance().names()) {
    EXPECT_NE(far.find(name), std::string::npos) << name;
  }
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
