// Text features as the generator reads them: encoded once, normalised by the training captions, gathered by row.
#pragma once

#include <memory>

#include "harness/api/encoder.h"
#include "harness/api/model.h"
#include "harness/engine/store/run_store.h"
#include "harness/engine/text/prompt_table.h"

namespace emf {

/// Encodes every distinct text of the table and writes features.safetensors: rows [prompts], the text of each prompt, and of the
/// T texts
///
/// Frozen encoders: tokens [T,L,D] and mask, centred by the mean token of the training captions and scaled to L2 norm
/// sqrt(D) each, and that mean [D] (mean-pooled decoder features are nearly parallel otherwise). Trainable encoders: ids and mask,
/// and for those of text the mean token of their initial values. Both: pooled_raw [T,D], plain means of raw (initial) tokens.
/// @param store  where the feature cache lies: frozen encoders' texts that any suite encoded before are read from it.
/// @return  the stage's result.   @cost  one forward a distinct text that is not cached.
Json encode_prompts(const Encoder& encoder, const PromptTable& prompts, const std::filesystem::path& store,
                    const RunFolder& folder);

/// The conditions of one row of a comparison.
class TextConditions {
 public:
  /// @param encoder  kept for trainable encoders, whose forward runs in every step; may be null for frozen ones.
  TextConditions(const std::filesystem::path& features, std::shared_ptr<Encoder> encoder);

  /// @param prompts  [B] int64 places in PromptTable: training, then judging.   @return B conditions, differentiable in trainable parameters.
  Condition gather(const at::Tensor& prompts) const;
  /// Conditions of prompts that are not in the table, normalised as those that are.
  /// @throws UserError  as Encoder::prepare.
  Condition encode(const Encoder& encoder, const std::vector<Prompt>& prompts) const;
  /// FLOPs of the encoder's forward for these prompts; 0 for frozen encoders, which ran before.
  double forward_flops(const at::Tensor& prompts) const;
  /// One all-zero token a row.
  Condition none(int64_t count) const;
  int64_t dimension() const { return dimension_; }
  int64_t length() const { return mask_.size(1); }
  std::vector<std::pair<std::string, at::Tensor>> parameters() const;

 private:
  Condition forward(const Encoder& encoder, const TokenInputs& inputs) const;

  std::shared_ptr<Encoder> encoder_;  ///< set when trainable
  at::Tensor rows_;                   ///< [prompts] int64: the text of each prompt
  at::Tensor tokens_;                 ///< [T,L,D], frozen encoders
  at::Tensor mean_;                   ///< [D] what is taken from every token; undefined for trainable label vectors
  at::Tensor ids_;                    ///< [T,L], trainable encoders
  at::Tensor mask_;                   ///< [T,L]
  int64_t dimension_ = 0;
};

}  // namespace emf
