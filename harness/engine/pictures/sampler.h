// Paints the judging prompts with a trained row at one step count.
#pragma once

#include <functional>

#include "harness/api/objective.h"
#include "harness/engine/pictures/latents.h"
#include "harness/engine/text/conditions.h"

namespace emf {

inline constexpr int64_t kGridColumns = 16;    ///< tiles a row of samples/grid.png
inline constexpr int64_t kGridPictures = 256;  ///< tiles at most: the first pictures

struct Painted {
  at::Tensor pictures;              ///< [N,3,S,S] uint8
  double seconds = 0;               ///< of sampling alone, without text and decoding
  int64_t network_evaluations = 0;  ///< a picture
};

/// Paints `count` pictures in batches.
///
/// Noise is keyed by (seed, picture), the same for every encoder, objective and step count, so comparisons are paired.
/// @param condition_of  conditions of the pictures [begin, begin + count).
Painted paint(const Objective& objective, Model& model, const TextConditions& conditions,
              const std::function<Condition(int64_t begin, int64_t count)>& condition_of, int64_t count,
              const LatentCodec& codec, int side, int64_t steps, double guidance, uint64_t seed);

/// Paints every judging prompt and writes pictures.safetensors ([P,3,S,S] uint8) and samples/grid.png.
///
/// @param prompt_rows  [P] places in PromptTable.
/// @param provenance   receives seconds_per_picture.
/// @return  result: network_evaluations a picture, guidance, pictures.
Json sample_prompts(const Objective& objective, Model& model, const TextConditions& conditions,
                    const LatentCodec& codec, int side, const at::Tensor& prompt_rows, int64_t steps, double guidance,
                    uint64_t seed, const RunFolder& folder, Json& provenance);

/// Reads pictures.safetensors of a sampling or drawing stage.
at::Tensor read_pictures(const RunFolder& folder);

}  // namespace emf
