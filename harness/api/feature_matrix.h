// SPDX-License-Identifier: Apache-2.0
// Features between tensors and the matrices that metrics and probes read.
#pragma once

#include <ATen/core/Tensor.h>

#include "harness/api/metric.h"

namespace emf {

/// Rows of features as metrics and probes take them.
/// @param features  [N,D], any floating type.   @param identity  what they are features of.
FeatureMatrix to_matrix(const at::Tensor& features, const Json& identity);

}  // namespace emf
