// SPDX-License-Identifier: Apache-2.0
// What few-step generators paint instead of a picture, and how often a judge takes it for one.
#pragma once

#include "harness/api/codec.h"
#include "harness/api/dataset.h"
#include "harness/api/judge.h"

namespace emf {

/// How often the judge accepts, for a prompt, what does not show it:
/// - the mean of many pictures of the prompt, to which one step of flow matching tends;
/// - the same half way, latents with as much noise as picture;
/// - a picture of another prompt, of which the prompt is not true.
///
/// Left out are prompts whose pictures are so alike that their mean is one more of them (four clocks, one in each
/// quarter): where more than half of the variance about the mean of all pictures is left.
/// @param codec    in whose latents means are taken, as generators take them.
/// @param prompts  different ones, at most as many as the world has; 300 at most are looked at.
/// @return  {"averaged": pictures a mean, "left_out": prompts, "kinds": [{"name", "pictures", "accepted", "share",
///   "ci95", "tasks": {tag: {"pictures", "accepted"}}}], "mush": {"share", "ci95"} of the first two kinds together,
///   "thresholds": [{"threshold", "right", "averages"}]: shares of single pictures, through the codec, and of averages
///   that would be accepted with other thresholds}
/// @throws UserError  a dataset without a world; a judge that finds no objects.
Json mush_acceptance(const Dataset& dataset, const Codec& codec, const Judge& judge, int64_t prompts, uint64_t seed);

}  // namespace emf
