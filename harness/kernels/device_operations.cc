// SPDX-License-Identifier: Apache-2.0
#include "harness/kernels/device_operations.h"

#include <array>

namespace emf {
namespace {

thread_local bool plain_operations = false;

/// A function's own, so that it is there when another file's static object fills it in.
std::optional<DeviceOperations>& entry(c10::DeviceType device) {
  static std::array<std::optional<DeviceOperations>, c10::COMPILE_TIME_MAX_DEVICE_TYPES> tables;
  return tables.at(static_cast<size_t>(device));
}

}  // namespace

void set_device_operations(const DeviceOperations& operations) { entry(operations.device) = operations; }

const DeviceOperations* device_operations(const at::Tensor& x) {
  if (plain_operations || !x.defined()) return nullptr;
  const std::optional<DeviceOperations>& operations = entry(x.device().type());
  if (!operations.has_value()) return nullptr;
  return operations->is_there == nullptr || operations->is_there() ? &*operations : nullptr;
}

PlainOperations::PlainOperations() : before_(plain_operations) { plain_operations = true; }
PlainOperations::~PlainOperations() { plain_operations = before_; }

}  // namespace emf
