// SPDX-License-Identifier: Apache-2.0
// Where a cache's texts are, by their keys: small, for there may be millions.
#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <vector>

#include "harness/base/error.h"
#include "harness/base/sha256.h"

namespace emf {

/// A text of a shard.
struct CachePlace {
  uint32_t shard = 0, text = 0;
};

/// Places by key, an open-addressing table of 8 bytes an entry that holds 24 bits of each key: who asks checks the
/// rest.
///
/// Memory: 10 to 15 bytes a place. Not thread-safe.
class PlaceTable {
 public:
  /// Of two places of one key the first added is found first.
  /// @param place  a shard and a text below 2^20 - 1.
  void add(const Sha256Digest& key, CachePlace place) {
    ensure(place.shard < kMost && place.text < kMost, "text {} of shard {} is beyond what a cache holds", place.text,
           place.shard);
    if (5 * (count_ + 1) > 4 * entries_.size()) grow();
    insert(uint64_t{tag_of(key)} << 40 | uint64_t{place.shard + 1} << 20 | place.text);
    ++count_;
  }

  /// @param holds  true for a place that really is the key's: it is looked up there.
  template <typename Holds>
  std::optional<CachePlace> find(const Sha256Digest& key, const Holds& holds) const {
    if (entries_.empty()) return std::nullopt;
    const uint32_t tag = tag_of(key);
    for (size_t at = home(tag); entries_[at] != 0; at = next(at)) {
      if (entries_[at] >> 40 != tag) continue;
      const CachePlace place{static_cast<uint32_t>(entries_[at] >> 20 & kMost) - 1,
                             static_cast<uint32_t>(entries_[at] & kMost)};
      if (holds(place)) return place;
    }
    return std::nullopt;
  }

  size_t size() const { return count_; }

 private:
  static constexpr uint32_t kMost = (1u << 20) - 1;

  static uint32_t tag_of(const Sha256Digest& key) {
    uint32_t bits;
    std::memcpy(&bits, key.data(), sizeof bits);
    return bits >> 8;
  }
  /// Tags are spread evenly, so a tag's share of all tags is its share of the table.
  size_t home(uint64_t tag) const { return static_cast<size_t>(tag * entries_.size() >> 24); }
  size_t next(size_t at) const { return at + 1 == entries_.size() ? 0 : at + 1; }

  void insert(uint64_t entry) {
    size_t at = home(entry >> 40);
    while (entries_[at] != 0) at = next(at);
    entries_[at] = entry;
  }

  void grow() {
    std::vector<uint64_t> old(entries_.empty() ? 64 : entries_.size() + entries_.size() / 2);
    old.swap(entries_);
    // From the place behind the last free one on, so that of equal keys the first added stays the first found.
    size_t begin = 0;
    while (begin < old.size() && old[begin] != 0) ++begin;
    for (size_t i = 0; i < old.size(); ++i) {
      const uint64_t entry = old[(begin + i) % old.size()];
      if (entry != 0) insert(entry);
    }
  }

  std::vector<uint64_t> entries_;  ///< tag, shard plus one, text; 0 = free; at most four fifths are in use
  size_t count_ = 0;
};

}  // namespace emf
