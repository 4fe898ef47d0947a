// SPDX-License-Identifier: Apache-2.0
// DiT: an adaLN-Zero transformer on latent patches with cross-attention to text and two time inputs.
//
// Source: DiT (Peebles & Xie 2023) for the blocks; EMF Sec. 3.4 for phi_end(t) + phi_interval(t - r). Every layer takes
// and gives a Dual, so du/dt comes out of the same pass as u.
//
// On demand it has further outputs (each a final layer of its own on the last block's tokens: head.NAME.*) and further
// inputs (a number a row, embedded like a time and added to the condition: scalar.NAME.*). What nobody demands has no
// parameters, so a network without demands is the same to the last bit whatever the others can.
#include <ATen/ATen.h>
#include <ATen/autocast_mode.h>
#include <ATen/core/grad_mode.h>

#include <cmath>
#include <memory>
#include <optional>

#include "harness/api/model.h"
#include "harness/kernels/activation.h"
#include "harness/kernels/attention.h"
#include "harness/kernels/bfloat16_products.h"
#include "harness/kernels/layer_norm.h"
#include "harness/kernels/residual.h"
#include "harness/kernels/residual_norm.h"
#include "harness/kernels/time_embedding.h"
#include "harness/models/kept_result.h"
#include "harness/models/named_layers.h"
#include "harness/tensor/autocast.h"

namespace emf {
namespace {

struct DitOptions {
  int64_t width, depth, heads, mlp_ratio, patch;
  double time_scale;
  bool bfloat16;  ///< products in bf16
};

constexpr int64_t kTimeFeatures = 256;

/// v: the instantaneous velocity. Scalars are of the size of a time, about 0 to 1: how strongly the text is to be
/// followed, and the interval of t in which it is.
const ModelDemands kOffered = {{"v"}, {"guidance", "guidance_from", "guidance_to"}};

/// Fixed 2-D sine-cosine position code [h*w, width].   @source  DiT, get_2d_sincos_pos_embed.
at::Tensor position_code(int64_t height, int64_t width_in_patches, int64_t width) {
  const int64_t quarter = width / 4;
  const at::Tensor frequencies = at::pow(1e4, -at::arange(quarter, at::kDouble) / static_cast<double>(quarter));
  const auto axis = [&](const at::Tensor& places) {
    const at::Tensor angles = places.unsqueeze(1) * frequencies;
    return at::cat({angles.sin(), angles.cos()}, 1);
  };
  const at::Tensor rows = at::arange(height, at::kDouble).repeat_interleave(width_in_patches);
  const at::Tensor columns = at::arange(width_in_patches, at::kDouble).repeat({height});
  return at::cat({axis(rows), axis(columns)}, 1).to(at::kFloat);
}

class Dit : public Model {
 public:
  Dit(const DitOptions& options, const ModelContext& context)
      : options_(options),
        shape_(context.shape),
        demands_(context.demands),
        placement_(context.placement),
        layers_(context.seed, context.placement) {
    const int64_t width = options.width;
    const int64_t patch_values = shape_.channels * options.patch * options.patch;
    layers_.add("patch_in", patch_values, width);
    layers_.add("phi_end.0", kTimeFeatures, width);
    layers_.add("phi_end.2", width, width);
    layers_.add("phi_interval.0", kTimeFeatures, width);
    layers_.add("phi_interval.2", width, width);
    layers_.add("text_in.0", shape_.condition_dimension, width);
    layers_.add("text_in.2", width, width);
    for (int64_t i = 0; i < options.depth; ++i) {
      const std::string block = "block." + std::to_string(i) + ".";
      layers_.add(block + "modulation", width, 6 * width, /*zero=*/true);
      layers_.add(block + "attention.qkv", width, 3 * width);
      layers_.add(block + "attention.out", width, width);
      layers_.add(block + "text.q", width, width);
      layers_.add(block + "text.kv", width, 2 * width);
      layers_.add(block + "text.out", width, width, /*zero=*/true);
      layers_.add(block + "mlp.0", width, options.mlp_ratio * width);
      layers_.add(block + "mlp.2", options.mlp_ratio * width, width);
    }
    add_final("final", patch_values);
    for (const std::string& head : demands_.heads) add_final("head." + head, patch_values);
    // The last layer starts at zero: at first, the network is the one without this input.
    for (const std::string& scalar : demands_.scalars) {
      layers_.add("scalar." + scalar + ".0", kTimeFeatures, width);
      layers_.add("scalar." + scalar + ".2", width, width, /*zero=*/true);
    }
    positions_ =
        position_code(shape_.height / options.patch, shape_.width / options.patch, width).to(placement_.options());
  }

