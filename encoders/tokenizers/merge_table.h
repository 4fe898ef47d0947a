// SPDX-License-Identifier: Apache-2.0
// Learnt merges: a pair of pieces -> its rank and the piece it becomes.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "encoders/tokenizers/merge_queue.h"
#include "encoders/tokenizers/vocabulary.h"

namespace emf {

/// Left and right of each merge, best first.
using MergeList = std::vector<std::pair<std::string_view, std::string_view>>;

/// "left right" as files write it.
std::pair<std::string_view, std::string_view> split_merge(std::string_view merge);

class MergeTable {
 public:
  /// @throws UserError  a merge of unknown pieces (names the vocabulary's origin and the merge).
  MergeTable(const Vocabulary& vocabulary, const MergeList& merges);

  /// MergeQueue's rule.   @cost  about 10 ns.
  bool find(int32_t left, int32_t right, MergeQueue::Merge& merge) const;

 private:
  static constexpr uint64_t kNoPair = ~uint64_t{0};
  struct Entry {
    uint64_t pair = kNoPair;
    int32_t rank = 0;
    int32_t id = 0;
  };

  void insert(const Entry& entry);

  std::vector<Entry> table_;  // open addressing, a power of two long, at most half full
};

}  // namespace emf
