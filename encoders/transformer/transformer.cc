// SPDX-License-Identifier: Apache-2.0
// The shared transformer's forward pass, on real tokens only.
// Letters of shapes: B rows, L length of the longest, T real tokens, H heads, S head size.
#include "encoders/transformer/transformer.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <cmath>

#include "encoders/transformer/fused_operations.h"
#include "encoders/transformer/relative_position.h"
#include "harness/base/error.h"

namespace emf {
namespace {

// oneDNN, which does the bfloat16 products, compiles and keeps code for every number of rows it meets, megabytes each.
constexpr int64_t kTokensMultiple = 64;

at::Tensor apply(const LinearWeights& linear, const at::Tensor& x) { return at::linear(x, linear.weight, linear.bias); }

/// @param in_place  the result overwrites x.
at::Tensor activate(Activation activation, at::Tensor x, bool in_place) {
  switch (activation) {
    case Activation::kSilu:
      return in_place ? at::silu_(x) : at::silu(x);
    case Activation::kGelu:
      return in_place ? at::gelu_(x) : at::gelu(x);
    case Activation::kGeluTanh:
      return in_place ? at::gelu_(x, "tanh") : at::gelu(x, "tanh");
    case Activation::kQuickGelu:
      return x * at::sigmoid(1.702 * x);
    case Activation::kRelu:
      return in_place ? at::relu_(x) : at::relu(x);
  }
  throw InternalError("unknown activation");
}

/// Calls `action` with the name and the tensor of every weight that is there.
template <typename Weights, typename Action>
void each_weight(Weights& weights, const Action& action) {
  const auto one = [&](const std::string& name, auto& tensor) {
    if (tensor.defined()) action(name, tensor);
  };
  const auto pair = [&](const std::string& name, auto& both) {
    one(name + ".weight", both.weight);
    one(name + ".bias", both.bias);
  };
  one("table", weights.table);
  one("positions", weights.positions);
  one("relative_bias", weights.relative_bias);
  pair("embedding_norm", weights.embedding_norm);
  for (size_t i = 0; i < weights.layers.size(); ++i) {
    auto& layer = weights.layers[i];
    const std::string prefix = "layers." + std::to_string(i) + ".";
    pair(prefix + "attention_norm", layer.attention_norm);
    pair(prefix + "query_key_value", layer.query_key_value);
    one(prefix + "query_norm", layer.query_norm);
    one(prefix + "key_norm", layer.key_norm);
    one(prefix + "relative_bias", layer.relative_bias);
    pair(prefix + "attention_out", layer.attention_out);
    pair(prefix + "after_attention", layer.after_attention);
    pair(prefix + "mlp_norm", layer.mlp_norm);
    pair(prefix + "up", layer.up);
    pair(prefix + "down", layer.down);
    pair(prefix + "after_mlp", layer.after_mlp);
  }
  pair("final_norm", weights.final_norm);
}

}  // namespace

/// Where the real tokens of a padded batch stand, and what depends on that alone. All products run on the T real
/// tokens, of which the last may be repeated up to a round number; only attention sees padding.
struct Transformer::Packing {
  int64_t batch = 0;
  int64_t length = 0;             ///< of the longest row, real tokens
  int64_t num_real = 0;           ///< tokens before the repeated ones
  bool is_dense = false;          ///< the T tokens are batch * length
  at::Tensor source;              ///< [T] place of each real token in the caller's B * L, in the host's memory
  at::Tensor target;              ///< the same where the weights lie
  at::Tensor place;               ///< [T] place in batch * length, each row's real tokens moved to its left
  at::Tensor position;            ///< [T] within its row
  at::Tensor cosine[2], sine[2];  ///< [T,1,S/2] of full and of windowed layers
  at::Tensor
      bias[2];  ///< what is added to the scores, [1 or B,1 or H,L,L]; undefined where the causal flag does it all

  /// @param multiple  T is rounded up to it.
  Packing(const at::Tensor& mask, int64_t multiple) {
    const at::Tensor counts = mask.sum(1);
    batch = mask.size(0);
    length = counts.max().item<int64_t>();
    source = mask.flatten().nonzero().squeeze(1);
    num_real = source.size(0);
    if (const int64_t rest = num_real % multiple; rest != 0) {
      source = at::cat({source, source.narrow(0, num_real - 1, 1).expand(multiple - rest)});
    }
    has_padding_ = num_real != batch * length;
    is_dense = source.size(0) == batch * length && !has_padding_;
    position = mask.cumsum(1).sub(1).flatten().index_select(0, source);
    place = source.div(mask.size(1), "floor").mul(length).add(position);
    if (has_padding_) real_ = at::arange(length).unsqueeze(0) < counts.unsqueeze(1);
  }

