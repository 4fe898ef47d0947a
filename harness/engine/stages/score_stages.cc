// SPDX-License-Identifier: Apache-2.0
#include "harness/engine/stages/score_stages.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>

#include "harness/base/interrupt.h"
#include "harness/base/progress.h"
#include "harness/engine/pictures/sampler.h"
#include "harness/engine/scoring/calibration.h"
#include "harness/engine/scoring/judging.h"
#include "harness/engine/scoring/mush.h"
#include "harness/engine/scoring/scoring.h"
#include "harness/tensor/picture_tensor.h"
#include "harness/tensor/safetensors.h"

namespace emf {
namespace {

Json write_features(const at::Tensor& features, const RunFolder& folder) {
  write_safetensors(folder.file(kFeaturesFile), {{"features", features}});
  return {{"pictures", features.size(0)}, {"dimension", features.size(1)}};
}

at::Tensor read_features(const StagePointer& stage) {
  return read_safetensors(stage->folder->file(kFeaturesFile)).at("features");
}

}  // namespace

StageSpec judge_stage(const std::string& label, const StagePointer& pictures, const std::shared_ptr<const Judge>& judge,
                      const std::shared_ptr<const JudgedPrompts>& judged) {
  StageSpec stage;
  stage.kind = "judge";
  stage.label = "judge " + label;
  // No metric stands here: what a judge said once serves every metric that reads it.
  stage.spec = {{"judge", judge->fingerprint()}, {"prompts", judged->hash()}};
  stage.inputs = {pictures};
  stage.work = [judge, judged, pictures](const RunFolder& folder, Json&) {
    return judge_pictures(*judge, read_pictures(*pictures->folder), judged->prompts, folder);
  };
  return stage;
}

StageSpec features_stage(const std::string& label, const StagePointer& pictures,
                         const std::shared_ptr<const PictureFeatures>& backbone,
                         const std::shared_ptr<const JudgedPrompts>& judged) {
  StageSpec stage;
  stage.kind = "picture_features";
  stage.label = "features of " + label;
  stage.spec = {{"backbone", backbone->identity()}, {"pictures", judged->num_plain()}};
  stage.inputs = {pictures};
  stage.work = [backbone, judged, pictures](const RunFolder& folder, Json&) {
    const at::NoGradGuard no_grad;
    // Plain prompts come first in the list. The others are no sample of what the reference pictures show.
    const at::Tensor plain = read_pictures(*pictures->folder).narrow(0, 0, judged->num_plain());
    return write_features(backbone->features(plain), folder);
  };
  return stage;
}

StageSpec reference_stage(const std::shared_ptr<const Dataset>& dataset,
                          const std::shared_ptr<const PictureFeatures>& backbone, int64_t count, int64_t first) {
  StageSpec stage;
  stage.kind = "reference_features";
  stage.label = "features of real pictures";
  stage.spec = {{"dataset", dataset->fingerprint()}, {"backbone", backbone->identity()}, {"count", count}};
  // Left out where it is 0, so that references of suites that hold nothing out keep their hashes.
  if (first > 0) stage.spec["first"] = first;
  stage.work = [dataset, backbone, count, first](const RunFolder& folder, Json&) {
    constexpr int64_t kBatch = 256;  // pictures drawn at once: features alone are kept
    const at::NoGradGuard no_grad;
    Progress progress("features of real pictures", count, "pictures");
    std::vector<at::Tensor> rows;
    for (int64_t begin = 0; begin < count; begin += kBatch) {
      if (interrupted()) stop_interrupted();
      std::vector<Sample> samples;
      for (int64_t i = begin; i < std::min(count, begin + kBatch); ++i) {
        samples.push_back(dataset->unseen(static_cast<uint64_t>(first + i)));
      }
      rows.push_back(backbone->features(picture_tensor(samples, dataset->height(), dataset->width()).contiguous()));
      progress.update(begin + static_cast<int64_t>(samples.size()));
    }
    return write_features(at::cat(rows), folder);
  };
  return stage;
}

StageSpec score_stage(const std::string& label, const MetricPlan& plan, const StagePointer& judged_by,
                      const StagePointer& features, const StagePointer& reference, const StagePointer& held_out,
                      const std::shared_ptr<const JudgedPrompts>& judged) {
  StageSpec stage;
  stage.kind = "score";
  stage.label = fmt::format("score {}, {}", label, plan.name);
  stage.version = 3;
  // The name is a part of the values that this stage writes, and so of what it is.
  stage.spec = {{"metric", plan.metric}, {"name", plan.name}, {"options", plan.options}, {"prompts", judged->hash()}};
  if (plan.prompts != "all") stage.spec["kind_of_prompts"] = plan.prompts;
  for (const StagePointer& input : {judged_by, features, reference, held_out}) {
    if (input) stage.inputs.push_back(input);
  }
  stage.work = [plan, judged_by, features, reference, held_out, judged](const RunFolder& folder, Json&) {
    const auto metric = MetricRegistry::instance().make(plan.metric);
    ScoringInputs inputs;
    inputs.prompts = &judged->prompts;
    inputs.kind = plan.prompts;
    std::vector<Json> rows;
    if (judged_by) {
      rows = read_judged(*judged_by->folder);
      inputs.judged = &rows;
    }
    FeatureMatrix real, generated, others;
    if (features) {
      // Kept features serve both: class scores are made from them here, where a metric asks for those.
      const bool of_classes = metric->needs().count(MetricNeed::kProbabilities) > 0;
      const at::Tensor seen = read_features(features);
      generated = plan.backbone->matrix(of_classes ? plan.backbone->logits(seen) : seen);
      inputs.generated = &generated;
    }
    if (reference) {
      real = plan.backbone->matrix(read_features(reference));
      inputs.real = &real;
    }
    if (held_out) {
      others = plan.backbone->matrix(read_features(held_out));
      inputs.held_out = &others;
    }
    return score_pictures(*metric, plan.name, plan.options, inputs, folder);
  };
  return stage;
}

StageSpec calibrate_stage(const std::shared_ptr<const Dataset>& dataset, const std::shared_ptr<const Codec>& codec,
                          const std::shared_ptr<const Judge>& judge, int64_t prompts, uint64_t seed) {
  StageSpec stage;
  stage.kind = "calibrate";
  stage.label = "calibrate the judge";
  stage.version = 2;
  stage.spec = {
      {"dataset", dataset->fingerprint()}, {"judge", judge->fingerprint()}, {"prompts", prompts}, {"seed", seed}};
  if (codec) stage.spec["codec"] = codec->fingerprint();
  stage.work = [dataset, codec, judge, prompts, seed](const RunFolder&, Json&) {
    return calibrate_judge(*dataset, codec.get(), *judge, prompts, seed);
  };
  return stage;
}

StageSpec mush_stage(const std::shared_ptr<const Dataset>& dataset, const std::shared_ptr<const Codec>& codec,
                     const std::shared_ptr<const Judge>& judge, int64_t prompts, uint64_t seed) {
  StageSpec stage;
  stage.kind = "mush";
  stage.label = "show the judge mush";
  stage.spec = {{"dataset", dataset->fingerprint()},
                {"judge", judge->fingerprint()},
                {"codec", codec->fingerprint()},
                {"prompts", prompts},
                {"seed", seed}};
  stage.work = [dataset, codec, judge, prompts, seed](const RunFolder&, Json&) {
    return mush_acceptance(*dataset, *codec, *judge, prompts, seed);
  };
  return stage;
}

}  // namespace emf
