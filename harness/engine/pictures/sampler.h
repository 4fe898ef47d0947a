// SPDX-License-Identifier: Apache-2.0
// Paints prompts with a trained row at one step count.
#pragma once

#include <functional>

#include "harness/api/codec.h"
#include "harness/api/objective.h"
#include "harness/engine/store/run_store.h"
#include "harness/engine/text/conditions.h"

namespace emf {

inline constexpr int64_t kGridColumns = 16;    ///< tiles a row of samples/grid.png
inline constexpr int64_t kGridPictures = 256;  ///< tiles at most: the first pictures

struct Painted {
  at::Tensor pictures;              ///< [N,3,H,W] uint8
  double seconds = 0;               ///< of sampling alone, without text and decoding
  int64_t network_evaluations = 0;  ///< a picture
};

/// Sides of the pictures, pixels.
struct PictureSides {
  int64_t height = 0, width = 0;
};

/// Conditions of the pictures [begin, begin + count).
using ConditionOf = std::function<Condition(int64_t begin, int64_t count)>;

/// What the pictures [begin, begin + count) are sampled from: noise by (seed, picture), conditions with and without
/// text.
SamplerRequest sampler_request(const TextConditions& conditions, const ConditionOf& condition_of, int64_t begin,
                               int64_t count, const LatentShape& shape, int64_t steps, double guidance, uint64_t seed,
                               const at::Device& device);

/// Paints `count` pictures in batches.
///
/// Noise is keyed by (seed, picture), the same for every encoder, objective and step count, so comparisons are paired.
Painted paint(const Objective& objective, const Model& model, const TextConditions& conditions,
              const ConditionOf& condition_of, int64_t count, const Codec& codec, PictureSides sides, int64_t steps,
              double guidance, uint64_t seed);

/// Paints every prompt and writes pictures.safetensors ([P,3,H,W] uint8) and samples/grid.png.
///
/// @param provenance   receives seconds_per_picture.
/// @return  result: network_evaluations a picture, guidance, steps, pictures.
Json sample_prompts(const Objective& objective, const Model& model, const TextConditions& conditions,
                    const ConditionOf& condition_of, int64_t count, const Codec& codec, PictureSides sides,
                    int64_t steps, double guidance, uint64_t seed, const RunFolder& folder, Json& provenance);

/// Writes pictures.safetensors and samples/grid.png of a sampling or drawing stage.
void write_pictures(const at::Tensor& pictures, const RunFolder& folder);
/// Reads pictures.safetensors of a sampling or drawing stage.
at::Tensor read_pictures(const RunFolder& folder);

}  // namespace emf