  /// Which row is copied where is known on the host alone, so that nobody waits for a device to count.
  void move_to(const at::Device& device) {
    for (at::Tensor* tensor : {&position, &place, &cosine[0], &cosine[1], &sine[0], &sine[1]})
      *tensor = to_device(*tensor, device);
    target = to_device(source, device);
  }

  void turn(bool windowed, const std::vector<double>& rotary, double scale) {
    // Angles in double: at position 8000 float32 has lost three digits of them.
    const at::Tensor angles = at::outer(at::arange(length, at::kDouble), at::tensor(rotary, at::kDouble));
    cosine[windowed] = angles.cos().mul_(scale).to(at::kFloat).index_select(0, position).unsqueeze(1);
    sine[windowed] = angles.sin().mul_(scale).to(at::kFloat).index_select(0, position).unsqueeze(1);
  }

  /// @param relative  [1,H,L,L] or undefined.   @param window  0 = none.
  void forbid(bool windowed, bool causal, int64_t window, const at::Tensor& relative) {
    const at::Tensor places = at::arange(length);
    const at::Tensor back = places.unsqueeze(1) - places.unsqueeze(0);  // query's place - key's place
    at::Tensor allowed;
    if (window > 0 && length > window) {
      allowed = causal ? (back >= 0) & (back < window) : back.abs() < window;
    } else if (causal && relative.defined()) {
      allowed = back >= 0;
    }
    // Padding stands to the right of every real token, so a causal mask hides it too.
    if (has_padding_ && !causal) {
      const at::Tensor keys = real_.unsqueeze(1).unsqueeze(1);  // [B,1,1,L]
      allowed = allowed.defined() ? allowed & keys : keys.expand({batch, 1, length, length});
    }
    if (relative.defined()) bias[windowed] = relative;
    if (!allowed.defined()) return;
    const at::Tensor forbidden =
        to_device(at::zeros(allowed.sizes(), at::kFloat).masked_fill(allowed.logical_not(), -INFINITY), place.device());
    bias[windowed] = relative.defined() ? relative + forbidden : forbidden;
  }

