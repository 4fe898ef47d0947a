// SPDX-License-Identifier: Apache-2.0
// Where and with what a stage ran.
#pragma once

#include <string>

#include "harness/base/json.h"

namespace emf {

/// Commit, host, compiler, instruction set ("simd", as ATen uses it), LibTorch and the other libraries that compute.
/// Never part of a result.
Json describe_machine();

/// What last bits follow: "AVX512, LibTorch 2.13.0", of this process.
std::string machine_kind();
/// Likewise of a provenance or a checkpoint that was made otherwise; "" where that is this process's, or not told.
std::string other_machine(const Json& provenance);

}  // namespace emf