  Json fingerprint() const override {
    Json print = {{"name", "dit"},
                  {"version", 1},
                  {"width", options_.width},
                  {"depth", options_.depth},
                  {"heads", options_.heads},
                  {"mlp_ratio", options_.mlp_ratio},
                  {"patch", options_.patch},
                  {"time_scale", options_.time_scale},
                  {"demands", {{"heads", demands_.heads}, {"scalars", demands_.scalars}}}};
    // Left out where it is not asked for, so that networks of before there was a choice keep their hashes.
    if (options_.bfloat16) print["precision"] = "bf16";
    return print;
  }

  const NamedParameters& parameters() const override { return layers_.parameters(); }

  ModelOutputs forward(const ModelInputs& inputs) const override {
    std::optional<Autocast> products;
    if (options_.bfloat16 && has_bfloat16_products(placement_.device)) products.emplace(true, placement_.device.type());
    const Dual x = enter_stream(apply("patch_in", to_patches(inputs.z)));
    const Dual c = silu(add_scalars(time_condition(inputs.t, inputs.interval), inputs.scalars));
    const std::shared_ptr<const TextSide> text = text_side(inputs.condition);
    Stream stream{x, {}, {}};
    for (int64_t i = 0; i < options_.depth; ++i) {
      stream = block(stream, c, text->at(static_cast<size_t>(i)), inputs.condition.mask, block_name(i));
    }
    const auto [end, tokens] = next_norm(stream, final_modulation("final", c));
    ModelOutputs outputs{to_output("final", tokens), {}};
    for (const std::string& head : demands_.heads) {
      const std::string name = "head." + head;
      const std::vector<Dual> modulation = final_modulation(name, c);
      outputs.heads[head] = to_output(name, modulated_norm(end, modulation[0], modulation[1]));
    }
    return outputs;
  }

  double forward_flops_per_row(int64_t condition_tokens) const override {
    const double width = static_cast<double>(options_.width), tokens = static_cast<double>(num_patches()),
                 text = static_cast<double>(condition_tokens),
                 patch_values = static_cast<double>(parameter("patch_in.weight").size(1));
    const double mlp = 2 * static_cast<double>(options_.mlp_ratio);
    const double block = tokens * width * width * (4 + 2 + mlp) + text * width * width * 2 + 6 * width * width +
                         2 * tokens * (tokens + text) * width;
    const double ends = 2 * tokens * patch_values * width + 2 * (kTimeFeatures + width) * width + 2 * width * width +
                        text * (static_cast<double>(shape_.condition_dimension) + width) * width;
    const double heads = static_cast<double>(demands_.heads.size()) * (tokens * patch_values + 2 * width) * width,
                 scalars = static_cast<double>(demands_.scalars.size()) * (kTimeFeatures + width) * width;
    return 2 * (static_cast<double>(options_.depth) * block + ends + (heads + scalars));
  }

 private:
  int64_t num_patches() const { return shape_.height * shape_.width / (options_.patch * options_.patch); }

  /// A normalisation modulated by the condition, then a projection to patches.
  void add_final(const std::string& name, int64_t patch_values) {
    layers_.add(name + ".modulation", options_.width, 2 * options_.width, /*zero=*/true);
    layers_.add(name + ".out", options_.width, patch_values, /*zero=*/true);
  }

  const at::Tensor& parameter(const std::string& name) const { return layers_.parameter(name); }
  Dual apply(const std::string& name, const Dual& x) const { return layers_.apply(name, x); }

  /// The width-sized pieces of the last dimension. Cut at once, so that their gradients are joined at once.
  std::vector<Dual> pieces(const Dual& x) const {
    std::vector<Dual> parts;
    for (const at::Tensor& value : x.value.split(options_.width, -1)) parts.push_back({value, {}});
    if (x.has_tangent()) {
      const std::vector<at::Tensor> tangents = x.tangent.split(options_.width, -1);
      for (size_t i = 0; i < parts.size(); ++i) parts[i].tangent = tangents[i];
    }
    return parts;
  }

