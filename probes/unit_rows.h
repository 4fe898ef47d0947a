// SPDX-License-Identifier: Apache-2.0
// Rows of features as directions, so that a cosine is a dot product.
#pragma once

#include <Eigen/Core>
#include <string>

#include "harness/api/metric.h"

namespace emf {

using Rows = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// Cosines nearer than this are ties: equal features may differ in the last digits of a blocked matrix
/// product.
inline constexpr double kTie = 1e-12;

/// @param what  names the features in errors.  @throws UserError  a value that is not finite; another number
/// of rows.
Rows checked_rows(const FeatureMatrix& features, int64_t rows, const std::string& what);

/// Every row over its length, after taking `center` away; rows without length stay zero (cosine 0 with
/// everything).
Rows unit_rows(const Rows& rows, const Eigen::RowVectorXd& center);
Rows unit_rows(const Rows& rows);

}  // namespace emf
