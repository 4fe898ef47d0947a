// SPDX-License-Identifier: Apache-2.0
// Zips of pictures.
#include "harness/base/zip_file.h"
#include "tests/fuzz/input.h"

EMF_FUZZ(bytes) {
  const emf::ZipFile zip(emf::fuzz::file_of(bytes, "x.zip"));
  for (size_t entry = 0; entry < zip.size(); ++entry) zip.read(entry);
}
