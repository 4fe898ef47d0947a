// SPDX-License-Identifier: Apache-2.0
// What this build is called.
#pragma once

/// For string literals that are put together by the preprocessor.
#define EMF_VERSION "0.1.0"

namespace emf {

inline constexpr const char* kVersion = EMF_VERSION;

}  // namespace emf
