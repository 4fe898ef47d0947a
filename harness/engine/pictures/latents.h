// SPDX-License-Identifier: Apache-2.0
// The pictures a suite trains on, as the generator sees them: what a codec makes of them.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "harness/api/codec.h"
#include "harness/api/dataset.h"
#include "harness/engine/store/run_store.h"

namespace emf {

/// Different pictures among a dataset's first `pool` samples: sample i shows picture i mod this.
int64_t training_pictures(const Dataset& dataset, int64_t pool);

/// Draws training pictures [begin, end) and writes latents.safetensors: x [end - begin,C,h,w].
Json encode_training_pictures(const Dataset& dataset, const Codec& codec, int64_t begin, int64_t end,
                              const RunFolder& folder);

/// Training pictures in memory, shared by all rows of a suite.
struct TrainingSet {
  at::Tensor x;      ///< [pictures,C,h,w] float32
  int64_t pool = 0;  ///< samples: sample i shows picture i mod pictures, with caption i of the dataset

  /// @param samples  [B] int64 below pool, on the host.   @return  [B,C,h,w], where x lies.
  at::Tensor gather(const at::Tensor& samples) const;
  /// The same set with x on the device, where it is small enough beside a network; else as it is.
  TrainingSet near(const at::Device& device) const;
};

/// Joins the shards encode_training_pictures wrote, in their order.
TrainingSet load_training_set(const std::vector<const RunFolder*>& shards, int64_t pool);

}  // namespace emf
