// What instruments get wrong: GenEval scores of known pictures, boxes and colours missed, thresholds fixed by agreement.
#pragma once

#include <ATen/ATen.h>

#include <string>
#include <vector>

#include "harness/api/dataset.h"
#include "harness/base/geneval_rule.h"
#include "harness/models/autoencoder.h"
#include "harness/models/detector.h"

namespace emf {

/// Pictures of known prompts, never seen in training.
struct KnownPictures {
  std::vector<GenEvalMetadata> prompts;       ///< one a picture
  std::vector<std::vector<Detection>> truth;  ///< what a perfect judge would report, score 1
  at::Tensor pictures;                        ///< [N,3,S,S] uint8
};

/// @param count  different prompts, at most as many as the world has.  @param repeats  pictures a prompt.
KnownPictures draw_known_pictures(const Dataset& dataset, int count, int repeats, uint64_t seed);

/// The judge's boxes of pictures.   @param pictures  [N,3,S,S] uint8 or float32.
std::vector<std::vector<Detection>> judge(const Detector& detector, const at::Tensor& pictures);

/// GenEval of pictures that show what their prompts say: the ceiling of whatever is judged by this detector.
/// @return  {"overall", "ci95", "pictures", "tasks": {tag: {"correct","total","score"}}}
Json known_scores(const KnownPictures& known, const std::vector<std::vector<Detection>>& judged,
                  const GenEvalOptions& options);

/// Recall and precision of boxes (same class, IoU at least 0.5), their mean IoU, colour accuracy and confusion.
Json box_errors(const KnownPictures& known, const std::vector<std::vector<Detection>>& judged, float threshold);

/// Mean squared error (pictures in 0..1) and PSNR of decode(encode(pictures)), rounded to bytes.
Json reconstruction_error(const Autoencoder& autoencoder, const at::Tensor& pictures);

/// A prompt that differs from `prompt` in one fact: a count by one, a colour, a side, or a class.
GenEvalMetadata near_miss(const GenEvalMetadata& prompt, const std::vector<std::string>& class_names, uint64_t seed,
                          uint64_t index);

/// Thresholds at which the judge's verdicts agree best with the truth, over each picture's own prompt (to be accepted) and a
/// near miss of it (to be refused), tasks and both kinds weighing the same; within a hundredth of the best agreement, the
/// threshold with the best F1 of boxes.
/// @return  {"threshold", "counting_threshold", "agreement", "counting_agreement"}
Json calibrate_thresholds(const KnownPictures& known, const std::vector<std::vector<Detection>>& judged,
                          const std::vector<std::string>& class_names, uint64_t seed);

}  // namespace emf