  /// phi_end(t) + phi_interval(t - r), in fp32 whatever products run in. Without an interval (flow matching,
  /// diffusion) phi_interval is not added, so starting MeanFlow with its last layer zeroed leaves r = t unchanged.
  Dual time_condition(const Dual& t, const Dual& interval) const {
    const Autocast precise(false, t.value.device().type());
    const auto embed = [&](const std::string& name, const Dual& time) {
      const Dual features = time_embedding(time, kTimeFeatures, options_.time_scale);
      return apply(name + ".2", silu(apply(name + ".0", features)));
    };
    const Dual end = embed("phi_end", t);
    return interval.value.defined() ? add(end, embed("phi_interval", interval)) : end;
  }

  /// Scalars do not move along the direction of the tangent, so the sum keeps the time condition's.
  Dual add_scalars(Dual c, const std::map<std::string, at::Tensor>& scalars) const {
    const Autocast precise(false, c.value.device().type());
    ensure(scalars.size() == demands_.scalars.size(), "dit: {} scalars where {} were demanded", scalars.size(),
           demands_.scalars.size());
    for (const std::string& name : demands_.scalars) {
      const auto found = scalars.find(name);
      ensure(found != scalars.end(), "dit: no scalar '{}'", name);
      const Dual features = time_embedding({found->second, {}}, kTimeFeatures, options_.time_scale);
      c = add(c, apply("scalar." + name + ".2", silu(apply("scalar." + name + ".0", features))));
    }
    return c;
  }

  /// Text tokens normalised and projected to the network's width: [B,L,width], no tangent.
  Dual text_condition(const Condition& condition) const {
    const Dual tokens = layer_norm({condition.tokens.to(parameter("text_in.0.weight").scalar_type()), {}});
    return apply("text_in.2", gelu(apply("text_in.0", tokens)));
  }

  /// Keys and values of the text for each block, which neither time nor latents reach.
  using TextSide = std::vector<std::pair<Dual, Dual>>;

  TextSide make_text_side(const Condition& condition) const {
    const Dual text = text_condition(condition);
    TextSide side;
    for (int64_t i = 0; i < options_.depth; ++i) {
      const std::vector<Dual> kv = pieces(apply(block_name(i) + "text.kv", text));
      side.emplace_back(kv[0], kv[1]);
    }
    return side;
  }

  /// Without gradients the last one is kept: a sampler's steps ask for the same text again.
  std::shared_ptr<const TextSide> text_side(const Condition& condition) const {
    if (c10::GradMode::is_enabled() || condition.tokens.is_inference()) {
      return std::make_shared<const TextSide>(make_text_side(condition));
    }
    std::vector<int64_t> state = {at::autocast::is_autocast_enabled(condition.tokens.device().type())};
    for (const auto& [name, leaf] : parameters()) {
      if (name.rfind("text_in.", 0) != 0 && name.find(".text.kv.") == std::string::npos) continue;
      state.push_back(leaf._version());
      state.push_back(reinterpret_cast<int64_t>(leaf.const_data_ptr()));
    }
    return kept_text_.get(condition.tokens, std::move(state), [&] { return make_text_side(condition); });
  }

  static std::string block_name(int64_t i) { return "block." + std::to_string(i) + "."; }

  /// The residual stream between two branches: what the last one made has not been added yet, for its sum and the norm
  /// that follows are one operation.
  struct Stream {
    Dual x, gate, branch;
  };

  /// The sum that the stream stands for, and its norm modulated by the first two of `modulation`.
  NormedSum next_norm(const Stream& stream, const std::vector<Dual>& modulation) const {
    return residual_norm(stream.x, stream.gate, stream.branch, modulation[0], modulation[1]);
  }

  /// Adds the positions. The stream is fp32 even where its branches run in bf16: du/dt is the small difference that
  /// they make along it, which a bf16 sum would round away.
  Dual enter_stream(Dual x) const {
    x.value = x.value + positions_.to(x.value.scalar_type() == at::kDouble ? at::kDouble : at::kFloat);
    if (x.has_tangent()) x.tangent = x.tangent.to(x.value.scalar_type());
    return x;
  }

