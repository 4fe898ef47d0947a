// SPDX-License-Identifier: Apache-2.0
// What a build with CUDA adds: its kernels' launchers, which go to LibTorch's stream.
#include <c10/core/Stream.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include "harness/kernels/cuda/card.h"
#include "harness/kernels/cuda/cuda_launchers.h"
#include "harness/kernels/fused/operations.h"

namespace emf::fused {
namespace {

// By LibTorch's interface of all devices, so that one build runs with its CPU libraries and, where those of CUDA are
// loaded, on a card.
void* current_stream(const c10::Device& device) {
  return c10::impl::VirtualGuardImpl(device.type()).getStream(device).native_handle();
}

[[maybe_unused]] const bool registered = [] {
  Launchers cuda = cuda_launchers();
  cuda.current_stream = current_stream;
  cuda.is_there = has_card;
  set_kernels(c10::DeviceType::CUDA, cuda);
  return true;
}();

}  // namespace
}  // namespace emf::fused
