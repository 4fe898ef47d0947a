// SPDX-License-Identifier: Apache-2.0
// Pictures to another size, in the ways of the libraries whose scores are compared:
// the filter alone moves a Frechet distance.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

namespace emf {

enum class ResizeFilter {
  kBilinear,           ///< torch's, corners not aligned, no antialias (pytorch-fid)
  kBilinearAntialias,  ///< torch's with antialias (torchmetrics)
  kBicubicAntialias,   ///< torch's with antialias, overshoot kept (edm2's DINOv2)
  kCleanFid,           ///< PIL's float bicubic, overshoot cut to 0..255, not rounded (clean-fid)
  kTf1,                ///< TensorFlow 1's bilinear on the grid of corners (torch-fidelity, the original FID)
};

/// "bilinear", "bilinear-antialias", "bicubic-antialias", "clean-fid", "tf1", in the order above.
const std::vector<std::string>& resize_filter_names();
/// @throws UserError  another name (names the nearest).
ResizeFilter resize_filter(const std::string& name);
const std::string& resize_filter_name(ResizeFilter filter);

/// @param pictures  [B,3,H,W] uint8 or float32 in 0..255.   @param height, width  pixels, 1 and up.
/// @return  [B,3,height,width] float32 in 0..255 (beyond it only for kBicubicAntialias).
/// @source  clean-fid 0.1.35 resize.py, torch-fidelity 0.4.0 interpolate_compat_tensorflow.py, pytorch-fid 0.3.0,
///   torchmetrics 1.9.0; equal to each within 1e-3 of 255.
at::Tensor resize(const at::Tensor& pictures, int64_t height, int64_t width, ResizeFilter filter);

}  // namespace emf
