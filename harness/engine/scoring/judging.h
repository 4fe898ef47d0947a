// SPDX-License-Identifier: Apache-2.0
// What a judge says of pictures that were painted for prompts: its boxes, and its answers where prompts have questions.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "harness/api/judge.h"
#include "harness/captions/prompt.h"
#include "harness/engine/store/run_store.h"

namespace emf {

/// Judge::detect() in batches, between which Ctrl-C is heard.   @param pictures  [N,3,H,W] uint8.
/// @throws UserError  as detect(); kInterrupted.
std::vector<std::vector<Detection>> detect_in_batches(const Judge& judge, const at::Tensor& pictures);

/// Looks at a picture a prompt and writes items/judged.jsonl, a line a prompt: {"metadata", "detections", "options"} as
/// `score geneval --detections` reads them, of prompts with facts; {"item_id", "questions", "answers"} as the metric
/// question_graph reads them, of prompts with questions (and their "detections" where boxes answered); {} of all
/// others. "options" are the judge's own thresholds, which a metric that is told others passes over.
///
/// Compositions are answered by the boxes of a judge that finds objects, unless the judge answers questions itself.
/// @param pictures  [N,3,H,W] uint8.   @return  {"pictures"}
/// @throws UserError  a judge that can neither; kInterrupted.
Json judge_pictures(const Judge& judge, const at::Tensor& pictures, const std::vector<Prompt>& prompts,
                    const RunFolder& folder);

/// The lines that judge_pictures wrote.
std::vector<Json> read_judged(const RunFolder& folder);

}  // namespace emf
