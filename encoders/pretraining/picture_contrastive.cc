// SPDX-License-Identifier: Apache-2.0
// CLIP's pretraining: a caption's closing mark is nearer to its picture than to any other's.
#include <ATen/ATen.h>

#include "encoders/pretraining/leaves.h"

namespace emf {
namespace {

constexpr int64_t kWidths[] = {3, 32, 64, 128, 128};
constexpr int64_t kGroups = 8;

class PictureContrastive : public Pretraining {
 public:
  PictureContrastive(const Options& options, const PretrainingContext& context)
      : leaves_("picture_contrastive", context) {
    ConfigReader(options).finish();
    for (size_t i = 0; i + 1 < std::size(kWidths); ++i) {
      const std::string name = "stage" + std::to_string(i);
      stages_.push_back({leaves_.matrix(name + ".convolution", {kWidths[i + 1], kWidths[i], 3, 3}, std::sqrt(2.0)),
                         leaves_.constant(name + ".scale", {kWidths[i + 1]}, 1),
                         leaves_.constant(name + ".shift", {kWidths[i + 1]}, 0)});
    }
    picture_out_ = leaves_.matrix("picture_out", {context.encoder.dimension, kWidths[std::size(kWidths) - 1]});
    text_out_ = leaves_.matrix("text_out", {context.encoder.dimension, context.encoder.dimension});
    log_scale_ = leaves_.constant("log_scale", {1}, kFirstLogScale);
  }

  Json fingerprint() const override { return {{"pretraining", "picture_contrastive"}, {"version", 1}}; }
  bool needs_pictures() const override { return true; }
  NamedParameters parameters() const override { return leaves_.all(); }

  LossResult loss(const Encoder& encoder, const PretrainingBatch& batch) const override {
    std::vector<std::string> words;
    for (const Prompt& caption : batch.captions) words.push_back(caption.text);
    const TextFeatures features = encoder.forward(encoder.prepare(batch.captions));
    const at::Tensor last = features.mask.sum(1).sub(1).view({-1, 1, 1}).expand({-1, 1, features.tokens.size(2)});
    const at::Tensor texts = at::matmul(features.tokens.gather(1, last).squeeze(1), text_out_.t());
    return match_pairs(texts, see(batch.pictures), log_scale_, words);
  }

 private:
  struct Stage {
    at::Tensor convolution, scale, shift;
  };

  /// A small convolutional tower.   @param pictures  [B,3,S,S] uint8.   @return [B,D].
  at::Tensor see(const at::Tensor& pictures) const {
    at::Tensor x = pictures.to(at::kFloat) / 127.5 - 1;
    for (size_t i = 0; i < stages_.size(); ++i) {
      // Halved at each stage, so that side 32 ends in 2 x 2.
      x = at::conv2d(x, stages_[i].convolution, {}, /*stride=*/2, /*padding=*/1);
      x = at::relu(at::group_norm(x, kGroups, stages_[i].scale, stages_[i].shift));
    }
    return at::matmul(x.mean({2, 3}), picture_out_.t());
  }

  Leaves leaves_;
  std::vector<Stage> stages_;
  at::Tensor picture_out_, text_out_;  ///< [D,128], [D,D]
  at::Tensor log_scale_;
};

std::unique_ptr<Pretraining> make_picture_contrastive(const Options& options, const PretrainingContext& context) {
  return std::make_unique<PictureContrastive>(options, context);
}

EMF_REGISTER(PretrainingRegistry, "picture_contrastive", "A caption is nearest to its own picture (CLIP)",
             make_picture_contrastive, {.title = "know a caption's picture"});

}  // namespace
}  // namespace emf
