// SPDX-License-Identifier: Apache-2.0
// The folders that libraries write, each read as the checkpoint in it is by itself.
#include "encoders/pretrained/checkpoint_layout.h"

#include <gtest/gtest.h>

#include "encoders/pretrained/checkpoint_files.h"
#include "harness/base/error.h"
#include "harness/base/paths.h"
#include "harness/tensor/safetensors.h"
#include "tests/temporary_folder.h"

namespace emf {
namespace {

namespace fs = std::filesystem;

class CheckpointFolders : public testing::Test {
 protected:
  static fs::path tiny(const std::string& name) { return project_root() / "tests/oracle/tiny_hf" / name; }
  /// config.json and the weights of a tiny checkpoint, into a folder below.
  void put(const std::string& name, const std::string& under, const std::string& weights = "model.safetensors") const {
    fs::create_directories(folder_ / under);
    fs::copy_file(tiny(name) / "config.json", folder_ / under / "config.json");
    fs::copy_file(tiny(name) / "model.safetensors", folder_ / under / weights);
  }
  void expect_loads(const std::string& name, const fs::path& path) const {
    const NamedTensors expected = read_safetensors(tiny(name) / "expected.safetensors");
    const TokenInputs inputs{expected.at("input_ids").to(at::kLong), expected.at("attention_mask").to(at::kBool)};
    const at::Tensor found = CheckpointFiles(path).load(at::kFloat, false).forward(inputs).tokens.index({inputs.mask});
    const at::Tensor right = expected.at("last_hidden_state").index({inputs.mask});
    EXPECT_LT(((found - right).norm() / right.norm()).item<double>(), 1e-5) << path;
  }
  std::string refusal(const fs::path& path) const {
    try {
      CheckpointFiles(path).load(at::kFloat, false);
    } catch (const UserError& error) {
      return error.what();
    }
    return "none";
  }

