// SPDX-License-Identifier: Apache-2.0
// degraded:<encoder>: an encoder made worse (or whiter) in one known way at a time, to ask what of its features
// matters.
//
// In this order, x a token's features and s the root mean square norm of the encoder's tokens on fixed captions:
//   whitening   x <- s / sqrt(D) W (x - mean): tokens of fixed captions get mean 0, covariance (near) identity
//   rank k      x <- sqrt(D / k) Q Q^T x with a seeded orthonormal Q [D,k]; the factor keeps the expected norm
//   shared c    x <- x + c s d with a seeded unit vector d: what all texts share grows, what tells them apart does not
//   noise n     x <- x + n s e / sqrt(D), e standard normal, keyed by seed, text and place
// Nothing depends on the batch: equal text, equal features. Written degraded:rank=8:shared=2:llm, or by options.
#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <fmt/format.h>

#include <cmath>
#include <optional>

#include "encoders/wrapper.h"
#include "harness/base/random.h"
#include "harness/captions/grammar.h"
#include "harness/tensor/random_rows.h"

namespace emf {
namespace {

constexpr int kCaptions = 512;
constexpr int kCaptionsPerForward = 32;
/// Directions with less than this share of the mean variance are not blown up further when whitening.
constexpr double kEigenvalueFloor = 1e-3;
/// Odd, so that the places of one text have keys of their own (2^64 over the golden ratio).
constexpr uint64_t kStride = 0x9E3779B97F4A7C15;

/// Captions of GenEval's six tasks in turn, always the same: statistics of an encoder are a function of it alone.
std::vector<Prompt> fixed_captions() {
  std::vector<Prompt> prompts;
  for (int i = 0; i < kCaptions; ++i) {
    Random random(0, "encoder/degraded/captions", static_cast<uint64_t>(i));
    const auto draw = [&](size_t count) { return static_cast<int>(random.below(static_cast<uint32_t>(count))); };
    Facts facts;
    facts.task = kTasks[static_cast<size_t>(i) % kTasks.size()];
    const bool colored = facts.task == Task::kColors || facts.task == Task::kColorAttr;
    const bool two = facts.task == Task::kTwoObject || facts.task == Task::kPosition || facts.task == Task::kColorAttr;
    const int num_classes = static_cast<int>(geneval_classes().size());
    const int first = draw(geneval_classes().size());
    const int second = (first + 1 + draw(geneval_classes().size() - 1)) % num_classes;
    for (const int class_id : two ? std::vector<int>{first, second} : std::vector<int>{first}) {
      ObjectFact object;
      object.class_id = class_id;
      if (colored) object.color_id = draw(geneval_colors().size());
      if (facts.task == Task::kCounting) object.count = 2 + draw(3);
      facts.objects.push_back(object);
    }
    facts.relation = static_cast<Relation>(draw(geneval_relations().size()));
    prompts.push_back({write_caption(facts), facts_to_metadata(facts)});
  }
  return prompts;
}

/// What the changes are made of, computed once.
struct Parts {
  double norm = 0;              ///< s
  at::Tensor mean, whiten;      ///< [D], [D,D]
  at::Tensor basis, direction;  ///< Q [D,k], d [D]
};

class DegradedEncoder : public EncoderWrapper {
 public:
  DegradedEncoder(const Options& given, const EncoderContext& context) : seed_(context.seed) {
    Options options = given;
    name_ = take_settings(options);
    ConfigReader reader(options);
    reader.text("argument", "", "the encoder that is degraded, behind the colon");  // read above
    shared_ = reader.number("shared", 0, 0, 1e6, "length of one vector that is added to every token, in deviations");
    rank_ = reader.integer("rank", 0, 0, 65536, "directions that are kept; 0 = all");
    noise_ = reader.number("noise", 0, 0, 1e6, "deviation of white noise, in deviations");
    whitening_ = reader.flag("whitening", false, "features are whitened first");
    const Json inner_options = reader.raw("inner", "options of the inner encoder");  // the wrapped encoder's own
    reader.finish();
    inner_ = make_inner(name_, inner_options, options.place("inner"), context);
    if (rank_ > inner_->info().dimension)
      fail_input("degraded: rank {} of an encoder with {} dimensions", rank_, inner_->info().dimension);
  }

  EncoderInfo info() const override {
    EncoderInfo info = inner_->info();
    info.name = "degraded";
    info.summary = fmt::format("{}, shared {}, rank {}, noise {}, whitening {}", name_, shared_, rank_, noise_,
                               whitening_ ? "on" : "off");
    return info;
  }

  Json fingerprint() const override {
    Json fingerprint = {{"encoder", "degraded"},  {"version", 1},  {"inner", inner_->fingerprint()},
                        {"shared", shared_},      {"rank", rank_}, {"noise", noise_},
                        {"whitening", whitening_}};
    if (shared_ > 0 || rank_ > 0 || noise_ > 0) fingerprint["seed"] = seed_;
    return fingerprint;
  }

