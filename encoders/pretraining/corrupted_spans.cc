// SPDX-License-Identifier: Apache-2.0
#include "encoders/pretraining/corrupted_spans.h"

#include <algorithm>
#include <cmath>

namespace emf {
namespace {

constexpr int64_t kMostGaps = 14;

/// Which tokens go.
std::vector<bool> choose_spans(int64_t count, const SpanCorruptionOptions& options, Random& random) {
  std::vector<bool> gone(static_cast<size_t>(count), false);
  const int64_t own = count - 2;
  if (own < 1) return gone;
  int64_t left = std::max<int64_t>(1, std::lround(options.share * static_cast<double>(own)));
  for (int64_t gap = 0; left > 0 && gap < kMostGaps; ++gap) {
    // Geometric lengths of the mean asked for.
    int64_t length = 1;
    while (length < left && random.uniform() < 1 - 1 / options.mean_length) ++length;
    const int64_t begin = 1 + static_cast<int64_t>(random.below(static_cast<uint32_t>(own)));
    for (int64_t i = begin; i < std::min(begin + length, count - 1); ++i) {
      if (!gone[static_cast<size_t>(i)]) --left;
      gone[static_cast<size_t>(i)] = true;
    }
  }
  return gone;
}

}  // namespace

CorruptedSpans corrupt_spans(const std::vector<int64_t>& tokens, const SpanCorruptionOptions& options, Random& random) {
  const std::vector<bool> gone = choose_spans(static_cast<int64_t>(tokens.size()), options, random);
  CorruptedSpans corrupted;
  int64_t mark = options.first_mark;
  for (size_t i = 0; i < tokens.size(); ++i) {
    if (!gone[i]) {
      corrupted.source.push_back(tokens[i]);
      continue;
    }
    if (!gone[i - 1]) {  // the first token never goes
      corrupted.source.push_back(mark);
      corrupted.target.push_back(mark--);
    }
    corrupted.target.push_back(tokens[i]);
  }
  corrupted.target.push_back(mark);
  return corrupted;
}

}  // namespace emf
