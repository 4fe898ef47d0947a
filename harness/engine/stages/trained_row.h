// A row of a suite with its trained weights: what paints pictures.
#pragma once

#include <functional>
#include <memory>

#include "harness/api/objective.h"
#include "harness/engine/suite/suite_file.h"
#include "harness/engine/text/conditions.h"

namespace emf {

/// Makes the suite's model anew, with the initial values of a seed.
using ModelMaker = std::function<std::unique_ptr<Model>(int64_t seed, int64_t condition_dimension)>;

/// @param latent_shape  [C,H,W] of what the model paints.   @throws UserError  a bad [model] table (file and line).
ModelMaker model_maker(const SuiteSpec& spec, const std::vector<int64_t>& latent_shape);

struct TrainedRow {
  std::shared_ptr<Encoder> encoder;
  TextConditions conditions;
  std::unique_ptr<Model> model;
};

/// Loads the averaged weights of a finished training stage.
/// @param features, train  the row's folders.   @cost  reads both files whole.
TrainedRow load_trained_row(const EncoderSource& source, const ModelMaker& make_model, const RunFolder& features,
                            const RunFolder& train);

}  // namespace emf
