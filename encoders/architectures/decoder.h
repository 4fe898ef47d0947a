// SPDX-License-Identifier: Apache-2.0
// Llama and its relatives: decoders with rotary positions, grouped-query attention and a gated MLP.
#pragma once

#include <string>
#include <vector>

#include "encoders/architectures/architecture.h"

namespace emf {

/// Which layers see a window alone, where the file does not list them itself.
enum class WindowRule {
  kNone,            ///< no layer, and layer_types is not known
  kAll,             ///< Mistral
  kUpper,           ///< Qwen: from max_window_layers on, where use_sliding_window says so
  kPattern,         ///< Gemma: all but every so many
  kWithoutRotation  ///< SmolLM3: those without positions, where use_sliding_window says so
};

/// What one relative does otherwise than Llama, and what its class of transformers takes for keys that are absent.
struct DecoderTraits {
  // Defaults of transformers 5's config classes.
  int64_t vocabulary = 32000, hidden = 4096, mlp = 11008, layers = 32, heads = 32;
  int64_t kv_heads = 0;   ///< 0 = as many as heads
  int64_t head_size = 0;  ///< 0 = hidden / heads
  int64_t context = 2048;
  double epsilon = 1e-6;
  double theta = 1e4, window_theta = 1e4;  ///< the second of windowed layers where they turn by another (Gemma 3)

  bool query_key_value_bias = false;  ///< always there: Qwen 2
  bool reads_attention_bias = true;   ///< the key attention_bias adds biases to all four products
  bool reads_mlp_bias = false;
  bool head_norms = false;  ///< Qwen 3, Gemma 3
  bool gemma = false;       ///< both-sided norms, 1 + w, scaled embeddings, tanh GELU
  bool two_rotations = false;
  double score_cap = 0;  ///< of attention's scores where the key is absent: Gemma 2
  WindowRule windows = WindowRule::kNone;
  int64_t window = 4096, window_period = 0, max_window_layers = 28;
  int64_t unturned_period = 0;        ///< of every so many layers the last has no positions: SmolLM3
  bool ignores_rope_scaling = false;  ///< its class sets it to none
  /// Keys that begin so are of other parts of the model.
  std::vector<std::string> foreign;
};

class Decoder : public Architecture {
 public:
  explicit Decoder(DecoderTraits traits) : traits_(std::move(traits)) {}
  TransformerConfig config(const CheckpointConfig& file) const override;
  TransformerWeights weights(const CheckpointConfig& file, const TransformerConfig& sizes, const WeightSource& source,
                             at::ScalarType precision) const override;

 private:
  bool has_biases(const CheckpointConfig& file) const;
  void read_windows(const CheckpointConfig& file, TransformerConfig& config) const;
  void read_rotation(const CheckpointConfig& file, TransformerConfig& config) const;
  void pass_harmless(const CheckpointConfig& file) const;

  DecoderTraits traits_;
};

}  // namespace emf
