// SPDX-License-Identifier: Apache-2.0
// Rotary positions as config.json describes them, in each of the forms that libraries wrote over the years.
#pragma once

#include <vector>

#include "harness/weights/checkpoint_config.h"

namespace emf {

/// How positions turn the pairs of a head.
struct RotaryPositions {
  std::vector<double> frequencies;  ///< radians a position turns each pair: [head_size / 2]
  double scale = 1;                 ///< of cosines and sines: yarn and longrope sharpen attention by it
  int64_t context = 0;              ///< positions beyond which other frequencies hold, which are not built; 0 = none
};

/// What rope_parameters or rope_scaling say, of one kind of layer.
/// @param parameters  {"rope_theta", "rope_type" or "type": default|linear|dynamic|yarn|longrope|llama3, "factor" ...}.
/// @param theta      where the table names none.
/// @param positions  max_position_embeddings of the model.
/// @throws UserError  a kind that is not built, a key that its kind needs.
/// @source  Su et al. 2021 (RoPE); Chen et al. 2023 (linear); Peng et al. 2023 (NTK, YaRN); Ding et al. 2024
///          (LongRoPE); Llama 3's as in transformers' modeling_rope_utils.py.
RotaryPositions rotary_positions(const CheckpointConfig& parameters, double theta, int64_t head_size,
                                 int64_t positions);

/// The table that holds for all layers: rope_scaling where it is not empty, else rope_parameters, and rope_theta beside
/// them where the table has none (transformers 5 writes the second; the first is older or added by hand).
/// @param with_scaling  false: rope_scaling is passed over.
RotaryPositions rotary_positions_of(const CheckpointConfig& file, double theta, int64_t head_size, int64_t positions,
                                    bool with_scaling = true);

}  // namespace emf
