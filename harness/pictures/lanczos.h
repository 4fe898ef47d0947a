// SPDX-License-Identifier: Apache-2.0
// Reducing Lanczos as Pillow does it, to the byte.
#pragma once

#include <cstdint>
#include <span>

namespace emf::pictures {

/// A window of a picture that is thought of but never made: the source resized to height x width, of which rows top to
/// top + rows - 1 and columns left to left + columns - 1 are wanted.
struct Window {
  int height = 0, width = 0;
  int top = 0, left = 0, rows = 0, columns = 0;
};

/// Pillow's Image.resize(..., LANCZOS) of an RGB picture, then its crop: a sinc of three lobes, widened when it shrinks
/// so that it also keeps out what the smaller picture cannot hold. First along rows, then along columns, rounded to
/// bytes between the two, weights being doubles that are rounded to 22 binary places.
///
/// @param source  source_height * source_width * 3 bytes, row by row.
/// @param target  window.rows * window.columns * 3 bytes, all overwritten.
/// @cost  about 3 (source + target pixels) (6 shrinkage + 1) multiplications.
/// @source  Pillow 13, src/libImaging/Resample.c: precompute_coeffs, normalize_coeffs_8bpc,
///   ImagingResampleHorizontal_8bpc.
void resize_lanczos(std::span<const uint8_t> source, int source_height, int source_width, const Window& window,
                    std::span<uint8_t> target);

}  // namespace emf::pictures