  TextFeatures forward(const TokenInputs& inputs) const override {
    const TextFeatures features = inner_->forward(inputs);
    const Parts& parts = this->parts();
    at::Tensor x = features.tokens;
    // Of an encoder that trains along, features lie where it does.
    const auto here = [&](const at::Tensor& part) { return to_device(part, features.tokens.device()); };
    if (whitening_) x = at::matmul(x - here(parts.mean), here(parts.whiten));
    if (rank_ > 0)
      x = at::matmul(at::matmul(x, here(parts.basis)), here(parts.basis).t()) *
          std::sqrt(static_cast<double>(x.size(-1)) / static_cast<double>(rank_));
    if (shared_ > 0) x = x + here(parts.direction) * (shared_ * parts.norm);
    if (noise_ > 0) x = x + here(noise_of(inputs)) * (noise_ * parts.norm / std::sqrt(static_cast<double>(x.size(-1))));
    return {x.masked_fill(features.mask.logical_not().unsqueeze(-1), 0), features.mask};
  }

 private:
  const Encoder& inner() const override { return *inner_; }
  /// Moves "rank=8" out of "rank=8:shared=2:llm" into the options and returns "llm", which may hold colons of its own.
  static std::string take_settings(Options& options) {
    if (!options.values().contains("argument") || !options.values()["argument"].is_string()) return "hash";
    std::string rest = options.values()["argument"];
    for (;;) {
      const size_t equals = rest.find_first_not_of("abcdefghijklmnopqrstuvwxyz");
      if (equals == 0 || equals == std::string::npos || rest[equals] != '=') return rest;
      const size_t colon = rest.find(':');
      Config setting;
      apply_override(setting, rest.substr(0, colon));
      for (const auto& [key, value] : setting.values.items()) options = options.with(key, value);
      if (colon == std::string::npos) return "hash";
      rest = rest.substr(colon + 1);
    }
  }

  const Parts& parts() const {
    if (!parts_) parts_ = make_parts();
    return *parts_;
  }

  Parts make_parts() const {
    const at::NoGradGuard no_grad;
    Parts parts;
    const int64_t dimension = inner_->info().dimension;
    if (whitening_ || shared_ > 0 || noise_ > 0) measure(parts);
    if (rank_ > 0) {
      const at::Tensor gaussian = normal_named(seed_, "encoder/degraded/basis", {dimension, rank_}).to(at::kDouble);
      parts.basis = std::get<0>(at::linalg_qr(gaussian)).to(at::kFloat);
    }
    if (shared_ > 0) {
      parts.direction = normal_named(seed_, "encoder/degraded/direction", {dimension});
      parts.direction /= parts.direction.norm();
    }
    return parts;
  }

  /// Norm, mean and whitening matrix of the tokens of the fixed captions.
  void measure(Parts& parts) const {
    const std::vector<Prompt> captions = fixed_captions();
    std::vector<at::Tensor> pieces;
    for (size_t begin = 0; begin < captions.size(); begin += kCaptionsPerForward) {
      const auto first = captions.begin() + static_cast<std::ptrdiff_t>(begin);
      const std::vector<Prompt> batch(first, first + kCaptionsPerForward);
      const TextFeatures features = on_host(inner_->forward(inner_->prepare(batch)));
      pieces.push_back(
          features.tokens.detach().masked_select(features.mask.unsqueeze(-1)).view({-1, features.tokens.size(2)}));
    }
    const at::Tensor tokens = at::cat(pieces).to(at::kDouble);  // [n,D]
    parts.norm = tokens.square().sum(1).mean().sqrt().item<double>();
    if (!whitening_) return;
    const at::Tensor mean = tokens.mean(0, /*keepdim=*/true), centred = tokens - mean;
    const auto [values, vectors] =
        at::linalg_eigh(at::matmul(centred.t(), centred) / static_cast<double>(tokens.size(0)));
    const double floor = values.mean().item<double>() * kEigenvalueFloor;
    const at::Tensor scales =
        values.clamp_min(floor).rsqrt() * (parts.norm / std::sqrt(static_cast<double>(tokens.size(1))));
    parts.mean = mean.squeeze(0).to(at::kFloat);
    parts.whiten = at::matmul(vectors * scales, vectors.t()).to(at::kFloat);
  }

  /// [B,L,D]: a row of normals for each place of each text, whatever the batch.
  at::Tensor noise_of(const TokenInputs& inputs) const {
    const int64_t batch = inputs.ids.size(0), length = inputs.ids.size(1);
    const auto ids = inputs.ids.accessor<int64_t, 2>();
    const auto mask = inputs.mask.accessor<bool, 2>();
    std::vector<uint64_t> keys;
    for (int64_t b = 0; b < batch; ++b) {
      std::string text;  // the real ids and their places: all that the encoder knows of it
      for (int64_t i = 0; i < length; ++i) {
        if (mask[b][i]) text += fmt::format("{}:{} ", i, ids[b][i]);
      }
      const uint64_t key = stream_key(text);
      for (int64_t i = 0; i < length; ++i) keys.push_back(key + static_cast<uint64_t>(i) * kStride);
    }
    return normal_rows(seed_, "encoder/degraded/noise", keys, {inner_->info().dimension}).view({batch, length, -1});
  }

  uint64_t seed_;
  std::string name_;
  double shared_, noise_;
  int64_t rank_;
  bool whitening_;
  std::unique_ptr<Encoder> inner_;
  mutable std::optional<Parts> parts_;
};

std::unique_ptr<Encoder> make_degraded(const Options& options, const EncoderContext& context) {
  return std::make_unique<DegradedEncoder>(options, context);
}

EMF_REGISTER(EncoderRegistry, "degraded", "degraded:E is E with a shared component, less rank, noise or whitening",
             make_degraded);

}  // namespace
}  // namespace emf
