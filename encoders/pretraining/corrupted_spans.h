// SPDX-License-Identifier: Apache-2.0
// Gaps in a text, as T5 makes them.
#pragma once

#include <cstdint>
#include <vector>

#include "harness/base/random.h"

namespace emf {

/// A text with gaps, and what stood in them. Mark k stands for gap k on both sides; the target ends with one mark more.
struct CorruptedSpans {
  std::vector<int64_t> source, target;
};

struct SpanCorruptionOptions {
  double share = 0.15;     ///< of the text's own tokens that go
  double mean_length = 3;  ///< of a gap, in tokens
  int64_t first_mark = 0;  ///< gap k is marked first_mark - k
};

/// Takes spans out of tokens until the share is gone, or 14 gaps are made; the first and the last token stay.
/// @source  Raffel et al. 2020, Sec. 3.1.4.
CorruptedSpans corrupt_spans(const std::vector<int64_t>& tokens, const SpanCorruptionOptions& options, Random& random);

}  // namespace emf
