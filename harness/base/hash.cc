// SPDX-License-Identifier: Apache-2.0
#include "harness/base/hash.h"

#include <vector>

#include "harness/base/bounded.h"
#include "harness/base/error.h"
#include "harness/base/sha256.h"

namespace emf {

std::string sha256_hex(std::string_view bytes) {
  Sha256 hash;
  hash.update(bytes.data(), bytes.size());
  return hash.hex();
}

std::string sha256_file(const std::filesystem::path& path) {
  const InputFile file(path);
  Sha256 hash;
  // In pieces, so that weights of several gigabytes need no memory.
  std::vector<char> piece(1 << 20);
  while (const size_t count = file.read(piece.data(), piece.size())) hash.update(piece.data(), count);
  return hash.hex();
}

// The first 64 bits: among a million stages, the chance that any two agree is below one in thirty million.
std::string spec_hash(const Json& value) { return sha256_hex(canonical_json(value)).substr(0, 16); }

}  // namespace emf
