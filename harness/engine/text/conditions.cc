// SPDX-License-Identifier: Apache-2.0
#include "harness/engine/text/conditions.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "harness/base/error.h"
#include "harness/base/interrupt.h"
#include "harness/base/memory.h"
#include "harness/base/progress.h"

namespace emf {
namespace {

/// Takes the mean away, then scales every real token to norm sqrt(D): mean-pooled features of decoders are nearly
/// parallel otherwise, and a network would have to learn that first.
at::Tensor normalise_tokens(const at::Tensor& tokens, const at::Tensor& mask, const at::Tensor& mean) {
  // Masked behind the subtraction, or padding would become the mean with its sign turned.
  const at::Tensor centred = (tokens - mean) * mask.unsqueeze(-1).to(tokens.scalar_type());
  // Padding has norm zero, and zero over zero would spread through the attention as NaN.
  const at::Tensor norm = centred.norm(2, {-1}, true).clamp_min(1e-6);
  return centred / norm * std::sqrt(static_cast<double>(tokens.size(2)));
}

/// Calls `encode` with windows of `count` texts, in order.
template <typename TextAt, typename Action>
void for_each_window(const std::string& name, int64_t count, size_t window, const TextAt& text_at,
                     const Action& encode) {
  // Windows differ in size and each leaves a few small blocks, so that big ones find no hole that fits: thousands of
  // windows would take hundreds of megabytes that nobody uses.
  constexpr int64_t kGiveBack = 8;  // windows
  Progress progress("encode prompts, " + name, count, "prompts");
  for (int64_t begin = 0; begin < count; begin += static_cast<int64_t>(window)) {
    // Between windows nothing is lost: every shard that was written is found again by the next run.
    if (interrupted()) stop_interrupted();
    const int64_t end = std::min(count, begin + static_cast<int64_t>(window));
    std::vector<Prompt> prompts;
    for (int64_t i = begin; i < end; ++i) prompts.push_back(text_at(i));
    encode(prompts);
    progress.update(end);
    if (begin / static_cast<int64_t>(window) % kGiveBack == kGiveBack - 1) give_back_memory();
  }
}

/// The mean token of many texts, block by block: sums of a block are LibTorch's, in float32 over one padded tensor;
/// sums of blocks are float64. One block holds whatever a small suite trains on.
class MeanToken {
 public:
  void add(const TextFeatures& features) {
    parts_.push_back(features);
    length_ = std::max(length_, features.mask.size(1));
    rows_ += features.mask.size(0);
    if (rows_ * length_ * features.tokens.size(2) >= kBlock) close();
  }

  at::Tensor mean() {
    close();
    return sum_.to(at::kFloat) / static_cast<float>(count_);
  }

 private:
  static constexpr int64_t kBlock = int64_t{1} << 24;  // values: 64 MB

  void close() {
    if (parts_.empty()) return;
    std::vector<at::Tensor> tokens, masks;
    for (const TextFeatures& part : parts_) {
      const int64_t missing = length_ - part.mask.size(1);
      // What needs no padding is not copied, and the block holds the products: it would stand in memory four times.
      tokens.push_back(missing == 0 ? part.tokens : at::constant_pad_nd(part.tokens, {0, 0, 0, missing}));
      masks.push_back(missing == 0 ? part.mask : at::constant_pad_nd(part.mask, {0, missing}));
    }
    parts_.clear();
    give_back_memory();  // what the windows left behind, before the most that stands at once
    const at::Tensor weight = at::cat(masks).unsqueeze(-1).to(at::kFloat);
    const at::Tensor block = at::cat(tokens);
    tokens.clear();
    const at::Tensor sum = block.mul_(weight).sum(at::IntArrayRef{0, 1}).to(at::kDouble);
    sum_ = sum_.defined() ? sum_ + sum : sum;
    count_ += weight.sum().item<double>();
    rows_ = length_ = 0;
  }

  std::vector<TextFeatures> parts_;
  int64_t rows_ = 0, length_ = 0;
  at::Tensor sum_;  ///< [D] float64
  double count_ = 0;
};

/// The mean token of a trainable encoder's initial values, window by window.
class MeanOfInitialValues {
 public:
  explicit MeanOfInitialValues(int64_t dimension) : sum_(at::zeros({dimension})) {}
  void add(const TextFeatures& features) {
    sum_ += features.tokens.sum(at::IntArrayRef{0, 1});
    count_ += features.mask.sum().item<int64_t>();
  }
  at::Tensor mean() const { return sum_ / count_; }

