// SPDX-License-Identifier: Apache-2.0
// The decoders that are built, one entry each.
#include "encoders/architectures/decoder.h"

namespace emf {
namespace {

DecoderTraits llama() { return {.reads_mlp_bias = true}; }

DecoderTraits mistral() {
  return {.mlp = 14336, .kv_heads = 8, .context = 131072, .reads_attention_bias = false, .windows = WindowRule::kAll};
}

DecoderTraits qwen2() {
  return {.vocabulary = 151936,
          .mlp = 22016,
          .kv_heads = 32,
          .context = 32768,
          .query_key_value_bias = true,
          .reads_attention_bias = false,
          .windows = WindowRule::kUpper};
}

/// The text part of Qwen 2-VL and 2.5-VL, whose three axes of positions text moves along together.
DecoderTraits qwen2_vl() {
  DecoderTraits traits = qwen2();
  traits.vocabulary = 152064;
  traits.hidden = 8192;
  traits.mlp = 29568;
  traits.layers = 80;
  traits.heads = 64;
  traits.kv_heads = 8;
  traits.epsilon = 1e-5;
  traits.theta = 1e6;
  traits.max_window_layers = 80;
  // Its older files hold the keys of text, pictures and generation side by side.
  traits.foreign = {"vision_", "image_", "video_"};
  return traits;
}

DecoderTraits qwen3() {
  return {.vocabulary = 151936,
          .mlp = 22016,
          .kv_heads = 32,
          .head_size = 128,
          .context = 32768,
          .head_norms = true,
          .windows = WindowRule::kUpper};
}

DecoderTraits qwen3_vl() {
  DecoderTraits traits = qwen3();
  traits.context = 128000;
  traits.theta = 5e5;
  traits.windows = WindowRule::kNone;
  return traits;
}

/// BLIP3o-NEXT: Qwen 3, with a picture tower and a diffusion transformer whose keys stand between its own.
///
/// The keys are those that its released code writes or reads beside Qwen3Config's (github.com/JiuhaiChen/BLIP3o at
/// 6ced364, blip3o_arch.py, train.py and ta_tok_encoder.py): of the picture tower (mm_*, use_mm_proj, vision_tower_*,
/// unfreeze_mm_vision_tower, delay_load), of tokens that were added (image_*, scale_*, num_*), of the generator
/// (diffusion_name_or_path), of its tokenizer's settings, and of training (pos_skipping_range and use_pos_skipping,
/// which hold in training alone, max_sequence_length). Its class takes rope_scaling away, whatever the file says. The
/// first BLIP3-o has the same model_type on Qwen 2.5-VL: its tensors do not fit, and are refused.
DecoderTraits blip3o_qwen() {
  DecoderTraits traits = qwen3();
  traits.ignores_rope_scaling = true;
  traits.foreign = {"mm_",
                    "use_mm_proj",
                    "vision_tower_",
                    "unfreeze_mm_vision_tower",
                    "delay_load",
                    "image_",
                    "scale_start_token_id",
                    "scale_end_token_id",
                    "num_image_tokens",
                    "num_scale_tokens",
                    "num_new_tokens",
                    "diffusion_name_or_path",
                    "tokenizer_padding_side",
                    "tokenizer_model_max_length",
                    "use_pos_skipping",
                    "pos_skipping_range",
                    "max_sequence_length"};
  return traits;
}

DecoderTraits smollm3() {
  return {.vocabulary = 128256,
          .hidden = 2048,
          .layers = 36,
          .heads = 16,
          .kv_heads = 4,
          .context = 32768,
          .theta = 2e6,
          .reads_mlp_bias = true,
          .windows = WindowRule::kWithoutRotation,
          .unturned_period = 4};
}

DecoderTraits gemma2() {
  return {.vocabulary = 256000,
          .hidden = 2304,
          .mlp = 9216,
          .layers = 26,
          .heads = 8,
          .kv_heads = 4,
          .head_size = 256,
          .context = 8192,
          .gemma = true,
          .score_cap = 50,
          .windows = WindowRule::kPattern,
          .window_period = 2};
}

DecoderTraits gemma3() {
  DecoderTraits traits = gemma2();
  traits.vocabulary = 262208;
  traits.context = 131072;
  traits.theta = 1e6;
  traits.head_norms = true;
  traits.two_rotations = true;
  traits.score_cap = 0;
  traits.window_period = 6;
  return traits;
}

template <DecoderTraits (*traits)()>
std::unique_ptr<Architecture> make() {
  return std::make_unique<Decoder>(traits());
}

[[maybe_unused]] const bool kRegistered[] = {
    ArchitectureRegistry::instance().add("llama",
                                         {"Llama, SmolLM2, text of SmolVLM and Idefics3", __FILE__, make<llama>}),
    ArchitectureRegistry::instance().add("mistral", {"Mistral", __FILE__, make<mistral>}),
    ArchitectureRegistry::instance().add("qwen2", {"Qwen 2 and 2.5, gte-Qwen2", __FILE__, make<qwen2>}),
    ArchitectureRegistry::instance().add("qwen2_vl_text", {"text of Qwen2-VL", __FILE__, make<qwen2_vl>}),
    ArchitectureRegistry::instance().add("qwen2_5_vl_text", {"text of Qwen2.5-VL", __FILE__, make<qwen2_vl>}),
    ArchitectureRegistry::instance().add("qwen3", {"Qwen 3", __FILE__, make<qwen3>}),
    ArchitectureRegistry::instance().add("qwen3_vl_text", {"text of Qwen3-VL", __FILE__, make<qwen3_vl>}),
    ArchitectureRegistry::instance().add("blip3o_qwen", {"text of BLIP3o-NEXT", __FILE__, make<blip3o_qwen>}),
    ArchitectureRegistry::instance().add("smollm3", {"SmolLM3", __FILE__, make<smollm3>}),
    ArchitectureRegistry::instance().add("gemma2", {"Gemma 2", __FILE__, make<gemma2>}),
    ArchitectureRegistry::instance().add("gemma3_text", {"Gemma 3, EmbeddingGemma", __FILE__, make<gemma3>}),
};

}  // namespace
}  // namespace emf
