// SPDX-License-Identifier: Apache-2.0
// Poolings of token features.
#include "harness/api/pooling.h"

#include <ATen/ATen.h>
#include <ATen/ops/linalg_svd.h>

#include <algorithm>
#include <cmath>

#include "harness/base/error.h"
#include "harness/base/near_name.h"
#include "harness/tensor/safetensors.h"

namespace emf {
namespace {

// Directions kept by whitening: beyond them the covariance of a few thousand captions is noise.
constexpr int64_t kWhitenedDimensions = 128;

// What lies in an encoder's own files.
constexpr const char *kOwn = "own", *kProjected = "projected";

/// The token that stands at `place` [B] of each row.
at::Tensor token_at(const at::Tensor& tokens, const at::Tensor& place) {
  return tokens.gather(1, place.view({-1, 1, 1}).expand({-1, 1, tokens.size(2)})).squeeze(1);
}

/// Without the first real token of each row, unless it is the only one.
at::Tensor mask_without_first(const at::Tensor& mask) {
  const at::Tensor order = mask.cumsum(1);
  return mask & ((order > 1) | (mask.sum(1, true) == 1));
}

}  // namespace

bool is_pooling_of_encoders(const std::string& name) { return name == kOwn || name == kProjected; }

std::vector<std::string> poolings_without_file() {
  return {"mean", "drop_first", "normalised", "first", "last", "eos", kOwn, kProjected};
}

std::vector<std::string> pooling_names() {
  std::vector<std::string> names = poolings_without_file();
  names.insert(names.end(), {"centred", "whitened"});
  return names;
}

std::string chosen_pooling(const Encoder& encoder, const std::string& asked) {
  if (!asked.empty() && !is_pooling_of_encoders(asked)) return asked;
  const std::vector<std::string> own = encoder.own_poolings();
  if (asked.empty()) return !own.empty() && own.front() == kOwn ? kOwn : "mean";
  if (std::find(own.begin(), own.end(), asked) != own.end()) return asked;
  // Without its weights an encoder cannot say what it has; whoever runs it says that they are missing.
  if (!encoder.info().weights_present) return asked;
  fail_input("encoder '{}' has no pooling '{}': {}", encoder.info().name, asked,
             asked == kOwn ? "no modules.json or key of its file asks for one"
                           : "its class has no projection, or its weights hold none");
}

EncoderPooling::EncoderPooling(const Encoder& encoder, const std::string& asked)
    : name_(chosen_pooling(encoder, asked)) {
  if (is_pooling_of_encoders(name_)) {
    own_ = encoder.own_pooling(name_);
    identity_ = own_->identity;
  } else {
    pooling_.emplace(name_);
  }
}

at::Tensor EncoderPooling::operator()(const TokenInputs& inputs, const TextFeatures& features) const {
  return own_ ? own_->pool(inputs, features) : (*pooling_)(features);
}

Pooling::Pooling(const std::string& name) : name_(name), kind_(name.substr(0, name.find(':'))) {
  const std::vector<std::string> known = pooling_names();
  if (std::find(known.begin(), known.end(), kind_) == known.end()) {
    fail_input("unknown pooling '{}'{}", name, suggestion(kind_, known));
  }
  ensure(!is_pooling_of_encoders(kind_), "the pooling '{}' is an encoder's", kind_);
  const bool needs_file = kind_ == "centred" || kind_ == "whitened";
  const bool has_file = name.size() > kind_.size() + 1;
  if (needs_file && !has_file) fail_input("pooling '{}' needs a file of features: {}:FILE", name, kind_);
  if (!needs_file && has_file) fail_input("pooling '{}' takes no file; write {}", name, kind_);
  if (!needs_file) return;
  const std::string path = name.substr(kind_.size() + 1);
  const NamedTensors tensors = read_safetensors(path);
  const auto pooled = tensors.find("pooled");
  if (pooled == tensors.end() || pooled->second.dim() != 2 || pooled->second.size(0) < 2) {
    fail_input("{} holds no 'pooled' [N,D] of two rows or more; make it with: emfbench encode", path);
  }
  const at::Tensor rows = pooled->second.to(at::kDouble);
  const at::Tensor centre = rows.mean(0);
  centre_ = centre.to(at::kFloat);
  if (kind_ != "whitened") return;
  const auto [left, scales, right] = at::linalg_svd(rows - centre, /*full_matrices=*/false);
  const at::Tensor deviations = scales / std::sqrt(static_cast<double>(rows.size(0) - 1));
  const int64_t rank = (deviations > deviations[0] * 1e-6).sum().item<int64_t>();
  const int64_t kept = std::min(kWhitenedDimensions, rank);
  whiten_ = (right.narrow(0, 0, kept).t() / deviations.narrow(0, 0, kept)).to(at::kFloat);
}

at::Tensor Pooling::operator()(const TextFeatures& features) const {
  if (centre_.defined() && centre_.size(0) != features.tokens.size(2)) {
    fail_input("pooling '{}': the file's features have {} dimensions, these {}", name_, centre_.size(0),
               features.tokens.size(2));
  }
  if (kind_ == "last" || kind_ == "eos") {
    const at::Tensor last =
        features.mask.mul(at::arange(1, features.mask.size(1) + 1, features.mask.options().dtype(at::kLong))).argmax(1);
    return token_at(features.tokens, last);
  }
  if (kind_ == "first") return token_at(features.tokens, features.mask.to(at::kLong).argmax(1));
  if (kind_ == "drop_first") return mean_over_mask({features.tokens, mask_without_first(features.mask)});
  if (kind_ == "normalised") {
    const at::Tensor unit = features.tokens / features.tokens.norm(2, {-1}, true).clamp_min(1e-12);
    return mean_over_mask({unit, mask_without_first(features.mask)});
  }
  at::Tensor pooled = mean_over_mask(features);
  if (centre_.defined()) pooled = pooled - centre_;
  return whiten_.defined() ? at::matmul(pooled, whiten_) : pooled;
}

}  // namespace emf