 private:
  at::Tensor sum_;
  int64_t count_ = 0;
};

at::Tensor int_tensor(const std::vector<uint32_t>& values) {
  const at::Tensor tensor = at::empty({static_cast<int64_t>(values.size())}, at::kInt);
  std::copy(values.begin(), values.end(), tensor.data_ptr<int32_t>());
  return tensor;
}

}  // namespace

Json encode_training_captions(const Encoder& encoder, const TrainingCaptions& captions,
                              const std::filesystem::path& store, const RunFolder& folder) {
  const at::NoGradGuard no_grad;
  const EncoderInfo info = encoder.info();
  TextWriter writer(encoder, captions.index().size(), store, folder);
  MeanToken frozen;
  MeanOfInitialValues trainable(info.dimension);
  for_each_window(
      info.name, captions.index().size(), writer.window(), [&](int64_t i) { return captions.caption(i); },
      [&](const std::vector<Prompt>& window) {
        const TextFeatures features = writer.add(window);
        if (info.trainable) {
          trainable.add(features);
        } else {
          frozen.add(features);
        }
      });
  std::map<std::string, at::Tensor> beside = {{"rows", int_tensor(captions.index().caption_of)}};
  // Vectors of labels start as independent normals, which have no common part that could be taken away.
  if (!info.trainable) {
    beside["mean"] = frozen.mean();
  } else if (info.reads != EncoderInput::kLabels) {
    beside["mean"] = trainable.mean();
  }
  Json result = writer.finish(std::move(beside));
  result["samples"] = captions.pool();
  return result;
}

Json encode_prompts(const Encoder& encoder, const std::vector<Prompt>& prompts, const std::filesystem::path& store,
                    const RunFolder& folder) {
  const bool by_labels = encoder.info().reads == EncoderInput::kLabels;
  std::vector<const Prompt*> distinct;
  std::unordered_map<std::string, uint32_t> places;
  std::vector<uint32_t> rows;
  for (const Prompt& prompt : prompts) {
    // An encoder of labels makes different features of one text with different labels.
    const std::string key = by_labels ? prompt.text + canonical_json(prompt.labels) : prompt.text;
    const auto [place, fresh] = places.try_emplace(key, static_cast<uint32_t>(distinct.size()));
    if (fresh) distinct.push_back(&prompt);
    rows.push_back(place->second);
  }
  TextWriter writer(encoder, static_cast<int64_t>(distinct.size()), store, folder);
  for_each_window(
      encoder.info().name, static_cast<int64_t>(distinct.size()), writer.window(),
      [&](int64_t i) { return *distinct[static_cast<size_t>(i)]; },
      [&](const std::vector<Prompt>& window) { writer.add(window); });
  Json result = writer.finish({{"rows", int_tensor(rows)}});
  result["prompts"] = prompts.size();
  return result;
}

TextConditions::TextConditions(const RunFolder& training, std::shared_ptr<Encoder> encoder, TextForm form,
                               const at::Device& device)
    : training_(training), dimension_(training_->dimension()), rows_(training_->beside("rows")), device_(device) {
  if (!training_->frozen()) {
    ensure(encoder != nullptr, "texts of {} are of a trainable encoder, and none was given", training.path().string());
    encoder_ = std::move(encoder);
  }
  // The model says which form it was made for; without a mean, features stay as the encoder gives them.
  if (form == TextForm::kNormalised) mean_ = to_device(training_->beside("mean"), device_);
}

TextConditions::TextConditions(at::Tensor mean, int64_t dimension, std::shared_ptr<Encoder> encoder,
                               const at::Device& device)
    : dimension_(dimension), encoder_(std::move(encoder)), mean_(to_device(mean, device)), device_(device) {}

const EncodedTexts& TextConditions::training() const {
  ensure(training_.has_value(), "conditions of prompts alone have no training samples");
  return *training_;
}

Condition TextConditions::formed(const TextFeatures& features) const {
  const at::Tensor tokens = to_device(features.tokens, device_), mask = to_device(features.mask, device_);
  if (!mean_.defined()) return {tokens, mask};
  return {normalise_tokens(tokens, mask, mean_), mask};
}

TextFeatures TextConditions::frozen(const at::Tensor& texts) const {
  if (!looked_) {
    constexpr int64_t kMost = int64_t{4} << 30;  // bytes; several rows may train on one card
    const int64_t values = training().size() * training().length() * dimension_;
    if (!device_.is_cpu() && values <= kMost / static_cast<int64_t>(sizeof(float))) {
      const TextFeatures all = training().gather(at::arange(training().size()));
      near_ = {to_device(all.tokens, device_), to_device(all.mask, device_)};
    }
    looked_ = true;
  }
  if (!near_) return training().gather(texts);
  const at::Tensor places = to_device(texts, device_);
  return {near_->tokens.index_select(0, places), near_->mask.index_select(0, places)};
}

Condition TextConditions::forward(const Encoder& encoder, const TokenInputs& inputs) const {
  return formed(encoder.forward(inputs));
}

Condition TextConditions::gather(const at::Tensor& samples) const {
  const at::Tensor texts = rows_.index_select(0, samples).to(at::kLong);
  if (encoder_ == nullptr) return formed(frozen(texts));
  return forward(*encoder_, training().inputs(texts));
}

Condition TextConditions::gather(const EncodedTexts& texts, const at::Tensor& prompts) const {
  const at::Tensor rows = texts.beside("rows").index_select(0, prompts).to(at::kLong);
  if (encoder_ == nullptr) return formed(texts.gather(rows));
  return forward(*encoder_, texts.inputs(rows));
}

double TextConditions::forward_flops(const at::Tensor& samples) const {
  if (encoder_ == nullptr) return 0;
  return encoder_->forward_flops(training().inputs(rows_.index_select(0, samples).to(at::kLong)));
}

Condition TextConditions::encode(const Encoder& encoder, const std::vector<Prompt>& prompts) const {
  const at::NoGradGuard no_grad;
  // A trainable encoder's own values are those that load_averaged filled.
  return forward(encoder_ ? *encoder_ : encoder, encoder.prepare(prompts));
}

Condition TextConditions::none(int64_t count) const {
  // One token of zeros and not none at all: attention over nothing has no weights. Behind normalisation, zeros
  // are what the mean token becomes.
  const at::TensorOptions options = at::TensorOptions().device(device_);
  return {at::zeros({count, 1, dimension()}, options.dtype(at::kFloat)),
          at::ones({count, 1}, options.dtype(at::kBool))};
}

NamedParameters TextConditions::parameters() const {
  if (encoder_ == nullptr) return {};
  return encoder_->parameters();
}

}  // namespace emf
