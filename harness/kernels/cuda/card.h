// SPDX-License-Identifier: Apache-2.0
// Whether there is something to launch kernels on.
#pragma once

namespace emf::fused {

/// Whether the driver shows a card; asked once.
bool has_card();

}  // namespace emf::fused
