// SPDX-License-Identifier: Apache-2.0
// From what judges and backbones said of pictures to scores: metrics are asked what
// they need, and none is known by name.
#pragma once

#include <string>
#include <vector>

#include "harness/api/metric.h"
#include "harness/captions/prompt.h"
#include "harness/engine/store/run_store.h"

namespace emf {

/// What one metric reads; what it does not need may be left out.
struct ScoringInputs {
  const std::vector<Prompt>* prompts = nullptr;  ///< a prompt a picture
  std::string kind = "all";                      ///< of these prompts only those are scored, of prompt_kinds()
  const std::vector<Json>* judged = nullptr;     ///< a row a prompt, of judge_pictures
  const FeatureMatrix* real = nullptr;
  const FeatureMatrix* held_out = nullptr;
  const FeatureMatrix* generated = nullptr;  ///< of the plain prompts' pictures; logits where probabilities are needed
};

/// Scores pictures by one metric and writes items/<name>.jsonl where it scores them one by one.
///
/// Plain prompts make the score; those in words that training does not have another, NAME/held_out_template; of
/// prompts with questions a metric of questions scores all.
/// @param name     what its value is called.   @param options  the metric's own.
/// @return  {"metrics": [{"name","value","ci95","n",...}], "items": [0..1 or null a
///   prompt; absent for metrics of whole sets]}
/// @throws UserError  as Metric::score.
Json score_pictures(const Metric& metric, const std::string& name, const Json& options, const ScoringInputs& inputs,
                    const RunFolder& folder);

/// True for metrics that read what a judge says.
bool needs_judge(const Metric& metric);
/// True for metrics that read features or class scores of a backbone.
bool needs_backbone(const Metric& metric);

}  // namespace emf
