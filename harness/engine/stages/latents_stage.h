// SPDX-License-Identifier: Apache-2.0
// Training pictures as latents: a shard a stage, shared by every row of every suite on the same data and codec.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "harness/api/codec.h"
#include "harness/api/dataset.h"
#include "harness/engine/pictures/latents.h"
#include "harness/engine/store/stage.h"

namespace emf {

/// Pictures a stage: few enough for all cores to share the work.
inline constexpr int64_t kShardPictures = 4096;

/// Pictures [begin, end) of the training part.
StageSpec latents_stage(const std::shared_ptr<const Dataset>& dataset, const std::shared_ptr<const Codec>& codec,
                        int64_t begin, int64_t end);

/// All of a pool's pictures, in order.
std::vector<StagePointer> add_latents(StageList& stages, const std::shared_ptr<const Dataset>& dataset,
                                      const std::shared_ptr<const Codec>& codec, int64_t pool);

/// The training pictures, read once by whichever stage comes first and shared by all.
using TrainingSetReader = std::function<std::shared_ptr<const TrainingSet>()>;
TrainingSetReader training_set_reader(std::vector<StagePointer> shards, int64_t pool);

}  // namespace emf
