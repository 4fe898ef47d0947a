// SPDX-License-Identifier: Apache-2.0
// Softens and disturbs pictures, so that a judge trained on clean renders also reads soft, noisy and bent ones.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace emf {

/// A quarter of the rows stay as they are; each other row gets some of: a smooth warp (about a pixel), a Gaussian blur
/// (sigma up to 1.3 pixels), a lower resolution (a half to three quarters), gains and offsets a channel, white noise.
///
/// Made by hand-written operations only, never by a generator or an autoencoder, so the judge favours none of them.
/// @param pictures  [B,3,S,S] float32 in 0..1.
/// @param indices   [B] sample indices: what a row gets is a function of (seed, index).
/// @return  [B,3,S,S] float32 in 0..1, channels_last.
at::Tensor augment_pictures(const at::Tensor& pictures, uint64_t seed, const std::vector<uint64_t>& indices);

}  // namespace emf
