// SPDX-License-Identifier: Apache-2.0
// Pooled features and top classes of EfficientNet-lite0 on two synthetic inputs, from PyTorch functional calls over
// the original checkpoint (efficientnet-lite0-57934424.pth, sha256 57934424...ab77db): visual_efficientnet_lite0.json,
// rows sin0 and sin1, made by make_encoder_golden.py.
#pragma once

#include <array>

namespace emf::oracle {

struct Lite0Row {
  double step;  ///< x[c,i,j] = sin(step (7c + 3i + 5j)), 3 x 224 x 224, fed as it is
  double input_norm;
  std::array<double, 16> pooled;  ///< the first 16 of 1,280
  double pooled_norm;
  std::array<int, 5> top5;  ///< ImageNet-1k indices
  std::array<double, 5> top5_logits;
};

inline constexpr Lite0Row kLite0Rows[] = {
    {0.05,
     274.33337,
     {0.005526414, 0.0, 0.0, 0.0, 0.0, 0.0, 0.5985072, 0.7390407, 0.0, 0.0, 0.0, 0.0, 0.579702, 0.01231805, 0.02232585,
      0.0},
     18.668368,
     {807, 905, 686, 677, 753},
     {8.947884, 6.42289, 4.093564, 3.760915, 3.744685}},
    {0.1,
     274.34823,
     {0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.9237338, 0.0, 0.0, 0.0, 0.0723428, 0.718077, 0.0, 0.0, 0.009478867},
     17.377037,
     {905, 807, 579, 789, 892},
     {7.241679, 6.151781, 4.304203, 4.132809, 3.987673}},
};

}  // namespace emf::oracle