 private:
  bool has_padding_ = false;
  at::Tensor real_;  ///< [B,L]
};

Transformer::Transformer(TransformerConfig config, TransformerWeights weights)
    : config_(std::move(config)), weights_(std::move(weights)) {
  ensure(static_cast<int64_t>(weights_.layers.size()) == config_.num_layers, "{} layers of weights for {}",
         weights_.layers.size(), config_.num_layers);
  if (config_.attention_scale == 0) config_.attention_scale = 1 / std::sqrt(static_cast<double>(config_.head_size));
  if (config_.windowed_rotary.empty()) {
    config_.windowed_rotary = config_.rotary;
    config_.windowed_rotary_scale = config_.rotary_scale;
  }
}

void Transformer::move_to(const at::Device& device) {
  if (device == device_) return;
  const at::NoGradGuard no_grad;
  device_ = device;
  each_weight(weights_, [&](const std::string&, at::Tensor& tensor) { tensor = tensor.to(device); });
}

at::Tensor Transformer::embed(const at::Tensor& ids, const Packing& packing) const {
  at::Tensor hidden;
  if (weights_.table.defined()) {
    hidden = weights_.table.index_select(0, to_device(ids, device_));
  } else {
    hidden = at::empty({ids.size(0), config_.hidden}, at::kFloat);
    weights_.embed(ids.data_ptr<int64_t>(), ids.size(0), hidden.data_ptr<float>());
    hidden = to_device(hidden, device_);
  }
  if (config_.embedding_scale != 1) hidden = hidden * config_.embedding_scale;
  if (weights_.positions.defined()) hidden = hidden + weights_.positions.index_select(0, packing.position);
  return hidden;
}

at::Tensor Transformer::mix(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value, bool windowed,
                            const Packing& packing) const {
  const at::Tensor& bias = packing.bias[windowed];
  if (config_.score_cap == 0) {
    std::optional<at::Tensor> mask;
    if (bias.defined()) mask = bias.to(query.scalar_type());
    return at::scaled_dot_product_attention(query, key, value, mask, /*dropout_p=*/0.0,
                                            /*is_causal=*/config_.causal && !bias.defined(), config_.attention_scale,
                                            /*enable_gqa=*/config_.num_kv_heads != config_.num_heads);
  }
  // No fused attention knows a cap on the scores.
  const int64_t group = config_.num_heads / config_.num_kv_heads;
  const at::Tensor keys = key.repeat_interleave(group, 1), values = value.repeat_interleave(group, 1);
  at::Tensor scores = at::matmul(query, keys.transpose(2, 3)).to(at::kFloat) * config_.attention_scale;
  scores = config_.score_cap * at::tanh(scores / config_.score_cap);
  if (bias.defined()) {
    scores = scores + bias;
  } else if (config_.causal) {
    const at::Tensor earlier = at::ones({packing.length, packing.length}, scores.options().dtype(at::kBool)).tril();
    scores = scores.masked_fill(earlier.logical_not(), -INFINITY);
  }
  return at::matmul(scores.softmax(-1).to(values.scalar_type()), values);
}

at::Tensor Transformer::attend(const at::Tensor& query_key_value, const TransformerLayer& layer, bool windowed,
                               bool turned, const Packing& packing) const {
  const int64_t heads = config_.num_heads, kv_heads = config_.num_kv_heads, size = config_.head_size;
  const int64_t tokens = query_key_value.size(0);
  at::Tensor all = query_key_value.view({tokens, heads + 2 * kv_heads, size});
  if (layer.query_norm.defined()) {
    const at::ScalarType type = all.scalar_type();
    const at::Tensor query = all.narrow(1, 0, heads).to(at::kFloat),
                     key = all.narrow(1, heads, kv_heads).to(at::kFloat);
    all =
        at::cat({rms_norm(query, layer.query_norm, config_.norm_epsilon, type),
                 rms_norm(key, layer.key_norm, config_.norm_epsilon, type), all.narrow(1, heads + kv_heads, kv_heads)},
                1);
  }
  if (turned) {
    all = turn_heads(all, heads + kv_heads, packing.cosine[windowed], packing.sine[windowed]);
  }
  if (!packing.is_dense) {
    all = at::zeros({packing.batch * packing.length, heads + 2 * kv_heads, size}, all.options())
              .index_copy(0, packing.place.narrow(0, 0, packing.num_real), all.narrow(0, 0, packing.num_real));
  }
  all = all.view({packing.batch, packing.length, heads + 2 * kv_heads, size}).transpose(1, 2);
  const at::Tensor mixed = mix(all.narrow(1, 0, heads), all.narrow(1, heads, kv_heads),
                               all.narrow(1, heads + kv_heads, kv_heads), windowed, packing);
  const at::Tensor rows = mixed.transpose(1, 2).reshape({packing.batch * packing.length, heads * size});
  return packing.is_dense ? rows : rows.index_select(0, packing.place);
}

TextFeatures Transformer::forward(const TokenInputs& inputs, int64_t layer) const {
  const int64_t depth = layer == kFinal ? config_.num_layers : layer;
  ensure(depth >= 0 && depth <= config_.num_layers, "layer {} of {}", layer, config_.num_layers);
  ensure(inputs.ids.size(1) <= config_.context, "{} tokens in a context of {}", inputs.ids.size(1), config_.context);
  const bool is_bfloat16 = !weights_.layers.empty() && weights_.layers[0].up.weight.scalar_type() == at::kBFloat16;
  Packing packing(inputs.mask, is_bfloat16 ? kTokensMultiple : 1);
  const auto is_windowed = [&](int64_t i) {
    return !config_.windowed.empty() && config_.windowed[static_cast<size_t>(i)];
  };
  const auto is_turned = [&](int64_t i) {
    return config_.positions == PositionKind::kRotary &&
           (config_.unturned.empty() || !config_.unturned[static_cast<size_t>(i)]);
  };
  at::Tensor relative;
  if (weights_.relative_bias.defined()) {
    relative = relative_position_bias(weights_.relative_bias, packing.length, config_.relative_distance);
  }
  for (const bool windowed : {false, true}) {
    if (windowed && config_.windowed.empty()) break;
    if (config_.positions == PositionKind::kRotary)
      packing.turn(windowed, windowed ? config_.windowed_rotary : config_.rotary,
                   windowed ? config_.windowed_rotary_scale : config_.rotary_scale);
  }
  packing.move_to(device_);
  for (const bool windowed : {false, true}) {
    if (windowed && config_.windowed.empty()) break;
    packing.forbid(windowed, config_.causal, windowed ? config_.window : 0, relative);
  }

  const auto normalise = [&](const at::Tensor& x, const NormWeights& norm, at::ScalarType out) {
    if (!norm.weight.defined()) return x.to(out);
    if (config_.norm == NormKind::kRms) return rms_norm(x, norm.weight, config_.norm_epsilon, out);
    return at::layer_norm(x, {config_.hidden}, norm.weight, norm.bias, config_.norm_epsilon).to(out);
  };
  // Where nothing is recorded, sums and activations overwrite their operands: fresh memory costs more than the
  // arithmetic.
  const bool in_place = !at::GradMode::is_enabled();
  const auto sum = [&](const at::Tensor& x, const at::Tensor& change) {
    return in_place ? x.add_(change) : x + change;
  };
  // One half of a block: what `branch` makes of x, normalised and added where the family does it.
  const auto residual = [&](const at::Tensor& x, const NormWeights& before, const NormWeights& after,
                            const auto& branch) {
    const at::ScalarType type = weights_.layers[0].up.weight.scalar_type();
    if (config_.norm_place == NormPlace::kAfter) return normalise(sum(x, branch(x.to(type))), before, at::kFloat);
    const at::Tensor change = branch(normalise(x, before, type));
    return sum(x,
               config_.norm_place == NormPlace::kBoth ? normalise(change.to(at::kFloat), after, at::kFloat) : change);
  };

  const at::Tensor ids = inputs.ids.flatten().index_select(0, packing.source);
  at::Tensor hidden = embed(ids, packing);
  if (weights_.embedding_norm.weight.defined()) hidden = normalise(hidden, weights_.embedding_norm, at::kFloat);
  for (int64_t i = 0; i < depth; ++i) {
    const TransformerLayer& block = weights_.layers[static_cast<size_t>(i)];
    if (block.relative_bias.defined()) {
      packing.forbid(is_windowed(i), config_.causal, is_windowed(i) ? config_.window : 0,
                     relative_position_bias(block.relative_bias, packing.length, config_.relative_distance));
    }
    hidden = residual(hidden, block.attention_norm, block.after_attention, [&](const at::Tensor& x) {
      return apply(block.attention_out,
                   attend(apply(block.query_key_value, x), block, is_windowed(i), is_turned(i), packing));
    });
    hidden = residual(hidden, block.mlp_norm, block.after_mlp, [&](const at::Tensor& x) {
      const at::Tensor up = apply(block.up, x);
      if (!config_.gated) return apply(block.down, activate(config_.activation, up, in_place));
      const at::Tensor gate = activate(config_.activation, up.narrow(1, 0, config_.mlp), in_place);
      const at::Tensor open = up.narrow(1, config_.mlp, config_.mlp);
      return apply(block.down, in_place ? gate.mul_(open) : gate * open);
    });
  }
  if (layer == kFinal && weights_.final_norm.weight.defined())
    hidden = normalise(hidden, weights_.final_norm, at::kFloat);

  const int64_t batch = inputs.mask.size(0), length = inputs.mask.size(1);
  const at::Tensor tokens =
      at::zeros({batch * length, config_.hidden}, hidden.options().dtype(at::kFloat))
          .index_copy(0, packing.target.narrow(0, 0, packing.num_real), hidden.narrow(0, 0, packing.num_real));
  return {tokens.view({batch, length, config_.hidden}), to_device(inputs.mask, device_)};
}

double Transformer::forward_flops(const TokenInputs& inputs) const {
  const int64_t heads_width = config_.num_heads * config_.head_size,
                kv_width = config_.num_kv_heads * config_.head_size;
  const double a_token = 2.0 * static_cast<double>(config_.hidden) *
                         static_cast<double>(2 * heads_width + 2 * kv_width + (config_.gated ? 3 : 2) * config_.mlp);
  const at::Tensor lengths = inputs.mask.sum(1).to(at::kDouble);
  // Scores and their mixture: each query with every key of its row; a causal mask saves nothing that a product could
  // skip.
  const double pairs = lengths.square().sum().item<double>();
  return static_cast<double>(config_.num_layers) *
         (a_token * lengths.sum().item<double>() + 4.0 * static_cast<double>(heads_width) * pairs);
}

NamedParameters Transformer::parameters() const {
  NamedParameters all;
  each_weight(weights_, [&](const std::string& name, const at::Tensor& tensor) { all.emplace_back(name, tensor); });
  return all;
}

}  // namespace emf
