// The shared transformer's forward pass, on real tokens only.
#include "encoders/transformer/transformer.h"

#include <cmath>

#include "harness/base/error.h"

namespace emf {

/// Where the real tokens of a padded batch stand. All products run on the T real tokens; only attention sees
/// padding.
struct Transformer::Packing {
  int64_t batch = 0;
  int64_t length = 0;  ///< of the longest row, real tokens
  bool has_padding = false;
  at::Tensor source;        ///< [T] place of each real token in the caller's B * L
  at::Tensor place;         ///< [T] place in batch * length, each row's real tokens moved to its left
  at::Tensor cosine, sine;  ///< [T,1,head_size/2]

  Packing(const at::Tensor& mask, const at::Tensor& cosines, const at::Tensor& sines) {
    const at::Tensor counts = mask.sum(1);
    batch = mask.size(0);
    length = counts.max().item<int64_t>();
    has_padding = counts.min().item<int64_t>() != length;
    source = mask.flatten().nonzero().squeeze(1);
    const at::Tensor position = mask.cumsum(1).sub(1).flatten().index_select(0, source);
    place = source.div(mask.size(1), "floor").mul(length).add(position);
    cosine = cosines.index_select(0, position).unsqueeze(1);
    sine = sines.index_select(0, position).unsqueeze(1);
  }
};

Transformer::Transformer(TransformerConfig config, TransformerWeights weights)
    : config_(config), weights_(std::move(weights)) {
  // Angles in double: at position 8000 float32 has lost three digits of them.
  const at::Tensor exponents = at::arange(0, config.head_size, 2, at::kDouble).div(config.head_size);
  const at::Tensor frequencies = at::pow(config.rope_base, exponents).reciprocal();
  const at::Tensor angles = at::outer(at::arange(config.context, at::kDouble), frequencies);
  cosines_ = angles.cos().to(at::kFloat);
  sines_ = angles.sin().to(at::kFloat);
}

at::Tensor Transformer::attend(const at::Tensor& query_key_value, const Packing& packing) const {
  const int64_t heads = config_.num_heads, kv_heads = config_.num_kv_heads, size = config_.head_size;
  const int64_t tokens = query_key_value.size(0);
  const at::Tensor by_head = query_key_value.view({tokens, heads + 2 * kv_heads, size});
  const at::Tensor turning = by_head.narrow(1, 0, heads + kv_heads);
  const at::Tensor first = turning.narrow(2, 0, size / 2), second = turning.narrow(2, size / 2, size / 2);
  const at::Tensor turned = at::cat(
      {first * packing.cosine - second * packing.sine, second * packing.cosine + first * packing.sine}, 2);
  at::Tensor all = at::cat({turned, by_head.narrow(1, heads + kv_heads, kv_heads)}, 1);
  if (packing.has_padding) {
    all = at::zeros({packing.batch * packing.length, heads + 2 * kv_heads, size}, all.options())
              .index_copy(0, packing.place, all);
  }
  all = all.view({packing.batch, packing.length, heads + 2 * kv_heads, size}).transpose(1, 2);
  // Padding stands to the right of every real token, so the causal mask hides it too.
  const at::Tensor mixed = at::scaled_dot_product_attention(
      all.narrow(1, 0, heads), all.narrow(1, heads, kv_heads), all.narrow(1, heads + kv_heads, kv_heads),
      /*attn_mask=*/{}, /*dropout_p=*/0.0, /*is_causal=*/true, /*scale=*/std::nullopt, /*enable_gqa=*/true);
  const at::Tensor rows = mixed.transpose(1, 2).reshape({packing.batch * packing.length, heads * size});
  return packing.has_padding ? rows.index_select(0, packing.place) : rows;
}

TextFeatures Transformer::forward(const TokenInputs& inputs, int64_t layer) const {
  const int64_t depth = layer == kFinal ? config_.num_layers : layer;
  ensure(depth >= 0 && depth <= config_.num_layers, "layer {} of {}", layer, config_.num_layers);
  ensure(inputs.ids.size(1) <= config_.context, "{} tokens in a context of {}", inputs.ids.size(1),
         config_.context);
  const Packing packing(inputs.mask, cosines_, sines_);
  const at::Tensor ids = inputs.ids.flatten().index_select(0, packing.source);
  at::Tensor hidden = at::empty({ids.size(0), config_.hidden}, at::kFloat);
  weights_.embed(ids.data_ptr<int64_t>(), ids.size(0), hidden.data_ptr<float>());

  const auto normalise = [&](const at::Tensor& x, const at::Tensor& weight) {
    return at::rms_norm(x, {config_.hidden}, weight, config_.norm_epsilon);
  };
  for (int64_t i = 0; i < depth; ++i) {
    const TransformerLayer& block = weights_.layers[static_cast<size_t>(i)];
    const at::Tensor projected = at::linear(normalise(hidden, block.attention_norm), block.query_key_value);
    hidden = hidden + at::linear(attend(projected, packing), block.attention_out);
    const at::Tensor gate_up = at::linear(normalise(hidden, block.mlp_norm), block.gate_up);
    const at::Tensor gated =
        at::silu(gate_up.narrow(1, 0, config_.mlp)) * gate_up.narrow(1, config_.mlp, config_.mlp);
    hidden = hidden + at::linear(gated, block.down);
  }
  if (layer == kFinal) hidden = normalise(hidden, weights_.final_norm);

  const int64_t batch = inputs.mask.size(0), length = inputs.mask.size(1);
  const at::Tensor tokens =
      at::zeros({batch * length, config_.hidden}, at::kFloat).index_copy(0, packing.source, hidden);
  return {tokens.view({batch, length, config_.hidden}), inputs.mask};
}

}  // namespace emf
