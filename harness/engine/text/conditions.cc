#include "harness/engine/text/conditions.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <unordered_map>

#include "harness/base/error.h"
#include "harness/base/interrupt.h"
#include "harness/base/progress.h"
#include "harness/engine/text/feature_cache.h"
#include "harness/tensor/safetensors.h"

namespace emf {
namespace {

constexpr size_t kBatch = 32;

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

/// The distinct texts of a table: judging prompts are mostly training captions, and may be judged several times.
struct DistinctTexts {
  std::vector<Prompt> prompts;  ///< training captions are distinct and come first
  at::Tensor rows;              ///< [prompts of the table] int64: the text of each
};

bool reads_labels(const EncoderInfo& info) { return info.family == "labels"; }

DistinctTexts distinct_texts(const PromptTable& table, bool by_labels) {
  DistinctTexts texts;
  texts.rows = at::empty({table.size()}, at::kLong);
  std::unordered_map<std::string, int64_t> places;
  int64_t* row = texts.rows.data_ptr<int64_t>();
  for (const auto* part : {&table.training, &table.judging}) {
    for (const Prompt& prompt : *part) {
      const std::string key = by_labels ? prompt.text + canonical_json(prompt.labels) : prompt.text;
      const auto [place, fresh] = places.try_emplace(key, static_cast<int64_t>(texts.prompts.size()));
      if (fresh) texts.prompts.push_back(prompt);
      *row++ = place->second;
    }
  }
  return texts;
}

/// [t,l,...] rows of different l as one tensor, zeros behind the shorter ones.
at::Tensor stack_padded(std::vector<at::Tensor>& parts) {
  int64_t length = 0;
  for (const at::Tensor& part : parts) length = std::max(length, part.size(1));
  for (at::Tensor& part : parts) part = pad_length(part, length);
  return at::cat(parts);
}

/// Calls `encode` with windows of the texts, in order.
template <typename Action>
void for_each_window(const std::string& name, const std::vector<Prompt>& texts, size_t window, const Action& encode) {
  Progress progress("encode prompts, " + name, static_cast<int64_t>(texts.size()), "prompts");
  for (size_t begin = 0; begin < texts.size(); begin += window) {
    if (interrupted()) stop_interrupted();
    const size_t end = std::min(texts.size(), begin + window);
    encode(std::vector<Prompt>(texts.begin() + static_cast<ptrdiff_t>(begin),
                               texts.begin() + static_cast<ptrdiff_t>(end)));
    progress.update(static_cast<int64_t>(end));
  }
}

/// ids, mask, and of initial values the mean token and pooled_raw: what a trainable encoder needs in every step.
NamedTensors prepare_trainable(const Encoder& encoder, const std::vector<Prompt>& texts, size_t training_texts) {
  std::vector<at::Tensor> ids, masks, pooled;
  at::Tensor sum = at::zeros({encoder.info().dimension});
  int64_t count = 0;
  size_t begin = 0;
  for_each_window(encoder.info().name, texts, kBatch, [&](const std::vector<Prompt>& window) {
    const TokenInputs inputs = encoder.prepare(window);
    const TextFeatures features = encoder.forward(inputs);
    ids.push_back(inputs.ids);
    masks.push_back(features.mask);
    pooled.push_back(mean_over_mask(features));
    const auto training =
        static_cast<int64_t>(std::min(window.size(), training_texts - std::min(begin, training_texts)));
    sum += features.tokens.narrow(0, 0, training).sum({0, 1});
    count += features.mask.narrow(0, 0, training).sum().item<int64_t>();
    begin += window.size();
  });
  NamedTensors tensors = {{"ids", stack_padded(ids)}, {"mask", stack_padded(masks)}, {"pooled_raw", at::cat(pooled)}};
  // Label vectors start as normals: there is no mean to take away.
  if (!reads_labels(encoder.info())) tensors["mean"] = sum / count;
  return tensors;
}

/// Raw tokens, mask and pooled_raw, from the cache where it has them.
NamedTensors encode_frozen(const Encoder& encoder, const std::vector<Prompt>& texts,
                           const std::filesystem::path& store) {
  FeatureCache cache(encoder, FeatureContent::kTokens, store);
  std::vector<at::Tensor> tokens, masks, pooled;
  for_each_window(encoder.info().name, texts, cache.window(), [&](const std::vector<Prompt>& window) {
    const PackedFeatures features = cache.features(window);
    const TextFeatures padded = unpack(features);
    tokens.push_back(padded.tokens);
    masks.push_back(padded.mask);
    pooled.push_back(features.pooled);
  });
  return {{"tokens", stack_padded(tokens)}, {"mask", stack_padded(masks)}, {"pooled_raw", at::cat(pooled)}};
}

}  // namespace

Json encode_prompts(const Encoder& encoder, const PromptTable& prompts, const std::filesystem::path& store,
                    const RunFolder& folder) {
  const at::NoGradGuard no_grad;
  const EncoderInfo info = encoder.info();
  const DistinctTexts texts = distinct_texts(prompts, reads_labels(info));
  NamedTensors tensors = info.trainable ? prepare_trainable(encoder, texts.prompts, prompts.training.size())
                                        : encode_frozen(encoder, texts.prompts, store);
  tensors["rows"] = texts.rows;
  const at::Tensor mask = tensors["mask"];
  if (!info.trainable) {
    const at::Tensor raw = tensors["tokens"];
    tensors["mean"] = mean_token(raw, mask, static_cast<int64_t>(prompts.training.size()));
    tensors["tokens"] = normalise_tokens(raw, mask, tensors["mean"]);
  }
  write_safetensors(folder.file("features.safetensors"), tensors);
  return {{"prompts", prompts.size()},
          {"texts", texts.prompts.size()},
          {"length", mask.size(1)},
          {"dimension", info.dimension}};
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
  }
  if (const auto mean = tensors.find("mean"); mean != tensors.end()) mean_ = mean->second;
}

Condition TextConditions::forward(const Encoder& encoder, const TokenInputs& inputs) const {
  const TextFeatures features = encoder.forward(inputs);
  if (!mean_.defined()) return {features.tokens, features.mask};
  return {normalise_tokens(features.tokens, features.mask, mean_), features.mask};
}

Condition TextConditions::gather(const at::Tensor& prompts) const {
  const at::Tensor rows = rows_.index_select(0, prompts);
  const at::Tensor mask = mask_.index_select(0, rows);
  if (encoder_ == nullptr) return {tokens_.index_select(0, rows), mask};
  return forward(*encoder_, {ids_.index_select(0, rows), mask});
}

double TextConditions::forward_flops(const at::Tensor& prompts) const {
  if (encoder_ == nullptr) return 0;
  const at::Tensor rows = rows_.index_select(0, prompts);
  return encoder_->forward_flops({ids_.index_select(0, rows), mask_.index_select(0, rows)});
}

Condition TextConditions::encode(const Encoder& encoder, const std::vector<Prompt>& prompts) const {
  const at::NoGradGuard no_grad;
  // A trainable encoder's own values are those that load_averaged filled.
  return forward(encoder_ ? *encoder_ : encoder, encoder.prepare(prompts));
}

Condition TextConditions::none(int64_t count) const {
  return {at::zeros({count, 1, dimension_}), at::ones({count, 1}, at::kBool)};
}

std::vector<std::pair<std::string, at::Tensor>> TextConditions::parameters() const {
  if (encoder_ == nullptr) return {};
  return encoder_->parameters();
}

}  // namespace emf
