// SPDX-License-Identifier: Apache-2.0
// Features with a known distribution, for tests of distances.
#pragma once

#include "harness/api/metric.h"
#include "harness/base/random.h"

namespace emf {

/// [rows, columns] standard normal numbers that belong to the seed, all of them shifted.
inline FeatureMatrix normal_features(int64_t rows, int64_t columns, uint64_t seed, double shift = 0) {
  FeatureMatrix features{{}, rows, columns, Json::object()};
  for (int64_t i = 0; i < rows; ++i) {
    Random random(seed, "normal_features", static_cast<uint64_t>(i));
    for (int64_t j = 0; j < columns; ++j) features.values.push_back(shift + random.normal());
  }
  return features;
}

}  // namespace emf