  const TemporaryFolder folder_{"checkpoint_layout"};
};

TEST_F(CheckpointFolders, VariantsOfTheWeights) {
  put("llama", "half", "model.fp16.safetensors");
  expect_loads("llama", folder_ / "half");
  put("bert", "named", "weights.safetensors");
  expect_loads("bert", folder_ / "named");
  put("bert", "two", "model.fp16.safetensors");
  fs::copy_file(tiny("bert") / "model.safetensors", folder_ / "two/model.bf16.safetensors");
  EXPECT_NE(refusal(folder_ / "two").find("holds model.bf16.safetensors, model.fp16.safetensors"), std::string::npos)
      << refusal(folder_ / "two");
  put("bert", "pickled", "pytorch_model.bin");
  EXPECT_NE(refusal(folder_ / "pickled").find("python3 data/checkpoint_to_safetensors.py"), std::string::npos)
      << refusal(folder_ / "pickled");
}

TEST_F(CheckpointFolders, SentenceTransformers) {
  put("bert", "old/0_Transformer");
  expect_loads("bert", folder_ / "old");
  put("roberta", "listed/inner");
  folder_.write("listed/modules.json", R"([{"idx": 0, "path": "inner"}, {"idx": 1, "path": "1_Pooling"}])");
  expect_loads("roberta", folder_ / "listed");
  folder_.write("out/modules.json", R"([{"path": "../listed/inner"}])");
  EXPECT_NE(refusal(folder_ / "out").find("leads out of the folder"), std::string::npos);
}

TEST_F(CheckpointFolders, DiffusersPipelines) {
  put("t5_encoder", "one/text_encoder");
  folder_.write("one/model_index.json", "{}");
  folder_.write("one/tokenizer/tokenizer.json", "{}");
  expect_loads("t5_encoder", folder_ / "one");
  EXPECT_EQ(checkpoint_layout(folder_ / "one").tokenizer, folder_ / "one/tokenizer");
  put("clip_text", "two/text_encoder");
  put("t5_encoder", "two/text_encoder_2");
  folder_.write("two/tokenizer_2/spiece.model", "");
  EXPECT_NE(refusal(folder_ / "two").find("two/text_encoder, "), std::string::npos) << refusal(folder_ / "two");
  expect_loads("t5_encoder", folder_ / "two/text_encoder_2");
  EXPECT_EQ(checkpoint_layout(folder_ / "two/text_encoder_2/").tokenizer, folder_ / "two/tokenizer_2");
}

TEST_F(CheckpointFolders, AbsentOnesAreNamed) {
  EXPECT_NE(refusal(folder_ / "nowhere").find("nowhere is absent"), std::string::npos);
  folder_.write("empty/readme", "");
  EXPECT_NE(refusal(folder_ / "empty").find("empty/config.json is absent"), std::string::npos);
}

// The same numbers under OpenCLIP's names and under transformers'.
TEST_F(CheckpointFolders, OpenClipsOwnNames) {
  const NamedTensors stored = read_safetensors(tiny("clip_text") / "model.safetensors");
  const Json config = read_json(tiny("clip_text") / "config.json");
  const bool is_prefixed = stored.begin()->first.starts_with("text_model.");
  const auto take = [&](const std::string& name) { return stored.at((is_prefixed ? "text_model." : "") + name); };
  NamedTensors own = {{"token_embedding.weight", take("embeddings.token_embedding.weight")},
                      {"positional_embedding", take("embeddings.position_embedding.weight")},
                      {"visual.proj", at::ones({2, 2})},
                      {"text_projection", at::ones({2, 2})},
                      {"logit_scale", at::ones({})}};
  for (const char* kind : {"weight", "bias"})
    own[std::string("ln_final.") + kind] = take(std::string("final_layer_norm.") + kind);
  for (int i = 0; i < config.at("num_hidden_layers"); ++i) {
    const std::string from = "encoder.layers." + std::to_string(i) + ".",
                      to = "transformer.resblocks." + std::to_string(i) + ".";
    for (const std::string kind : {"weight", "bias"}) {
      own[to + "ln_1." + kind] = take(from + "layer_norm1." + kind);
      own[to + "ln_2." + kind] = take(from + "layer_norm2." + kind);
      own[to + "attn.in_proj_" + kind] =
          at::cat({take(from + "self_attn.q_proj." + kind), take(from + "self_attn.k_proj." + kind),
                   take(from + "self_attn.v_proj." + kind)});
      own[to + "attn.out_proj." + kind] = take(from + "self_attn.out_proj." + kind);
      own[to + "mlp.c_fc." + kind] = take(from + "mlp.fc1." + kind);
      own[to + "mlp.c_proj." + kind] = take(from + "mlp.fc2." + kind);
    }
  }
  const int64_t width = config.at("hidden_size");
  const Json text = {{"context_length", config.at("max_position_embeddings")},
                     {"vocab_size", config.at("vocab_size")},
                     {"width", width},
                     {"heads", config.at("num_attention_heads")},
                     {"layers", config.at("num_hidden_layers")},
                     {"mlp_ratio", config.at("intermediate_size").get<double>() / static_cast<double>(width)}};
  folder_.write("open/open_clip_config.json",
                Json({{"model_cfg", {{"embed_dim", 2}, {"quick_gelu", true}, {"text_cfg", text}}}}).dump());
  write_safetensors(folder_ / "open/open_clip_model.safetensors", own);
  expect_loads("clip_text", folder_ / "open");

  // The weights hold as they did, and no text is tokenised as OpenCLIP would not.
  Json cleaned = text;
  cleaned["tokenizer_kwargs"] = {{"clean", "canonicalize"}};
  folder_.write("open/open_clip_config.json",
                Json({{"model_cfg", {{"embed_dim", 2}, {"quick_gelu", true}, {"text_cfg", cleaned}}}}).dump());
  expect_loads("clip_text", folder_ / "open");
  const auto refused = [&](const fs::path& tokenizer) -> std::string {
    try {
      CheckpointFiles(folder_ / "open", tokenizer).tokenizer({});
    } catch (const UserError& error) {
      return error.what();
    }
    return "none";
  };
  folder_.write("words/vocab.txt", "[UNK]\n[CLS]\n[SEP]\n[PAD]\n[MASK]\na\n");
  EXPECT_NE(refused("").find(R"(tokenizer_kwargs are {"clean":"canonicalize"})"), std::string::npos) << refused("");
  EXPECT_EQ(refused(folder_ / "words/vocab.txt"), "none");
}

}  // namespace
}  // namespace emf
