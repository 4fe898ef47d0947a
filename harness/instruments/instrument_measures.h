// SPDX-License-Identifier: Apache-2.0
// What instruments get wrong on known pictures, and the thresholds fixed by agreement.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "harness/codecs/scenes_autoencoder.h"
#include "harness/engine/scoring/known_pictures.h"

namespace emf {

/// Mean squared error (pictures in 0..1) and PSNR of decode(encode(pictures)), rounded to bytes.
Json reconstruction_error(const Autoencoder& autoencoder, const at::Tensor& pictures);

/// Thresholds at which the judge's verdicts agree best with the truth, over each picture's own prompt (to be accepted)
/// and a near miss of it (to be refused), tasks and both kinds weighing the same; within a hundredth of the best
/// agreement, the threshold with the best F1 of boxes.
/// @return  {"threshold", "counting_threshold", "agreement", "counting_agreement"}
Json calibrate_thresholds(const KnownPictures& known, const std::vector<std::vector<Detection>>& judged,
                          const std::vector<std::string>& class_names, uint64_t seed);

}  // namespace emf
