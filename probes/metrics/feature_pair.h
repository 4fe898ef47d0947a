// SPDX-License-Identifier: Apache-2.0
// Two sets of features that may be compared: checked, and as Eigen sees them.
#pragma once

#include <Eigen/Core>
#include <string>
#include <vector>

#include "harness/api/metric.h"

namespace emf {

using RowMatrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using RowMatrixMap = Eigen::Map<const RowMatrix>;

/// Valid while the MetricInput it was made of is.
struct FeaturePair {
  RowMatrixMap real, generated;  ///< [N, D], [M, D]
  Json identity;                 ///< of the features, equal on both sides
  std::vector<std::string> warnings;
};

/// "layer is 3 and 4": the first fact on which two identities, objects both, differ.
std::string first_difference(const Json& a, const Json& b);

/// One set: present, large enough, finite.  @param side  "real" or "generated", for errors.
RowMatrixMap checked_features(const FeatureMatrix* features, const char* side, const std::string& metric,
                              int64_t least_rows);

/// @param metric  names it in errors.  @param least_rows  each set needs.
/// @throws UserError  a set absent, too small, not finite (names the row), of another D, or features of
/// something else.
FeaturePair checked_pair(const MetricInput& input, const std::string& metric, int64_t least_rows);

/// A value with what every comparison of features says of itself.
MetricValue feature_value(const FeaturePair& pair, const std::string& name, double value);

}  // namespace emf
