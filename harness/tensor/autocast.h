// SPDX-License-Identifier: Apache-2.0
// Convolutions and matrix products in bfloat16 where a training says so.
#pragma once

#include <ATen/autocast_mode.h>

namespace emf {

/// Operations inside run in bfloat16 on this device while this lives; weights, and what ATen keeps in float32, stay.
class Autocast {
 public:
  /// @param enabled  false switches it off inside: a step's precision depends on nothing around it.
  Autocast(bool enabled, at::DeviceType device)
      : device_(device),
        enabled_(at::autocast::is_autocast_enabled(device)),
        cached_(at::autocast::is_autocast_cache_enabled()) {
    at::autocast::set_autocast_dtype(device, at::kBFloat16);
    at::autocast::set_autocast_cache_enabled(false);  // every weight is used once a step, and a cache would go stale
    at::autocast::set_autocast_enabled(device, enabled);
  }
  ~Autocast() {
    at::autocast::set_autocast_enabled(device_, enabled_);
    at::autocast::set_autocast_cache_enabled(cached_);
  }
  Autocast(const Autocast&) = delete;
  Autocast& operator=(const Autocast&) = delete;

 private:
  at::DeviceType device_;
  bool enabled_, cached_;
};

}  // namespace emf
