// SPDX-License-Identifier: Apache-2.0
// GGUF files against transformers, files in parts, and what is refused.
#include "encoders/architectures/gguf_checkpoint.h"

#include <gtest/gtest.h>

#include "encoders/architectures/gguf_family.h"
#include "encoders/pretrained/checkpoint_files.h"
#include "harness/base/error.h"
#include "harness/base/paths.h"
#include "harness/tensor/safetensors.h"
#include "tests/temporary_folder.h"

namespace emf {
namespace {

/// A file, and the checkpoint of tiny_hf whose values hold for it; "" = values beside it.
struct File {
  const char *name, *checkpoint;
};

class TinyGguf : public testing::TestWithParam<File> {};

TEST_P(TinyGguf, HiddenStatesEqualTransformers) {
  const std::filesystem::path oracle = project_root() / "tests/oracle";
  const std::string name = GetParam().name, checkpoint = GetParam().checkpoint;
  const NamedTensors expected =
      read_safetensors(checkpoint.empty() ? oracle / "tiny_gguf" / (name.substr(0, name.find('.')) + ".safetensors")
                                          : oracle / "tiny_hf" / checkpoint / "expected.safetensors");
  const TokenInputs inputs{expected.at("input_ids").to(at::kLong), expected.at("attention_mask").to(at::kBool)};
  const CheckpointFiles files(oracle / "tiny_gguf" / name);
  const at::Tensor found = files.load(at::kFloat, false).forward(inputs).tokens.index({inputs.mask});
  const at::Tensor right = expected.at("last_hidden_state").index({inputs.mask});
  EXPECT_LT(((found - right).norm() / right.norm()).item<double>(), 1e-5);
}

INSTANTIATE_TEST_SUITE_P(Files, TinyGguf,
                         testing::Values(File{"bert.gguf", ""}, File{"bert_of_roberta.gguf", "roberta"},
                                         File{"gemma3_linear.gguf", ""},
                                         File{"gemma_embedding.gguf", "embedding_gemma"}, File{"llama_bias.gguf", ""},
                                         File{"llama_longrope.gguf", "llama_longrope"},
                                         File{"llama_rope_freqs.gguf", ""},
                                         File{"qwen3_yarn-00001-of-00003.gguf", "qwen3_yarn"},
                                         File{"t5_of_mt5.gguf", "mt5"}, File{"t5_relu.gguf", ""}),
                         [](const auto& test) {
                           const std::string name = test.param.name;
                           return name.substr(0, name.find_first_of(".-"));
                         });

TEST(GgufFamily, NamesFollowTheConverter) {
  EXPECT_EQ(gguf_name("layers.12.mlp.up_proj.weight", GgufNames::kDecoder), "blk.12.ffn_up.weight");
  EXPECT_EQ(gguf_name("layers.1.post_attention_layernorm.weight", GgufNames::kDecoder), "blk.1.ffn_norm.weight");
  EXPECT_EQ(gguf_name("layers.1.post_attention_layernorm.weight", GgufNames::kGemma),
            "blk.1.post_attention_norm.weight");
  EXPECT_EQ(gguf_name("encoder.block.3.layer.1.DenseReluDense.wi_0.weight", GgufNames::kT5),
            "enc.blk.3.ffn_gate.weight");
  EXPECT_EQ(gguf_name("encoder.layer.0.attention.self.query.bias", GgufNames::kBert), "blk.0.attn_q.bias");
  EXPECT_EQ(gguf_name("something.else", GgufNames::kBert), "something.else");
}

/// A GGUF file without tensors that says these integers.
std::string metadata_file(const std::vector<std::pair<std::string, uint32_t>>& values) {
  std::string bytes = "GGUF";
  const auto number = [&](auto value) { bytes.append(reinterpret_cast<const char*>(&value), sizeof value); };
  number(uint32_t{3});
  number(uint64_t{0});
  number(uint64_t{values.size()});
  for (const auto& [key, value] : values) {
    number(uint64_t{key.size()});
    bytes += key;
    number(uint32_t{4});
    number(value);
  }
  bytes.resize((bytes.size() + 31) / 32 * 32);
  return bytes;
}

TEST(GgufParts, AreReadTogether) {
  const TemporaryFolder folder("gguf_parts");
  const auto refusal = [&](const std::string& name) -> std::string {
    try {
      const GgufParts parts(folder / name);
    } catch (const UserError& error) {
      return error.what();
    }
    return "none";
  };
  folder.write("m-00001-of-00002.gguf", metadata_file({{"split.no", 0}, {"split.count", 2}}));
  EXPECT_NE(refusal("m-00001-of-00002.gguf").find("m-00002-of-00002.gguf is absent"), std::string::npos);
  folder.write("m-00002-of-00002.gguf", metadata_file({{"split.no", 1}, {"split.count", 2}}));
  EXPECT_EQ(GgufParts(folder / "m-00001-of-00002.gguf").paths().size(), 2u);
  EXPECT_NE(refusal("m-00002-of-00002.gguf").find("name the first: "), std::string::npos);
  folder.write("m-00002-of-00002.gguf", metadata_file({{"split.no", 1}, {"split.count", 3}}));
  EXPECT_NE(refusal("m-00001-of-00002.gguf").find("it is not part 2 of 2"), std::string::npos);
  folder.write("m.gguf", metadata_file({{"split.no", 0}, {"split.count", 2}}));
  EXPECT_NE(refusal("m.gguf").find("does not end in -00001-of-00002.gguf"), std::string::npos);
}

}  // namespace
}  // namespace emf
