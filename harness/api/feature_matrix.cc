// SPDX-License-Identifier: Apache-2.0
#include "harness/api/feature_matrix.h"

namespace emf {

FeatureMatrix to_matrix(const at::Tensor& features, const Json& identity) {
  const at::Tensor rows = features.to(at::kDouble).contiguous();
  FeatureMatrix matrix;
  matrix.rows = rows.size(0);
  matrix.columns = rows.size(1);
  matrix.values.assign(rows.const_data_ptr<double>(), rows.const_data_ptr<double>() + rows.numel());
  matrix.identity = identity;
  return matrix;
}

}  // namespace emf