  Stream block(const Stream& stream, const Dual& c, const std::pair<Dual, Dual>& text, const at::Tensor& mask,
               const std::string& name) const {
    const std::vector<Dual> six = pieces(apply(name + "modulation", c));
    const auto [x, tokens] = next_norm(stream, {six[0], six[1]});
    const std::vector<Dual> qkv = pieces(apply(name + "attention.qkv", tokens));
    const Dual self = attention(qkv[0], qkv[1], qkv[2], options_.heads);
    const auto [y, queries] = residual_norm(x, six[2], apply(name + "attention.out", self), {}, {});
    const Dual cross = attention(apply(name + "text.q", queries), text.first, text.second, options_.heads, mask);
    const auto [z, inner] = residual_norm(y, {}, apply(name + "text.out", cross), six[3], six[4]);
    return {z, six[5], apply(name + "mlp.2", gelu(apply(name + "mlp.0", inner)))};
  }

  std::vector<Dual> final_modulation(const std::string& name, const Dual& c) const {
    return pieces(apply(name + ".modulation", c));
  }

  /// In fp32: what comes out is a velocity and its derivative, which the objective subtracts from one another.
  Dual to_output(const std::string& name, const Dual& tokens) const {
    const Autocast precise(false, tokens.value.device().type());
    const at::ScalarType type = parameter(name + ".out.weight").scalar_type();
    const Dual wide{tokens.value.to(type), tokens.has_tangent() ? tokens.tangent.to(type) : at::Tensor()};
    return from_patches(apply(name + ".out", wide));
  }

  /// [B,C,H,W] -> [B,N,C*p*p]
  at::Tensor to_patches(const at::Tensor& z) const {
    const int64_t p = options_.patch, rows = z.size(0);
    return z.reshape({rows, shape_.channels, shape_.height / p, p, shape_.width / p, p})
        .permute({0, 2, 4, 1, 3, 5})
        .reshape({rows, num_patches(), -1});
  }

  at::Tensor from_patches(const at::Tensor& x) const {
    const int64_t p = options_.patch, rows = x.size(0);
    return x.reshape({rows, shape_.height / p, shape_.width / p, shape_.channels, p, p})
        .permute({0, 3, 1, 4, 2, 5})
        .reshape({rows, shape_.channels, shape_.height, shape_.width});
  }

  Dual to_patches(const Dual& z) const {
    return {to_patches(z.value), z.has_tangent() ? to_patches(z.tangent) : at::Tensor()};
  }

  Dual from_patches(const Dual& x) const {
    return {from_patches(x.value), x.has_tangent() ? from_patches(x.tangent) : at::Tensor()};
  }

  DitOptions options_;
  ModelShape shape_;
  ModelDemands demands_;
  Placement placement_;
  NamedLayers layers_;
  at::Tensor positions_;

  KeptResult<TextSide> kept_text_;
};

std::unique_ptr<Model> make_dit(const Options& options, const ModelContext& context) {
  ConfigReader reader(options);
  DitOptions read{};
  read.width = reader.integer("width", 128, 16, 8192, "channels of a token; a multiple of 4 x heads [channels]");
  read.depth = reader.integer("depth", 4, 1, 128, "blocks [blocks]");
  read.heads = reader.integer("heads", 4, 1, 128, "attention heads of a block [heads]");
  read.mlp_ratio = reader.integer("mlp_ratio", 4, 1, 16, "width of the inner layer, as a multiple of width");
  read.patch = reader.integer("patch", 1, 1, 64, "side of the square of latents that becomes a token [latents]");
  read.time_scale = reader.number("time_scale", 16, 0.01, 1000, "factor of the time before its sines");
  read.bfloat16 =
      reader.choice("precision", "fp32", {"fp32", "bf16"},
                    "of matrix products; statistics, softmax, times, weights and loss are fp32 in either") == "bf16";
  reader.finish();
  if (read.width % (4 * read.heads) != 0) {
    fail_input("{}: model.width {} must be a multiple of 4 x model.heads ({})", reader.place("width"), read.width,
               read.heads);
  }
  if (context.shape.height % read.patch != 0 || context.shape.width % read.patch != 0) {
    fail_input("{}: model.patch {} does not divide what is generated, {}x{}", reader.place("patch"), read.patch,
               context.shape.height, context.shape.width);
  }
  require_offered(context.demands, kOffered, "dit");
  if (read.bfloat16) note_missing_bfloat16_products(context.placement.device);
  return std::make_unique<Dit>(read, context);
}

EMF_REGISTER(ModelRegistry, "dit",
             "adaLN-Zero transformer with cross-attention to text, phi_end(t) + phi_interval(t - r)", make_dit);

}  // namespace
}  // namespace emf
