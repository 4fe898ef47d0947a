// SPDX-License-Identifier: Apache-2.0
// Pictures of the judged prompts: painted by a trained row, or drawn from the facts as the best that any row can reach.
#pragma once

#include <memory>

#include "harness/api/codec.h"
#include "harness/api/dataset.h"
#include "harness/engine/pictures/sampler.h"
#include "harness/engine/stages/train_stage.h"
#include "harness/engine/text/judged_prompts.h"

namespace emf {

/// What a row is sampled with.
struct SamplingPlan {
  std::string label;
  EncoderSource source;
  std::shared_ptr<const Objective> objective;
  ModelMaker model;
  std::shared_ptr<const Codec> codec;
  std::shared_ptr<const Dataset> dataset;  ///< for the pictures' sides
  StagePointer train, texts, judged_texts;
  int64_t prompts = 0;  ///< judged
  int64_t steps = 1;
  double guidance = 1;
};

StageSpec sample_stage(const SamplingPlan& plan);

/// How straight the paths of a row are, over its first judged prompts; plan.steps is how finely they are looked at.
StageSpec trajectory_stage(const SamplingPlan& plan);

/// Real pictures of the judged prompts.   @param codec  through it and back; null: as they are.
StageSpec draw_stage(const std::string& label, const std::shared_ptr<const Dataset>& dataset,
                     const std::shared_ptr<const Codec>& codec, const std::shared_ptr<const JudgedPrompts>& judged);

/// As many real pictures as there are judged prompts, which have nothing to do with them: what chance scores.
/// @param codec  likewise.
StageSpec unrelated_stage(const std::shared_ptr<const Dataset>& dataset, const std::shared_ptr<const Codec>& codec,
                          const std::shared_ptr<const JudgedPrompts>& judged);

}  // namespace emf
