// SPDX-License-Identifier: Apache-2.0
// Shards of pictures.
#include "data/captioned/tar_listing.h"
#include "tests/fuzz/input.h"

EMF_FUZZ(bytes) {
  emf::captioned::list_tar(emf::fuzz::file_of(bytes, "x.tar").string(), [](const emf::captioned::TarEntry&) {});
}
