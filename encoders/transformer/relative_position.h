// SPDX-License-Identifier: Apache-2.0
// T5's relative positions: what is added to a score depends on how far the key stands from the query.
#pragma once

#include <ATen/core/Tensor.h>

namespace emf {

/// Bidirectional: half of the buckets for keys behind the query, half for those before it; within a half, one bucket a
/// distance up to half of them, then logarithmically wider ones up to `most_distant`, beyond which all share the last.
///
/// @param bias          [buckets, H].
/// @param length        L.
/// @param most_distant  in tokens.
/// @return  [1,H,L,L], query by key.   @source  Raffel et al. 2020, Sec. 2.1, as in Mesh TensorFlow.
at::Tensor relative_position_bias(const at::Tensor& bias, int64_t length, int64_t most_distant);

}  // namespace emf
