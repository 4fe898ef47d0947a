// SPDX-License-Identifier: Apache-2.0
// The launchers of this room as a table.
#pragma once

#include "harness/kernels/fused/launchers.h"

namespace emf::fused {

/// All of launch_functions.h; what is left open is the stream, and whether there is a card.
Launchers cuda_launchers();

}  // namespace emf::fused
