// SPDX-License-Identifier: Apache-2.0
// GGUF checkpoints: the header, and rows of every tensor whose format is read.
#include "harness/weights/gguf.h"
#include "tests/fuzz/input.h"

EMF_FUZZ(bytes) {
  const emf::GgufFile file(emf::fuzz::file_of(bytes, "x.gguf"));
  for (const auto& [name, stored] : file.tensors()) {
    try {
      const emf::GgufTensor& tensor = file.tensor(name, stored.shape);
      if (tensor.num_rows < 1 || tensor.row_size > 1 << 20) continue;
      std::vector<float> row(static_cast<size_t>(tensor.row_size));
      emf::dequantise_rows(tensor, tensor.num_rows - 1, 1, row.data());
    } catch (const emf::UserError&) {
    }
  }
}
