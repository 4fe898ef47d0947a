// SPDX-License-Identifier: Apache-2.0
// The inner loop of all byte-pair encodings: merge the best pair of neighbours until none is left.
#pragma once

#include <cstdint>
#include <queue>
#include <vector>

namespace emf {

/// Memory of one call, reused from piece to piece.
class MergeQueue {
 public:
  struct Symbol {
    int32_t id;         ///< of its piece; -1 where it has none, or has been merged away
    int64_t begin = 0;  ///< bytes of the text it stands for, where the caller needs them
    int64_t size = 0;
    int64_t previous = -1, next = -1;  ///< places in the row, -1 = none
    bool is_gone = false;
  };
  struct Merge {
    double rank;  ///< smallest first
    int32_t id;   ///< of the merged piece
  };

  void clear() { symbols_.clear(); }
  void push(int32_t id, int64_t begin = 0, int64_t size = 0) {
    const auto place = static_cast<int64_t>(symbols_.size());
    if (place > 0) symbols_.back().next = place;
    symbols_.push_back({id, begin, size, place - 1, -1, false});
  }

  /// Merges by rank, then from the left.
  /// @param find  bool(const Symbol& left, const Symbol& right, Merge& merge): whether two neighbours merge.
  /// @cost  O(n log n) calls of find.
  template <typename Find>
  void merge_all(const Find& find) {
    for (size_t place = 0; place + 1 < symbols_.size(); ++place) offer(static_cast<int64_t>(place), find);
    while (!candidates_.empty()) {
      const Candidate best = candidates_.top();
      candidates_.pop();
      Symbol& left = at(best.place);
      if (left.is_gone || left.next < 0) continue;
      Symbol& right = at(left.next);
      // Stale: one of the two has merged with another since.
      Merge merge{};
      if (left.size != best.left_size || !find(left, right, merge) || merge.rank != best.rank) continue;
      left.id = merge.id;
      left.size += right.size;
      left.next = right.next;
      right.is_gone = true;
      if (left.next >= 0) at(left.next).previous = best.place;
      offer(left.previous, find);
      offer(best.place, find);
    }
  }

  /// What is left, in order: visit(const Symbol&).
  template <typename Visit>
  void visit(const Visit& visit) const {
    if (symbols_.empty()) return;
    for (int64_t place = 0; place >= 0; place = symbols_[static_cast<size_t>(place)].next) {
      visit(symbols_[static_cast<size_t>(place)]);
    }
  }

 private:
  struct Candidate {
    double rank;
    int64_t place, left_size;
    // std::priority_queue gives its greatest: the best rank, then the leftmost.
    bool operator<(const Candidate& other) const {
      return rank != other.rank ? rank > other.rank : place > other.place;
    }
  };

  Symbol& at(int64_t place) { return symbols_[static_cast<size_t>(place)]; }

  template <typename Find>
  void offer(int64_t place, const Find& find) {
    if (place < 0 || at(place).next < 0) return;
    Merge merge{};
    if (find(at(place), at(at(place).next), merge)) {
      candidates_.push({merge.rank, place, at(place).size});
    }
  }

  std::vector<Symbol> symbols_;
  std::priority_queue<Candidate> candidates_;
};

}  // namespace emf
