// SPDX-License-Identifier: Apache-2.0
// The network of the scenes detector: a picture to maps of half its side (object centres, classes, colours, boxes).
#pragma once

#include <torch/nn/module.h>

#include <cstdint>
#include <vector>

#include "harness/base/json.h"
#include "harness/tensor/conv_units.h"

namespace emf {

struct DetectorSizes {
  std::vector<int64_t> widths = {32, 48, 96, 192};  ///< at 1/1, 1/2, 1/4 and 1/8 of the side
  int64_t head = 96;                                ///< of the maps' common trunk, at 1/2 of the side
  int64_t num_classes = 0, num_colors = 0;

  Json to_json() const;
  static DetectorSizes from_json(const Json& json, const std::string& origin);
};

/// What the network says of each cell; S = side / 2, cell (i, j) is centred on pixel (2j + 1, 2i + 1).
struct DetectorMaps {
  at::Tensor heat;     ///< [B,1,S,S] logits: an object's centre lies here
  at::Tensor classes;  ///< [B,num_classes,S,S] logits of the object here
  at::Tensor colors;   ///< [B,num_colors,S,S] logits of its colour
  at::Tensor sides;    ///< [B,4,S,S] pixels from the cell's centre to the box's left, top, right, bottom; > 0
};

/// Pixels of the picture between neighbouring cells.
inline constexpr int64_t kDetectorStride = 2;

/// Three stages down, two up, one trunk of 1/2 side, four maps.   @source  after CenterNet (Zhou et al. 2019) and FCOS
/// (Tian et al. 2019): a centre heat map, and box sides predicted at each cell of an object's middle.
class DetectorNetwork : public torch::nn::Module {
 public:
  DetectorNetwork(const DetectorSizes& sizes, Normalisation normalisation);
  /// Initial values, keyed by parameter names.
  void initialise(uint64_t seed);
  /// @param pictures  [B,3,H,W] float32 in -1..1, sides divisible by 8.
  DetectorMaps forward(const at::Tensor& pictures);

 private:
  DetectorSizes sizes_;
  ConvUnit stem_{nullptr}, to_2_{nullptr}, to_4_{nullptr}, to_8_{nullptr};
  ResidualBlock block_2_{nullptr}, block_4a_{nullptr}, block_4b_{nullptr}, block_8a_{nullptr}, block_8b_{nullptr};
  ConvUnit from_8_{nullptr}, from_4_{nullptr}, from_2_{nullptr}, trunk_{nullptr};
  ResidualBlock merged_4_{nullptr};
  torch::nn::Conv2d out_{nullptr};
};

}  // namespace emf
