// SPDX-License-Identifier: Apache-2.0
// Trains the scenes autoencoder and writes its instrument file.
#pragma once

#include "harness/codecs/scenes_autoencoder.h"
#include "harness/instruments/instrument_training.h"
#include "harness/tensor/placement.h"

namespace emf {

struct AutoencoderRecipe {
  AutoencoderSizes sizes;
  InstrumentTraining training;
  double latent_noise = 0.2;  ///< largest standard deviation of noise on the standardised latents
  double box_weight = 1;      ///< extra weight of pixels inside objects
  double edge_weight = 0.5;   ///< of the absolute error of differences between neighbouring pixels
  bool shipped = false;       ///< the shipped one is kept, and none trained
  std::string start;          ///< shipped autoencoder whose weights training starts from; empty: from chance

  static AutoencoderRecipe read(const Config& suite);
  Json to_json() const;
};

/// The training loss of a batch.
///
/// Latents are standardised a channel by the batch and get white noise of a level drawn for each picture, so that
/// nearby latents decode to similar pictures; the picture's error is |d| + 2 d^2 + edge_weight |grad d|, objects
/// weighing 1 + box_weight. The judge (the detector) has no part in it.
LossResult autoencoder_loss(AutoencoderNetwork& network, const PictureBatch& batch, const AutoencoderRecipe& recipe);

/// Trains, measures the latents' mean and deviation, and writes `file`.
/// @return  result: sha256, size, parameters.
Json train_autoencoder(const AutoencoderRecipe& recipe, const Dataset& dataset, const RunFolder& folder,
                       const std::filesystem::path& file, const Placement& placement = {});

}  // namespace emf
