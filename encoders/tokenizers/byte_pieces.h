// SPDX-License-Identifier: Apache-2.0
// The pieces "<0x00>" ... "<0xFF>" that stand for what has no piece of its own.
#pragma once

#include <array>

#include "encoders/tokenizers/vocabulary.h"

namespace emf {

/// Ids of the 256 byte pieces; -1 where a vocabulary has none.
std::array<int32_t, 256> byte_pieces(const Vocabulary& vocabulary);

}  // namespace emf
