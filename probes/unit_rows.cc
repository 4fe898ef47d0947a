// SPDX-License-Identifier: Apache-2.0
#include "probes/unit_rows.h"

#include <cmath>

namespace emf {

Rows checked_rows(const FeatureMatrix& features, int64_t rows, const std::string& what) {
  if (features.rows != rows || features.columns < 1) {
    fail_input("{}: {} rows of {} features for {} prompts; give one row a prompt", what, features.rows,
               features.columns, rows);
  }
  ensure(static_cast<int64_t>(features.values.size()) == features.rows * features.columns,
         "{} feature values for {} rows of {}", features.values.size(), features.rows, features.columns);
  const Rows result = Eigen::Map<const Rows>(features.values.data(), features.rows, features.columns);
  for (Eigen::Index row = 0; row < result.rows(); ++row) {
    if (!result.row(row).allFinite()) fail_input("{}: features of prompt {} are not finite", what, row);
  }
  return result;
}

Rows unit_rows(const Rows& rows, const Eigen::RowVectorXd& center) {
  Rows result = rows.rowwise() - center;
  // What rounding leaves of a row that equals the center is not a direction.
  const double noise = 1e-12 * (center.norm() + rows.rowwise().norm().maxCoeff());
  for (Eigen::Index row = 0; row < result.rows(); ++row) {
    const double length = result.row(row).norm();
    if (length > noise) {
      result.row(row) /= length;
    } else {
      result.row(row).setZero();
    }
  }
  return result;
}

Rows unit_rows(const Rows& rows) { return unit_rows(rows, Eigen::RowVectorXd::Zero(rows.cols())); }

}  // namespace emf
