// SPDX-License-Identifier: Apache-2.0
// T5's pretraining: gaps in a caption are marked, and a small decoder that reads the encoder says what stood in them.
#include <ATen/ATen.h>
#include <cmath>

#include "encoders/pretraining/corrupted_spans.h"
#include "encoders/pretraining/leaves.h"

namespace emf {
namespace {

class SpanCorruption : public Pretraining {
 public:
  SpanCorruption(const Options& options, const PretrainingContext& context)
      : leaves_("span_corruption", context),
        vocabulary_(context.encoder.vocabulary),
        dimension_(context.encoder.dimension),
        max_tokens_(context.encoder.max_tokens) {
    ConfigReader reader(options);
    // T5's shares, but of texts of ten tokens instead of 512: shorter spans, more of them.
    share_ = reader.number("share", 0.3, 0.01, 0.9, "share of tokens that are hidden");
    mean_length_ = reader.number("mean_length", 2, 1, 64, "mean length of a hidden span [tokens]");
    reader.finish();
    embedding_ =
        leaves_.matrix("embedding", {vocabulary_, dimension_}, std::sqrt(static_cast<double>(dimension_)) * 0.1);
    positions_ = leaves_.constant("positions", {max_tokens_ + 2, dimension_}, 0);
    self_ = attention("self");
    across_ = attention("across");
    up_ = leaves_.matrix("up", {2 * dimension_, dimension_});
    down_ = leaves_.matrix("down", {dimension_, 2 * dimension_});
    for (const char* name : {"norm0", "norm1", "norm2", "norm3"})
      norms_.push_back(leaves_.constant(name, {dimension_}, 1));
    head_ = leaves_.matrix("head", {vocabulary_, dimension_});
  }

  Json fingerprint() const override {
    return {{"pretraining", "span_corruption"}, {"version", 1}, {"share", share_}, {"mean_length", mean_length_}};
  }
  NamedParameters parameters() const override { return leaves_.all(); }

  LossResult loss(const Encoder& encoder, const PretrainingBatch& batch) const override {
    const TokenInputs whole = encoder.prepare(batch.captions);
    const auto ids = whole.ids.accessor<int64_t, 2>();
    const at::Tensor counts = whole.mask.sum(1);
    std::vector<std::vector<int64_t>> sources, targets;
    for (int64_t row = 0; row < whole.ids.size(0); ++row) {
      const int64_t count = counts[row].item<int64_t>();
      Random random(batch.keys.seed, "pretraining/span_corruption", batch.keys.samples[static_cast<size_t>(row)]);
      const CorruptedSpans corrupted =
          corrupt_spans({&ids[row][0], &ids[row][0] + count}, {share_, mean_length_, vocabulary_ - 1}, random);
      sources.push_back(corrupted.source);
      targets.push_back(corrupted.target);
    }
    const TextFeatures read = encoder.forward(padded_inputs(sources, max_tokens_));
    const TokenInputs said = padded_inputs(targets, max_tokens_ + 2);
    const at::Tensor places = to_device(said.mask.flatten().nonzero().squeeze(1), head_.device());
    const at::Tensor states = decode(said, read).reshape({-1, dimension_}).index_select(0, places);
    return choose_among(at::matmul(states, head_.t()), said.ids.masked_select(said.mask));
  }

 private:
  struct Attention {
    at::Tensor query, key_value, out;
  };

  Attention attention(const std::string& name) {
    return {leaves_.matrix(name + ".query", {dimension_, dimension_}),
            leaves_.matrix(name + ".key_value", {2 * dimension_, dimension_}),
            leaves_.matrix(name + ".out", {dimension_, dimension_}, 0.5)};
  }

  /// @param x  [B,L,D].  @param context  [B,M,D].  @param allowed  [B or 1,1,L or 1,M] bool.
  at::Tensor attend(const Attention& weights, const at::Tensor& x, const at::Tensor& context,
                    const at::Tensor& allowed) const {
    constexpr int64_t kHeads = 4;
    const auto heads = [&](const at::Tensor& y) { return y.view({y.size(0), y.size(1), kHeads, -1}).transpose(1, 2); };
    const at::Tensor both = at::matmul(context, weights.key_value.t());
    const at::Tensor mixed =
        at::scaled_dot_product_attention(heads(at::matmul(x, weights.query.t())), heads(both.narrow(2, 0, dimension_)),
                                         heads(both.narrow(2, dimension_, dimension_)), allowed);
    return at::matmul(mixed.transpose(1, 2).reshape({x.size(0), x.size(1), dimension_}), weights.out.t());
  }

  at::Tensor normalise(const at::Tensor& x, size_t which) const {
    return x * (x.square().mean(-1, true) + 1e-6).rsqrt() * norms_[which];
  }

  /// One layer: what has been said so far, what the encoder read, and a small network. @return [B,L,D].
  at::Tensor decode(const TokenInputs& said, const TextFeatures& read) const {
    const int64_t length = said.ids.size(1);
    // Shifted by one: the first place says nothing yet.
    const at::Tensor ids = to_device(said.ids.narrow(1, 0, length - 1).flatten(), embedding_.device());
    at::Tensor x = at::constant_pad_nd(embedding_.index_select(0, ids).view({said.ids.size(0), length - 1, dimension_}),
                                       {0, 0, 1, 0}) +
                   positions_.narrow(0, 0, length);
    const at::Tensor before =
        at::ones({length, length}, x.options().dtype(at::kBool)).tril().view({1, 1, length, length});
    const at::Tensor own = normalise(x, 0);
    x = x + attend(self_, own, own, before);
    x = x + attend(across_, normalise(x, 1), read.tokens, read.mask.view({read.mask.size(0), 1, 1, -1}));
    x = x + at::matmul(at::relu(at::matmul(normalise(x, 2), up_.t())), down_.t());
    return normalise(x, 3);
  }

  Leaves leaves_;
  int64_t vocabulary_, dimension_, max_tokens_;
  double share_, mean_length_;
  at::Tensor embedding_, positions_, up_, down_, head_;
  Attention self_, across_;
  std::vector<at::Tensor> norms_;
};

std::unique_ptr<Pretraining> make_span_corruption(const Options& options, const PretrainingContext& context) {
  return std::make_unique<SpanCorruption>(options, context);
}

EMF_REGISTER(PretrainingRegistry, "span_corruption", "What stands in the gaps of a caption (T5)", make_span_corruption,
             {.title = "fill gaps in captions"});

}  // namespace
}  // namespace emf
