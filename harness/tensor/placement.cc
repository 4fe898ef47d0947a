// SPDX-License-Identifier: Apache-2.0
#include "harness/tensor/placement.h"

#include "harness/base/error.h"
#include "harness/base/near_name.h"

namespace emf {

const Peers& Peers::alone() {
  static const Peers peers;
  return peers;
}

Json Placement::to_json() const {
  return {{"device", device.str()}, {"precision", dtype == at::kFloat ? "fp32" : "bf16"}, {"peers", peers->count()}};
}

Placement read_placement(const std::string& device, const std::string& where) {
  if (device == "cpu") return {};
  if (device.rfind("cuda", 0) == 0) {
    fail_missing("{}: device '{}': this build runs on the CPU alone; leave 'device' out", where, device);
  }
  fail_input("{}: unknown device '{}'{}; 'cpu' is the one there is", where, device, suggestion(device, {"cpu"}));
}

}  // namespace emf
