// SPDX-License-Identifier: Apache-2.0
#include "harness/kernels/fused/launchers.h"

#include <array>

namespace emf::fused {
namespace {

/// A function's own, so that it is there when another file's static object fills it in.
Launchers& entry(c10::DeviceType device) {
  static std::array<Launchers, c10::COMPILE_TIME_MAX_DEVICE_TYPES> tables;
  return tables.at(static_cast<size_t>(device));
}

}  // namespace

void set_launchers(c10::DeviceType device, const Launchers& launchers) { entry(device) = launchers; }

const Launchers& launchers(const c10::Device& device) { return entry(device.type()); }

}  // namespace emf::fused
