// SPDX-License-Identifier: Apache-2.0
#include "encoders/tokenizers/piece_trie.h"

#include <utility>

namespace emf {
namespace {

uint64_t key_of(uint32_t node, char byte) { return uint64_t{node} << 8 | static_cast<unsigned char>(byte); }

}  // namespace

PieceTrie::PieceTrie() : slots_(1 << 10), ids_(1, -1) { first_.fill(kNone); }

size_t PieceTrie::place(uint64_t key) const {
  const size_t last = slots_.size() - 1;
  size_t at = static_cast<size_t>((key * 0x9E3779B97F4A7C15ULL) >> 24) & last;
  while (slots_[at].node != kNone && slots_[at].key != key) at = (at + 1) & last;
  return at;
}

void PieceTrie::grow() {
  std::vector<Slot> old(slots_.size() * 2);
  old.swap(slots_);
  for (const Slot& slot : old) {
    if (slot.node != kNone) slots_[place(slot.key)] = slot;
  }
}

uint32_t PieceTrie::step(uint32_t node, char byte) const {
  if (node == kRoot) return first_[static_cast<unsigned char>(byte)];
  return slots_[place(key_of(node, byte))].node;
}

void PieceTrie::add(std::string_view piece, int32_t id) {
  if (piece.empty()) return;
  uint32_t node = kRoot;
  for (const char byte : piece) {
    uint32_t next = step(node, byte);
    if (next == kNone) {
      next = static_cast<uint32_t>(ids_.size());
      ids_.push_back(-1);
      if (node == kRoot) {
        first_[static_cast<unsigned char>(byte)] = next;
      } else {
        if (++used_ * 2 > slots_.size()) grow();
        const uint64_t key = key_of(node, byte);
        slots_[place(key)] = {key, next};
      }
    }
    node = next;
  }
  ids_[node] = id;
}

int32_t PieceTrie::find(std::string_view piece) const {
  uint32_t node = kRoot;
  for (const char byte : piece) {
    node = step(node, byte);
    if (node == kNone) return -1;
  }
  return id(node);
}

}  // namespace emf
