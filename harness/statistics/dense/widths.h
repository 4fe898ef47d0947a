// SPDX-License-Identifier: Apache-2.0
// The widths that kernels.cc chooses from; only for kernels*.cc.
#pragma once

#include "harness/statistics/dense/kernels.h"

// Clang and sanitizers get the baseline alone: CMakeLists.txt knows the flags of one
// compiler, and the others need no such speed.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__)
#define EMF_DENSE_WIDTHS
#endif

namespace emf {

#ifdef EMF_DENSE_WIDTHS
DenseKernels dense_kernels_avx2();
DenseKernels dense_kernels_avx512();
#endif

}  // namespace emf
