#include "harness/base/hash.h"

#include <fstream>
#include <vector>

#include "harness/base/error.h"
#include "harness/base/sha256.h"

namespace emf {

std::string sha256_hex(std::string_view bytes) {
  Sha256 hash;
  hash.update(bytes.data(), bytes.size());
  return hash.hex();
}

std::string sha256_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) fail_missing("cannot open {}", path.string());
  Sha256 hash;
  std::vector<char> piece(1 << 20);
  // In pieces, so that weights of several gigabytes need no memory. The last read reaches the end and counts as
  // failed with bytes in hand, which is why they are counted, too.
  while (file.read(piece.data(), static_cast<std::streamsize>(piece.size())) || file.gcount() > 0) {
    hash.update(piece.data(), static_cast<size_t>(file.gcount()));
  }
  return hash.hex();
}

// The first 64 bits: among a million stages, the chance that any two agree is below one in thirty million.
std::string spec_hash(const Json& value) { return sha256_hex(canonical_json(value)).substr(0, 16); }

}  // namespace emf
