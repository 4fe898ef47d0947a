// SPDX-License-Identifier: Apache-2.0
// The transformer that text encoders share; what one family does otherwise than another is named in its config.
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "harness/api/encoder.h"
#include "harness/weights/weight_loader.h"

namespace emf {

enum class NormKind { kRms, kLayer };
/// Where a block normalises: its input (Llama, CLIP, T5), the sum with its input (BERT), or input and output (Gemma).
enum class NormPlace { kBefore, kAfter, kBoth };
enum class PositionKind { kRotary, kLearned, kRelativeBias };
/// kGelu is the exact one (erf), kGeluTanh its tanh form ("gelu_new", "gelu_pytorch_tanh"), kQuickGelu x sigmoid(1.702
/// x).
enum class Activation { kSilu, kGelu, kGeluTanh, kQuickGelu, kRelu };

/// Sizes and constants of one checkpoint's architecture. Defaults are Llama's.
struct TransformerConfig {
  int64_t num_layers = 0;
  int64_t hidden = 0;
  int64_t mlp = 0;
  int64_t num_heads = 0;
  int64_t num_kv_heads = 0;  ///< groups of num_heads / num_kv_heads query heads share one key and value head
  int64_t head_size = 0;     ///< even where positions are rotary
  int64_t vocabulary = 0;
  int64_t context = 0;  ///< positions it was trained for

  NormKind norm = NormKind::kRms;
  NormPlace norm_place = NormPlace::kBefore;
  double norm_epsilon = 1e-5;
  Activation activation = Activation::kSilu;
  bool gated = true;           ///< activation(gate) * up; else activation(up)
  double embedding_scale = 1;  ///< Gemma: sqrt(hidden)
  bool causal = true;
  double attention_scale = 0;  ///< of query . key; 0 = head_size^-1/2
  double score_cap = 0;        ///< Gemma 2: scores become cap tanh(score / cap); 0 = none
  int64_t window = 0;  ///< tokens a windowed layer looks back (and ahead, where it is not causal), itself included
  std::vector<bool> windowed;  ///< layer by layer; empty = none

  PositionKind positions = PositionKind::kRotary;
  /// Radians a position turns pair i (dimension i with i + head_size / 2): [head_size / 2].
  std::vector<double> rotary, windowed_rotary;  ///< of full and of windowed layers; the latter may be empty = the same
  double rotary_scale = 1, windowed_rotary_scale = 1;   ///< of cosines and sines
  std::vector<bool> unturned;                           ///< layers without positions (SmolLM3); empty = none
  int64_t relative_buckets = 0, relative_distance = 0;  ///< T5's, bidirectional
};

struct TransformerLayer {
  NormWeights attention_norm;       ///< before attention, undefined = none; after the sum for NormPlace::kAfter
  LinearWeights query_key_value;    ///< [(num_heads + 2 num_kv_heads) head_size, hidden]: one product instead of three
  at::Tensor query_norm, key_norm;  ///< [head_size] RMS norms of each head before it turns; undefined = none
  at::Tensor relative_bias;         ///< umT5's own of each layer instead of the shared one, of the same form
  LinearWeights attention_out;      ///< [hidden, num_heads head_size]
  NormWeights after_attention;      ///< NormPlace::kBoth only
  NormWeights mlp_norm;
  LinearWeights up;       ///< [mlp, hidden], or gate above up, [2 mlp, hidden]
  LinearWeights down;     ///< [hidden, mlp]
  NormWeights after_mlp;  ///< NormPlace::kBoth only
};

struct TransformerWeights {
  /// @throws UserError  an id outside the vocabulary.
  RowReader embed;
  at::Tensor table;            ///< [vocabulary, hidden] float32 instead of `embed`, where the table is to be trained
  at::Tensor positions;        ///< [context, hidden] of PositionKind::kLearned
  NormWeights embedding_norm;  ///< BERT's; undefined = none
  at::Tensor relative_bias;    ///< [relative_buckets, num_heads] of PositionKind::kRelativeBias, all layers'
  std::vector<TransformerLayer> layers;
  NormWeights final_norm;  ///< undefined = none
};

/// Every family's encoder or decoder stack, run on real tokens only.
///
/// Products run in the weights' dtype, everything else in float32. Differentiable in every tensor that asks for it.
/// @source  Vaswani et al. 2017; Touvron et al. 2023 (Llama); Raffel et al. 2020 (T5); Devlin et al. 2019 (BERT);
///          Radford et al. 2021 (CLIP); Gemma Team 2024, 2025; Qwen Team 2024, 2025.
class Transformer {
 public:
  static constexpr int64_t kFinal = -1;

  Transformer(TransformerConfig config, TransformerWeights weights);
  const TransformerConfig& config() const { return config_; }
  /// Moves every weight; a table that is read row by row stays in its file.
  void move_to(const at::Device& device);

  /// Hidden states. Tokens where the mask is false are left out as if they were not there: positions count
  /// real tokens only, and padding costs nothing but its share of attention.
  ///
  /// @param layer  kFinal: after the final norm; 0..num_layers: after that many blocks, before the final norm.
  /// @return  tokens [B,L,hidden] float32, zero where the mask is false; both lie where the weights do.
  /// @cost  about 2 * 3.5 M multiply-adds a token and layer at hidden 576; uses LibTorch's threads.
  TextFeatures forward(const TokenInputs& inputs, int64_t layer = kFinal) const;

  /// Multiply-adds times two of forward()'s matrix products on the real tokens.
  double forward_flops(const TokenInputs& inputs) const;

  /// Every weight by name ("layers.0.up.weight"), for training and for counting.
  NamedParameters parameters() const;

 private:
  struct Packing;
  /// @param ids  [T] int64 in the host's memory.
  at::Tensor embed(const at::Tensor& ids, const Packing& packing) const;
  at::Tensor attend(const at::Tensor& query_key_value, const TransformerLayer& layer, bool windowed, bool turned,
                    const Packing& packing) const;
  at::Tensor mix(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value, bool windowed,
                 const Packing& packing) const;

  TransformerConfig config_;
  TransformerWeights weights_;
  at::Device device_ = Placement().device;
};

}  // namespace emf
