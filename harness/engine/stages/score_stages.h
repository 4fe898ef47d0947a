// SPDX-License-Identifier: Apache-2.0
// From pictures to scores, a stage a step: what a judge says, what a backbone sees, what a metric makes of both.
#pragma once

#include <memory>
#include <optional>

#include "harness/api/codec.h"
#include "harness/api/dataset.h"
#include "harness/api/judge.h"
#include "harness/engine/pictures/picture_features.h"
#include "harness/engine/store/stage.h"
#include "harness/engine/text/judged_prompts.h"

namespace emf {

/// What a judge says of a stage's pictures.
StageSpec judge_stage(const std::string& label, const StagePointer& pictures, const std::shared_ptr<const Judge>& judge,
                      const std::shared_ptr<const JudgedPrompts>& judged);

/// What a backbone sees in the plain prompts' pictures of a stage.
StageSpec features_stage(const std::string& label, const StagePointer& pictures,
                         const std::shared_ptr<const PictureFeatures>& backbone,
                         const std::shared_ptr<const JudgedPrompts>& judged);

/// What a backbone sees in `count` pictures that training never shows, from the `first` of them.
StageSpec reference_stage(const std::shared_ptr<const Dataset>& dataset,
                          const std::shared_ptr<const PictureFeatures>& backbone, int64_t count, int64_t first = 0);

/// A metric of a suite, made ready.
struct MetricPlan {
  std::string name;    ///< what its value is called
  std::string metric;  ///< of the registry
  Json options = Json::object();
  std::string prompts = "all";                      ///< which it scores, of prompt_kinds()
  std::shared_ptr<const PictureFeatures> backbone;  ///< where it needs one
};

/// A metric of one stage's pictures.
/// @param judged_by  of judge_stage, or null.   @param features, reference, held_out  of the stages above, or null.
StageSpec score_stage(const std::string& label, const MetricPlan& plan, const StagePointer& judged_by,
                      const StagePointer& features, const StagePointer& reference, const StagePointer& held_out,
                      const std::shared_ptr<const JudgedPrompts>& judged);

/// What the judge gets wrong in the dataset's world.   @param codec  that pictures are painted through; null: none.
StageSpec calibrate_stage(const std::shared_ptr<const Dataset>& dataset, const std::shared_ptr<const Codec>& codec,
                          const std::shared_ptr<const Judge>& judge, int64_t prompts, uint64_t seed);

/// How often the judge accepts what few-step generators paint instead of a picture.
StageSpec mush_stage(const std::shared_ptr<const Dataset>& dataset, const std::shared_ptr<const Codec>& codec,
                     const std::shared_ptr<const Judge>& judge, int64_t prompts, uint64_t seed);

}  // namespace emf
