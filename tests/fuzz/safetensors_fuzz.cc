// SPDX-License-Identifier: Apache-2.0
// Headers of safetensors, and the numbers behind them.
#include "harness/base/safetensors_index.h"
#include "tests/fuzz/input.h"

EMF_FUZZ(bytes) {
  const emf::SafetensorsIndex index(emf::fuzz::file_of(bytes, "x.safetensors"));
  for (const std::string& name : index.names()) index.numbers(name);
}
