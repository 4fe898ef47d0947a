// SPDX-License-Identifier: Apache-2.0
// From types and widths known at run time to those of templates, for launchers on the device and on the host alike.
#pragma once

#include "harness/kernels/cuda/element.h"

namespace emf::fused {

template <int kThreadsOfRow, int kQuadsOfThread>
struct GroupShape {
  static constexpr int kThreads = kThreadsOfRow, kQuads = kQuadsOfThread;
};

/// f(Stream(), Narrow()) of the two types.   @return  false where no kernel has them.
template <class F>
bool with_types(ElementType stream, ElementType narrow, const F& f) {
  if (stream == ElementType::kFloat32) {
    narrow == ElementType::kFloat32 ? f(float(), float()) : f(float(), Bfloat16());
    return true;
  }
  if (narrow == ElementType::kFloat32) return false;
  f(Bfloat16(), Bfloat16());
  return true;
}

/// f(Element()).
template <class F>
void with_type(ElementType type, const F& f) {
  type == ElementType::kFloat32 ? f(float()) : f(Bfloat16());
}

}  // namespace emf::fused
