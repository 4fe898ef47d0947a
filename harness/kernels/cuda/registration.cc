// SPDX-License-Identifier: Apache-2.0
// What a build with CUDA adds: the layers' table is filled in, and launches go to LibTorch's stream.
#include <c10/core/Stream.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include "harness/kernels/cuda/card.h"
#include "harness/kernels/cuda/operations.h"

namespace emf::cuda {

// By LibTorch's interface of all devices, so that one build runs with its CPU libraries and, where those of CUDA are
// loaded, on a card.
void* current_stream(const at::Device& device) {
  return c10::impl::VirtualGuardImpl(device.type()).getStream(device).native_handle();
}

namespace {

[[maybe_unused]] const bool registered = [] {
  DeviceOperations table = operations();
  table.is_there = has_card;
  set_device_operations(table);
  return true;
}();

}  // namespace
}  // namespace emf::cuda
