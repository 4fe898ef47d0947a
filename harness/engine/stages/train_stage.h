// SPDX-License-Identifier: Apache-2.0
// A stretch of a row's training.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "harness/api/objective.h"
#include "harness/engine/stages/latents_stage.h"
#include "harness/engine/text/conditions.h"
#include "harness/engine/text/encoder_source.h"
#include "harness/engine/training/checkpoint.h"
#include "harness/engine/training/trainer.h"

namespace emf {

/// Makes a network anew, with the initial values of a seed: what stages of one row share.
struct ModelMaker {
  std::string name;  ///< of the registry
  Options options;
  ModelShape shape;
  ModelDemands demands;
  uint64_t seed = 0;
  Placement placement;

  /// @throws UserError  bad options (file and line), or demands that the network does not meet.
  std::unique_ptr<Model> make() const;
  /// Likewise for another objective's demands.
  ModelMaker with(const ModelDemands& more) const;
};

/// What a segment of training is made of.
struct TrainingPlan {
  std::string label;
  EncoderSource source;
  std::shared_ptr<const Objective> objective;
  ModelMaker model;
  TrainOptions options;
  Segment segment;                    ///< its `start` is filled in
  std::vector<StagePointer> latents;  ///< all shards
  TrainingSetReader read_set;
  StagePointer texts;   ///< of training_texts_stage
  StagePointer before;  ///< the segment before; null at the beginning
  int64_t pool = 0;
};

/// Depends on the objective's, the model's and the encoder's fingerprints, on the data and on the training options; not
/// on the names that a suite gives to any of them, and not on what is judged.
StageSpec train_stage(const TrainingPlan& plan);

/// What of a training decides its outcome, budget and data apart.
Json training_spec(const TrainOptions& train);

/// A row with its trained weights: what paints pictures.
struct TrainedRow {
  std::shared_ptr<Encoder> encoder;
  TextConditions conditions;
  std::unique_ptr<Model> model;
};

/// Loads the averaged weights of a finished training stage.   @throws DamagedStage  it or the texts are not sound.
/// @param objective  that samples the row; its leaves, if it has any, are filled too.   @cost  reads the checkpoint
///   whole.
TrainedRow load_trained_row(const EncoderSource& source, const ModelMaker& model, const Objective& objective,
                            const RunFolder& texts, const RunFolder& train);

}  // namespace emf
