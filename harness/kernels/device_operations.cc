// SPDX-License-Identifier: Apache-2.0
#include "harness/kernels/device_operations.h"

namespace emf {
namespace {

thread_local bool plain_operations = false;

/// A function's own, so that it is there when another file's static object fills it in.
std::optional<DeviceOperations>& table() {
  static std::optional<DeviceOperations> operations;
  return operations;
}

}  // namespace

void set_device_operations(const DeviceOperations& operations) { table() = operations; }

const DeviceOperations* device_operations(const at::Tensor& x) {
  if (plain_operations || !x.defined() || !table().has_value()) return nullptr;
  const DeviceOperations& operations = *table();
  if (x.device().type() != operations.device) return nullptr;
  return operations.is_there == nullptr || operations.is_there() ? &operations : nullptr;
}

PlainOperations::PlainOperations() : before_(plain_operations) { plain_operations = true; }
PlainOperations::~PlainOperations() { plain_operations = before_; }

}  // namespace emf
