// SPDX-License-Identifier: Apache-2.0
// Trains the scenes detector. Knows neither autoencoder nor generators.
#pragma once

#include "harness/instruments/instrument_training.h"
#include "harness/judges/detector_network.h"
#include "harness/tensor/placement.h"

namespace emf {

struct DetectorRecipe {
  DetectorSizes sizes;
  InstrumentTraining training;
  double mush = 0;  ///< share of pictures that are averages, in which nothing is to be found

  /// num_classes and num_colors are the dataset's.
  static DetectorRecipe read(const Config& suite, const Dataset& dataset);
  Json to_json() const;
};

/// A batch of which a share of rows, a function of (seed, index), are averages of 2 to 16 pictures of the row's prompt,
/// without a box: what few-step generators paint instead of a picture, and a judge must not take for one.
void mix_in_mush(PictureBatch& batch, const Dataset& dataset, double share, uint64_t seed);

/// What the maps of one batch should say.
struct DetectorTargets {
  at::Tensor heat;     ///< [B,1,S,S]: Gaussians of the boxes' sizes, 1 at the cell of each centre
  at::Tensor cells;    ///< [P] int64 flat (picture, row, column) of cells in the middle of an object
  at::Tensor weights;  ///< [P] their heat
  at::Tensor classes;  ///< [P] int64
  at::Tensor colors;   ///< [P] int64, -1 where the object has its natural colours
  at::Tensor sides;    ///< [P,4] pixels to the box's left, top, right, bottom
  int64_t num_objects = 0;
};

/// @param side  of the pictures, pixels.
DetectorTargets detector_targets(const std::vector<Sample>& samples, int64_t side);

/// Focal loss on the heat map (CenterNet's), cross-entropy of classes and known colours and generalised IoU in the
/// middle of objects.
LossResult detector_loss(const DetectorMaps& maps, const DetectorTargets& targets);

/// Trains, estimates normalisation statistics for the averaged weights, folds them.
/// @return  tensors of the kFolded network.
NamedTensors train_detector(const DetectorRecipe& recipe, const Dataset& dataset, const RunFolder& folder,
                            const Placement& placement = {});

}  // namespace emf
