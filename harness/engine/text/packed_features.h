// SPDX-License-Identifier: Apache-2.0
// Features of many texts without padding, made in batches of like length.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "harness/api/encoder.h"

namespace emf {

enum class FeatureContent {
  kPooled,  ///< means over tokens alone
  kTokens,  ///< tokens, and their means
};

/// Features of n texts. Tokens stand in order, without gaps where an encoder's mask has some.
struct PackedFeatures {
  std::vector<int64_t> offsets;  ///< [n+1]: text i has tokens offsets[i] .. offsets[i + 1] - 1
  at::Tensor tokens;             ///< [T,D] float32; undefined, and no offsets, when only means were asked for
  at::Tensor pooled;             ///< [n,D] float32, plain means over tokens
};

/// Places in `lengths`, cut into batches of like length that hold few enough
/// tokens, real and padding, to stay in cache.
std::vector<std::vector<int64_t>> batches_by_length(const std::vector<int64_t>& lengths);

/// Where each row's last real token stands, plus one.   @param mask  [B,L] bool.
std::vector<int64_t> lengths_of(const at::Tensor& mask);

/// One forward a batch of like length. Which texts share a batch follows from `inputs` alone: equal inputs, equal bits.
/// @throws UserError  interrupted (kInterrupted); as Encoder::forward.
PackedFeatures encode_packed(const Encoder& encoder, const TokenInputs& inputs, FeatureContent content);

/// Tokens padded on the right to the longest text.   @return  tokens [n,L,D], mask [n,L].
TextFeatures unpack(const PackedFeatures& features);

/// Mean of `count` >= 1 rows of `size` values, summed in double in their order: a text's mean is the same bits
/// whether it is taken when encoding or of cached tokens.
void mean_row(const float* rows, int64_t count, int64_t size, float* out);

}  // namespace emf
