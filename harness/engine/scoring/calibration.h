// SPDX-License-Identifier: Apache-2.0
// What a suite's judge gets wrong, measured on pictures of the suite's own world whose truth is known.
#pragma once

#include "harness/api/codec.h"
#include "harness/api/dataset.h"
#include "harness/api/judge.h"
#include "harness/engine/scoring/known_pictures.h"

namespace emf {

/// A way in which a picture is not clean.
struct Corruption {
  std::string name;        ///< "as rendered", "blurred, 1 px" ...
  double blur_pixels = 0;  ///< sigma of a Gaussian
  double noise = 0;        ///< standard deviation of white noise, pictures in 0..1
  bool halved = false;     ///< to half the side and back
};

/// As rendered, three blurs, two noises, and half the resolution.
const std::vector<Corruption>& corruptions();

/// @param pictures  [N,3,H,W] uint8.   @return likewise; the noise of row i is a function of (seed, i).
at::Tensor corrupt(const at::Tensor& pictures, const Corruption& corruption, uint64_t seed);

/// Boxes found and missed, colours and counts taken for others, prompts accepted and near misses refused.
///
/// @return  {"boxes": box_errors(), "count_confusion": {true: {found: pictures}}, "trials": judge_correction.h's}
Json judge_errors(const KnownPictures& known, const std::vector<std::vector<Detection>>& judged,
                  const GenEvalOptions& options, const std::vector<std::string>& class_names, uint64_t seed);

/// Looks at known pictures, clean, corrupted, and as the codec gives them back.
///
/// @param codec    what stands between painted pictures and the judge; null, or one that loses nothing, where nothing
///   does.
/// @param judge    one that finds objects.
/// @param prompts  different prompts, with two pictures each; as many as the world has where it has fewer.
/// @throws UserError  a dataset without a world; a judge that finds no objects.
/// @return  {"kinds": [{"name", "blur_pixels", "noise", judge_errors()}], "generated_like": name of the kind that
///   generated pictures are like}
Json calibrate_judge(const Dataset& dataset, const Codec* codec, const Judge& judge, int64_t prompts, uint64_t seed);

}  // namespace emf
