#include "harness/engine/text_conditions.h"

#include <torch/torch.h>

#include <algorithm>
#include <numeric>
#include <unordered_map>

#include "harness/base/error.h"
#include "harness/base/hash.h"
#include "harness/base/progress.h"
#include "harness/tensor/safetensors.h"

namespace emf {
namespace {

constexpr int64_t kBatch = 32;

/// Puts [n,l,...] into the first l columns of a [n,length,...] tensor of zeros.
at::Tensor pad_length(const at::Tensor& rows, int64_t length) {
  std::vector<int64_t> padding(static_cast<size_t>(2 * (rows.dim() - 1)), 0);
  padding.back() = length - rows.size(1);
  return at::constant_pad_nd(rows, padding, 0);
}

/// The mean token [D] of the first `training_rows` rows.
at::Tensor mean_token(const at::Tensor& tokens, const at::Tensor& mask, int64_t training_rows) {
  const at::Tensor weight = mask.unsqueeze(-1).to(tokens.scalar_type()).narrow(0, 0, training_rows);
  return (tokens.narrow(0, 0, training_rows) * weight).sum({0, 1}) / weight.sum();
}

/// Takes the mean away, then scales every real token to norm sqrt(D).
at::Tensor normalise_tokens(const at::Tensor& tokens, const at::Tensor& mask, const at::Tensor& mean) {
  const at::Tensor centred = (tokens - mean) * mask.unsqueeze(-1).to(tokens.scalar_type());
  const at::Tensor norm = centred.norm(2, {-1}, true).clamp_min(1e-6);
  return centred / norm * std::sqrt(static_cast<double>(tokens.size(2)));
}

}  // namespace

Json encode_prompts(const Encoder& encoder, const PromptTable& prompts, const RunFolder& folder) {
  const torch::NoGradGuard no_grad;
  const bool trainable = encoder.info().trainable;
  // Each text once: judging prompts are mostly training captions, and may be judged several times.
  std::vector<Prompt> all;
  at::Tensor rows_of = at::empty({prompts.size()}, at::kLong);
  std::unordered_map<std::string, int64_t> places;
  int64_t at_prompt = 0;
  for (const auto* part : {&prompts.training, &prompts.judging}) {
    for (const Prompt& prompt : *part) {
      const std::string key = encoder.info().family == "labels" ? prompt.text + canonical_json(prompt.labels) : prompt.text;
      const auto [place, fresh] = places.try_emplace(key, static_cast<int64_t>(all.size()));
      if (fresh) all.push_back(prompt);
      rows_of.data_ptr<int64_t>()[at_prompt++] = place->second;
    }
  }
  // Prompts of like length share a batch, so that padding costs little; rows are put back in order afterwards.
  std::vector<size_t> order(all.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return all[a].text.size() < all[b].text.size(); });

  Progress progress("encode prompts, " + encoder.info().name, static_cast<int64_t>(all.size()), "prompts");
  std::vector<at::Tensor> tokens(all.size()), ids(all.size()), masks(all.size()), pooled(all.size());
  int64_t length = 0;
  for (size_t begin = 0; begin < order.size(); begin += kBatch) {
    if (interrupted()) stop_interrupted();
    const size_t end = std::min(order.size(), begin + kBatch);
    std::vector<Prompt> batch;
    for (size_t i = begin; i < end; ++i) batch.push_back(all[order[i]]);
    const TokenInputs inputs = encoder.prepare(batch);
    const TextFeatures features = encoder.forward(inputs);
    const at::Tensor means = mean_over_mask(features);
    length = std::max(length, features.mask.size(1));
    for (size_t i = begin; i < end; ++i) {
      const int64_t row = static_cast<int64_t>(i - begin);
      if (trainable) {
        ids[order[i]] = inputs.ids.narrow(0, row, 1);
      } else {
        tokens[order[i]] = features.tokens.narrow(0, row, 1);
      }
      masks[order[i]] = features.mask.narrow(0, row, 1);
      pooled[order[i]] = means.narrow(0, row, 1);
    }
    progress.update(static_cast<int64_t>(end));
  }
  const auto stack = [&](std::vector<at::Tensor>& rows) {
    for (at::Tensor& row : rows) row = pad_length(row, length);
    return at::cat(rows);
  };
  NamedTensors tensors = {{"rows", rows_of}, {"mask", stack(masks)}, {"pooled_raw", at::cat(pooled)}};
  if (trainable) {
    tensors["ids"] = stack(ids);
  } else {
    // Training captions are distinct and come first, so they are the first texts.
    const at::Tensor raw = stack(tokens), mask = tensors["mask"];
    tensors["mean"] = mean_token(raw, mask, static_cast<int64_t>(prompts.training.size()));
    tensors["tokens"] = normalise_tokens(raw, mask, tensors["mean"]);
  }
  write_safetensors(folder.file("features.safetensors"), tensors);
  return {{"prompts", prompts.size()}, {"texts", all.size()}, {"length", length}, {"dimension", encoder.info().dimension}};
}

TextConditions::TextConditions(const std::filesystem::path& features, std::shared_ptr<Encoder> encoder) {
  NamedTensors tensors = read_safetensors(features);
  rows_ = tensors.at("rows");
  mask_ = tensors.at("mask");
  dimension_ = tensors.at("pooled_raw").size(1);
  if (tensors.count("ids") > 0) {
    ensure(encoder != nullptr, "features {} are of a trainable encoder, and none was given", features.string());
    ids_ = tensors["ids"];
    encoder_ = std::move(encoder);
  } else {
    tokens_ = tensors.at("tokens");
    mean_ = tensors.at("mean");
  }
}

Condition TextConditions::gather(const at::Tensor& prompts) const {
  const at::Tensor rows = rows_.index_select(0, prompts);
  const at::Tensor mask = mask_.index_select(0, rows);
  if (encoder_ == nullptr) return {tokens_.index_select(0, rows), mask};
  const TextFeatures features = encoder_->forward({ids_.index_select(0, rows), mask});
  return {features.tokens, features.mask};
}

Condition TextConditions::encode(const Encoder& encoder, const std::vector<Prompt>& prompts) const {
  const torch::NoGradGuard no_grad;
  // A trainable encoder's own values are those that load_averaged filled.
  const TextFeatures features = (encoder_ ? *encoder_ : encoder).forward(encoder.prepare(prompts));
  if (encoder_) return {features.tokens, features.mask};
  return {normalise_tokens(features.tokens, features.mask, mean_), features.mask};
}

Condition TextConditions::none(int64_t count) const {
  return {at::zeros({count, 1, dimension_}), at::ones({count, 1}, at::kBool)};
}

std::vector<std::pair<std::string, at::Tensor>> TextConditions::parameters() const {
  if (encoder_ == nullptr) return {};
  return encoder_->parameters();
}

}  // namespace emf
