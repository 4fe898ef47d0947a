// SPDX-License-Identifier: Apache-2.0
#include "encoders/tokenizers/merge_table.h"

#include <algorithm>
#include <bit>
#include <string>

#include "harness/base/error.h"

namespace emf {
namespace {

uint64_t pair_of(int32_t left, int32_t right) {
  return static_cast<uint64_t>(static_cast<uint32_t>(left)) << 32 | static_cast<uint32_t>(right);
}

size_t slot_of(uint64_t pair) { return static_cast<size_t>((pair * 0x9E3779B97F4A7C15ULL) >> 20); }

}  // namespace

std::pair<std::string_view, std::string_view> split_merge(std::string_view merge) {
  const size_t space = std::min(merge.find(' ', 1), merge.size());
  return {merge.substr(0, space), space < merge.size() ? merge.substr(space + 1) : std::string_view()};
}

MergeTable::MergeTable(const Vocabulary& vocabulary, const MergeList& merges) {
  table_.resize(std::bit_ceil(std::max<size_t>(16, merges.size() * 2 + 1)));
  std::string joined;
  for (size_t rank = 0; rank < merges.size(); ++rank) {
    const auto& [left, right] = merges[rank];
    joined.assign(left).append(right);
    const int32_t first = vocabulary.find(left), second = vocabulary.find(right), both = vocabulary.find(joined);
    if (first < 0 || second < 0 || both < 0) {
      fail_input("{}: merge {} ({} and {}) is no pair of pieces of the vocabulary", vocabulary.origin(), rank,
                 quoted_name(left), quoted_name(right));
    }
    insert({pair_of(first, second), static_cast<int32_t>(rank), both});
  }
}

void MergeTable::insert(const Entry& entry) {
  const size_t last = table_.size() - 1;
  size_t slot = slot_of(entry.pair) & last;
  while (table_[slot].pair != kNoPair) {
    if (table_[slot].pair == entry.pair) return;  // the better rank came first
    slot = (slot + 1) & last;
  }
  table_[slot] = entry;
}

bool MergeTable::find(int32_t left, int32_t right, MergeQueue::Merge& merge) const {
  const uint64_t pair = pair_of(left, right);
  const size_t last = table_.size() - 1;
  for (size_t slot = slot_of(pair) & last; table_[slot].pair != kNoPair; slot = (slot + 1) & last) {
    if (table_[slot].pair != pair) continue;
    merge = {static_cast<double>(table_[slot].rank), table_[slot].id};
    return true;
  }
  return false;
}

}  // namespace emf
