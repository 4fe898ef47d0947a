// The transformer that text encoders share; what one family does otherwise than another is named in its
// config.
#pragma once

#include <ATen/ATen.h>

#include <functional>
#include <vector>

#include "harness/api/encoder.h"

namespace emf {

/// Sizes and constants of a decoder of Llama's kind.
struct TransformerConfig {
  int64_t num_layers = 0;
  int64_t hidden = 0;
  int64_t mlp = 0;
  int64_t num_heads = 0;
  int64_t num_kv_heads = 0;  ///< groups of num_heads / num_kv_heads query heads share one key and value head
  int64_t head_size = 0;     ///< even
  int64_t vocabulary = 0;
  int64_t context = 0;  ///< positions it was trained for
  double norm_epsilon = 1e-5;
  double rope_base = 1e4;  ///< rotary halves: dimension i turns with i + head_size / 2
};

/// float32, matrices [out, in].
struct TransformerLayer {
  at::Tensor attention_norm;  ///< [hidden]
  at::Tensor
      query_key_value;  ///< [(num_heads + 2 num_kv_heads) head_size, hidden]: one product instead of three
  at::Tensor attention_out;  ///< [hidden, num_heads head_size]
  at::Tensor mlp_norm;       ///< [hidden]
  at::Tensor gate_up;        ///< [2 mlp, hidden]
  at::Tensor down;           ///< [hidden, mlp]
};

struct TransformerWeights {
  /// Writes the embeddings of `count` ids to out (count * hidden): tables stay as small as they are stored.
  /// @throws UserError  an id outside the vocabulary.
  std::function<void(const int64_t* ids, int64_t count, float* out)> embed;
  std::vector<TransformerLayer> layers;
  at::Tensor final_norm;  ///< [hidden]
};

/// Causal decoder: RMSNorm, rotary positions, grouped-query attention, SwiGLU.   @source  Touvron et al. 2023
/// (Llama).
class Transformer {
 public:
  static constexpr int64_t kFinal = -1;

  Transformer(TransformerConfig config, TransformerWeights weights);
  const TransformerConfig& config() const { return config_; }

  /// Hidden states. Tokens where the mask is false are left out as if they were not there: positions count
  /// real tokens only, and padding costs nothing but its share of attention.
  ///
  /// @param layer  kFinal: after the final norm; 0..num_layers: after that many blocks, before the final
  /// norm.
  /// @return  tokens [B,L,hidden] float32, zero where the mask is false.
  /// @cost  about 2 * 3.5 M multiply-adds a token and layer at hidden 576; uses LibTorch's threads.
  TextFeatures forward(const TokenInputs& inputs, int64_t layer = kFinal) const;

 private:
  struct Packing;
  at::Tensor attend(const at::Tensor& query_key_value, const Packing& packing) const;

  TransformerConfig config_;
  TransformerWeights weights_;
  at::Tensor cosines_, sines_;  // [context, head_size / 2]
};

}  // namespace emf
