// SPDX-License-Identifier: Apache-2.0
// Trains a text encoder from nothing on the captions of datasets, whatever its pretraining objective.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "harness/api/dataset.h"
#include "harness/api/pretraining.h"
#include "harness/engine/store/run_store.h"
#include "harness/engine/training/options.h"

namespace emf {

/// Captions of several datasets in turn: caption i is that of sample i / n of dataset i mod n, a share of them said in
/// other words. A function of i alone, so that every encoder reads the same.
class Corpus {
 public:
  /// @throws UserError  pictures of unequal sizes.
  Corpus(std::vector<std::shared_ptr<const Dataset>> datasets, double paraphrase, uint64_t seed);

  Json fingerprint() const;
  const std::vector<std::shared_ptr<const Dataset>>& datasets() const { return datasets_; }
  /// Captions [first, first + count), with what `pretraining` needs beside them.
  PretrainingBatch batch(int64_t first, int64_t count, const Pretraining& pretraining) const;

 private:
  std::vector<std::shared_ptr<const Dataset>> datasets_;
  double paraphrase_;
  uint64_t seed_;
};

/// Trains and writes encoder.safetensors: the averaged values, under the encoder's own names. The final checkpoint
/// stays for a call that finds its training finished; whoever marks the stage as done removes it.
/// @param encoder  trainable, with initial values.
/// @return  as TrainingLoop::run, counted in captions; "parameters" are the encoder's, "parameters_beside" what is
///   thrown away,
///   "accuracy" that of the last hundredth of the budget.
/// @throws UserError  as TrainingLoop::run.
Json pretrain_encoder(const Encoder& encoder, const Pretraining& pretraining, const Corpus& corpus,
                      const TrainOptions& options, uint64_t seed, const std::string& label, const RunFolder& folder,
                      const Placement& placement = {});

}  // namespace emf
