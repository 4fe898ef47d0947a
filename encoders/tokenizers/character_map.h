// SPDX-License-Identifier: Apache-2.0
// sentencepiece's precompiled normalisation: which strings become which.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace emf {

/// A double-array trie (Darts) of what is replaced, then the replacements, each ended by a zero byte. Safe to use from
/// any thread.
class CharacterMap {
 public:
  /// @param bytes  precompiled_charsmap; empty = nothing is replaced.   @param origin  for messages.
  /// @throws UserError  too short for the trie it claims.
  CharacterMap(std::string_view bytes, const std::string& origin);

  /// Where a user-perceived character of less than six bytes has an entry it is replaced as a whole, else its code
  /// points one by one: so does tokenizers (Precompiled).
  std::string by_clusters(std::string_view text) const;

  /// The longest entry at each place: so do sentencepiece and llama.cpp.
  std::string by_longest(std::string_view text) const;

 private:
  struct Found {
    size_t size = 0;             ///< bytes that are replaced, 0 = none
    std::string_view text = {};  ///< what they become
  };
  enum class Wanted { kShortest, kLongest };
  Found find(std::string_view text, Wanted wanted) const;
  void append_cluster(std::string_view cluster, std::string& out) const;

  std::vector<uint32_t> trie_;
  std::string texts_;
};

}  // namespace emf
