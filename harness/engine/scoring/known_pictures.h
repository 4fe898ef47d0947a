// SPDX-License-Identifier: Apache-2.0
// Pictures whose truth is known, and what a judge gets wrong on them: scores, boxes and colours missed, near misses.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "harness/api/dataset.h"
#include "harness/rules/geneval_rule.h"

namespace emf {

/// Pictures of known prompts, never seen in training.
struct KnownPictures {
  std::vector<GenEvalMetadata> prompts;       ///< one a picture
  std::vector<std::vector<Detection>> truth;  ///< what a perfect judge would report, score 1
  at::Tensor pictures;                        ///< [N,3,H,W] uint8
};

/// @param count  different prompts, at most as many as the world has.  @param repeats  pictures a prompt.
/// @throws UserError  a dataset without a world.
KnownPictures draw_known_pictures(const Dataset& dataset, int count, int repeats, uint64_t seed);

/// GenEval of pictures that show what their prompts say: the ceiling of whatever is judged by this detector.
/// @return  {"overall", "ci95", "pictures", "tasks": {tag: {"correct","total","score"}}}
Json known_scores(const KnownPictures& known, const std::vector<std::vector<Detection>>& judged,
                  const GenEvalOptions& options);

/// Recall and precision of boxes (same class, IoU at least 0.5), their mean IoU, colour accuracy and confusion.
Json box_errors(const KnownPictures& known, const std::vector<std::vector<Detection>>& judged, float threshold);

/// A prompt that differs from `prompt` in one fact: a count by one, a colour, a side, or a class.
GenEvalMetadata near_miss(const GenEvalMetadata& prompt, const std::vector<std::string>& class_names, uint64_t seed,
                          uint64_t index);

}  // namespace emf
