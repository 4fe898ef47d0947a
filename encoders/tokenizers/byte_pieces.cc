// SPDX-License-Identifier: Apache-2.0
#include "encoders/tokenizers/byte_pieces.h"

#include <fmt/format.h>

namespace emf {

std::array<int32_t, 256> byte_pieces(const Vocabulary& vocabulary) {
  std::array<int32_t, 256> ids;
  for (size_t byte = 0; byte < ids.size(); ++byte) ids[byte] = vocabulary.find(fmt::format("<0x{:02X}>", byte));
  return ids;
}

}  // namespace emf
