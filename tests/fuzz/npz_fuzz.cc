// SPDX-License-Identifier: Apache-2.0
// Archives of arrays: names, shapes, numbers, and bytes from front to back.
#include "harness/base/npy.h"
#include "harness/base/npy_bytes.h"
#include "tests/fuzz/input.h"

EMF_FUZZ(bytes) {
  const auto path = emf::fuzz::file_of(bytes, "x.npz");
  for (const auto& [name, shape] : emf::npz_shapes(path)) {
    emf::read_npz(path, name);
    emf::NpyBytes stream(path, name);
    uint8_t first[16];
    stream.read(first, sizeof first);
  }
}
