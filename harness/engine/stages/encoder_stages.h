// SPDX-License-Identifier: Apache-2.0
// Where an encoder's values come from when it has none of its own: a pretraining, or what a row's training left.
#pragma once

#include <memory>

#include "harness/engine/store/stage.h"
#include "harness/engine/text/encoder_source.h"
#include "harness/engine/training/pretrainer.h"

namespace emf {

/// Trains an encoder from nothing, as registered: layers and poolings are questions of reading, not of training.
StageSpec pretrain_stage(const EncoderSource& source, const std::shared_ptr<const Corpus>& corpus,
                         const TrainOptions& train, const Options& options);

/// An encoder's values out of a row's last training stage.
StageSpec encoder_values_stage(const std::string& row, const StagePointer& train);

}  // namespace emf
