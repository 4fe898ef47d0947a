// SPDX-License-Identifier: Apache-2.0
// Softmax attention over heads.
#pragma once

#include "harness/tensor/dual.h"

namespace emf {

/// o = softmax(q k^T / sqrt(d) + mask) v, heads split and merged inside.
/// jvp with P the attention matrix, S' = (q' k^T + q k'^T) / sqrt(d):  P' = P (S' - rowsum(P S')),  o' = P' v + P v'.
///
/// @param q  [B,N,H*d].  @param k, v  [B,M,H*d]. Any of the three may carry a tangent, all of the same K.
/// @param mask  [B,M] bool, true = may be attended, at least one a row; undefined = all.
/// @return [B,N,H*d].   @throws InternalError  tangents of different K.
/// @cost  4 B N M H d and, for the tangent, 4 (q alone moves: text) or 8 (all three do) times K N M H d.
Dual attention(const Dual& q, const Dual& k, const Dual& v, int64_t num_heads, const at::Tensor& mask = {});

}  // namespace emf
