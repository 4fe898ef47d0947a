// SPDX-License-Identifier: Apache-2.0
// Marks, punctuation and format characters younger than the tables that BERT tokenizers go by.
#pragma once

#include <cstdint>

namespace emf {

/// Whether a character is a mark, punctuation or format character today and was none in Unicode 8: BERT
/// tokenizers treat it as a letter.
bool is_late_character(int32_t point);

}  // namespace emf
