// Paints the judging prompts with a trained row at one step count.
#pragma once

#include "harness/api/objective.h"
#include "harness/engine/text_conditions.h"
#include "harness/engine/training_set.h"

namespace emf {

inline constexpr int64_t kGridColumns = 16;    ///< tiles a row of samples/grid.png
inline constexpr int64_t kGridPictures = 256;  ///< tiles at most: the first pictures

/// Samples every judging prompt once and writes pictures.safetensors ([P,3,S,S] uint8) and samples/grid.png.
///
/// Noise is keyed by (seed, prompt row), the same for every encoder, objective and step count, so comparisons are paired.
/// @param prompt_rows  [P] rows of PromptTable::all().
/// @param provenance   receives seconds_per_picture (sampling alone, without decoding).
/// @return  result: network_evaluations a picture, guidance, pictures.
Json sample_prompts(const Objective& objective, Model& model, const TextConditions& conditions, const LatentCodec& codec,
                    int side, const at::Tensor& prompt_rows, int64_t steps, double guidance, uint64_t seed,
                    const RunFolder& folder, Json& provenance);

/// Reads pictures.safetensors of a sampling or drawing stage.
at::Tensor read_pictures(const RunFolder& folder);

}  // namespace emf
