// SPDX-License-Identifier: Apache-2.0
// Text features as the generator reads them: encoded once, brought into the form a network wants, gathered by row.
#pragma once

#include <memory>
#include <optional>

#include "harness/api/encoder.h"
#include "harness/api/model.h"
#include "harness/engine/store/run_store.h"
#include "harness/engine/text/caption_index.h"
#include "harness/engine/text/encoded_texts.h"

namespace emf {

/// Encodes the distinct captions of training and writes, beside what TextWriter does, "rows" [pool] int32, the caption
/// of each training sample, and "mean" [D], the mean token of all captions (for a trainable encoder that of its initial
/// values; none for trainable label vectors, which start as normals).
///
/// @return  the stage's result.   @cost  one forward a caption that is not cached.
Json encode_training_captions(const Encoder& encoder, const TrainingCaptions& captions,
                              const std::filesystem::path& store, const RunFolder& folder);

/// Encodes any prompts, each distinct one once, and writes beside them "rows" [prompts] int32, the text of each.
Json encode_prompts(const Encoder& encoder, const std::vector<Prompt>& prompts, const std::filesystem::path& store,
                    const RunFolder& folder);

/// Prompts as conditions of one row of a comparison. Its training captions decide what is taken from every token.
class TextConditions {
 public:
  /// @param training  the folder of encode_training_captions.
  /// @param encoder   kept for trainable encoders, whose forward runs in every step; may be null for frozen ones.
  /// @param device    where conditions lie, which is where the model that reads them does.
  TextConditions(const RunFolder& training, std::shared_ptr<Encoder> encoder, TextForm form,
                 const at::Device& device = Placement().device);
  /// For prompts alone, where no stage has the training captions.
  /// @param mean       [D] what is taken from every token; undefined: nothing is.
  /// @param dimension  D.   @param encoder  with trained values, of a trainable one; null of a frozen one.
  TextConditions(at::Tensor mean, int64_t dimension, std::shared_ptr<Encoder> encoder,
                 const at::Device& device = Placement().device);

  /// Of training samples; one thread at a time.
  /// @param samples  [B] int64 below the pool, on the host.
  /// @return  B conditions, differentiable in trainable parameters.
  Condition gather(const at::Tensor& samples) const;
  /// Of prompts of another stage.   @param prompts  [B] int64 places in it.
  Condition gather(const EncodedTexts& texts, const at::Tensor& prompts) const;
  /// Of prompts that no stage has.   @throws UserError  as Encoder::prepare.
  Condition encode(const Encoder& encoder, const std::vector<Prompt>& prompts) const;
  /// FLOPs of the encoder's forward for these training samples; 0 for frozen encoders, which ran before.
  double forward_flops(const at::Tensor& samples) const;
  /// One all-zero token a row.
  Condition none(int64_t count) const;
  int64_t dimension() const { return dimension_; }
  /// Tokens that conditions of training samples have.
  int64_t length() const { return training().length(); }
  /// [D] what is taken from every token; undefined where nothing is.
  const at::Tensor& mean() const { return mean_; }
  NamedParameters parameters() const;

 private:
  Condition forward(const Encoder& encoder, const TokenInputs& inputs) const;
  Condition formed(const TextFeatures& features) const;
  /// Features of a frozen encoder's training texts.
  TextFeatures frozen(const at::Tensor& texts) const;
  const EncodedTexts& training() const;

  std::optional<EncodedTexts> training_;
  int64_t dimension_ = 0;
  std::shared_ptr<Encoder> encoder_;  ///< set when trainable
  at::Tensor rows_;                   ///< [pool] int32
  at::Tensor mean_;                   ///< [D] what is taken from every token; undefined: nothing is
  at::Device device_;
  /// Of all training texts, on a device other than the host, from the first gather() on; nothing where they are too
  /// large.
  mutable std::optional<TextFeatures> near_;
  mutable bool looked_ = false;  ///< whether they are too large
};

}  // namespace emf
