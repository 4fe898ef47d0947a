// SPDX-License-Identifier: Apache-2.0
// A step's loss taken over parts of its rows, one after the other, so that only one part's activations are in memory.
#pragma once

#include <cstdint>
#include <functional>

#include "harness/api/objective.h"

namespace emf {

/// Rows [begin, begin + count) of a draw made on the host; r < t is counted anew.
Draw rows_of(const Draw& draw, int64_t begin, int64_t count);

/// The mean over `rows` rows of what `loss_of` gives for parts of at most `micro_batch` rows (0: all at once).
/// Gradients of all parts but the last are added to the leaves on the way; the result's graph is that of the last
/// alone, its value that of all.
/// @param loss_of  loss and numbers of rows [begin, begin + count), each a mean over them.
LossResult loss_by_parts(int64_t rows, int64_t micro_batch,
                         const std::function<LossResult(int64_t begin, int64_t count)>& loss_of);

}  // namespace emf
