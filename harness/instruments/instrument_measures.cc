// SPDX-License-Identifier: Apache-2.0
#include "harness/instruments/instrument_measures.h"

#include <torch/nn/module.h>
#include <algorithm>
#include <cmath>
#include <map>

#include "harness/base/error.h"
#include "harness/base/random.h"
#include "harness/captions/grammar.h"
#include "harness/instruments/instrument_training.h"
#include "harness/statistics/statistics.h"

namespace emf {
namespace {

/// A round number of digits: measured errors carry no more.
double rounded(double value) { return std::round(value * 1e4) / 1e4; }

/// Mean over tasks of the mean of the shares accepted and refused rightly.
double agreement(const KnownPictures& known, const std::vector<GenEvalMetadata>& misses,
                 const std::vector<std::vector<Detection>>& judged, const GenEvalOptions& options, bool counting) {
  std::map<std::string, std::array<double, 2>> tasks;  // right verdicts, verdicts
  for (size_t i = 0; i < judged.size(); ++i) {
    if ((known.prompts[i].tag == "counting") != counting) continue;
    auto& [right, total] = tasks[known.prompts[i].tag];
    for (const GenEvalMetadata* prompt : {&known.prompts[i], &misses[i]}) {
      const bool truth = geneval_verdict(*prompt, known.truth[i], GenEvalOptions{}).correct;
      right += geneval_verdict(*prompt, judged[i], options).correct == truth ? 1 : 0;
      total += 1;
    }
  }
  double sum = 0;
  for (const auto& [tag, counts] : tasks) sum += counts[0] / counts[1];
  return tasks.empty() ? 0 : sum / static_cast<double>(tasks.size());
}

}  // namespace

Json reconstruction_error(const Autoencoder& autoencoder, const at::Tensor& pictures) {
  const at::Tensor rebuilt = (autoencoder.decode(autoencoder.encode(pictures)) * 255).round().cpu() / 255;
  const double error = (rebuilt - pictures.to(at::kFloat) / 255).square().mean().item<double>();
  return {{"mse", std::round(error * 1e7) / 1e7},
          {"psnr_db", rounded(-10 * std::log10(error))},
          {"pictures", pictures.size(0)}};
}

Json calibrate_thresholds(const KnownPictures& known, const std::vector<std::vector<Detection>>& judged,
                          const std::vector<std::string>& class_names, uint64_t seed) {
  std::vector<GenEvalMetadata> misses;
  for (size_t i = 0; i < known.prompts.size(); ++i) misses.push_back(near_miss(known.prompts[i], class_names, seed, i));
  Json result;
  for (const bool counting : {false, true}) {
    struct Trial {
      double threshold, agreement, f1;
    };
    std::vector<Trial> trials;
    double best = 0;
    for (int step = 2; step <= 18; ++step) {
      GenEvalOptions options;
      options.threshold = options.counting_threshold = static_cast<float>(step) * 0.05f;
      const Json boxes = box_errors(known, judged, options.threshold);
      const double recall = boxes.at("recall"), precision = boxes.at("precision");
      trials.push_back({step * 0.05, agreement(known, misses, judged, options, counting),
                        recall + precision == 0 ? 0 : 2 * recall * precision / (recall + precision)});
      best = std::max(best, trials.back().agreement);
    }
    // Agreement hardly depends on the threshold as long as pictures are clean; among the thresholds that lose no more
    // than a hundredth of it, the one with the truest boxes is the safest for pictures that are not.
    const Trial* chosen = nullptr;
    for (const Trial& trial : trials) {
      if (trial.agreement >= best - 0.01 && (chosen == nullptr || trial.f1 > chosen->f1)) chosen = &trial;
    }
    result[counting ? "counting_threshold" : "threshold"] = rounded(chosen->threshold);
    result[counting ? "counting_agreement" : "agreement"] = rounded(chosen->agreement);
  }
  return result;
}

}  // namespace emf
