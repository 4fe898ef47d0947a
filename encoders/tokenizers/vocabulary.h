// SPDX-License-Identifier: Apache-2.0
// Pieces of text and their ids.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace emf {

/// Ids may have gaps; memory goes with the number of pieces, not with the greatest id.
class Vocabulary {
 public:
  /// @param origin  the file, for messages.
  explicit Vocabulary(std::string origin) : origin_(std::move(origin)) {}
  /// Pieces numbered from 0.   @throws UserError  a piece twice.
  Vocabulary(const std::vector<std::string_view>& pieces, std::string origin);

  void reserve(size_t count) { ids_.reserve(count); }
  /// @throws UserError  a piece twice; an id below 0 or beyond int32 (names origin, piece and id).
  void add(std::string_view piece, int64_t id);
  /// @throws UserError  two pieces of one id.   @cost  sorts the ids.
  void check_distinct_ids() const;

  /// -1 when it is no piece.
  int32_t find(std::string_view piece) const {
    const auto found = ids_.find(piece);
    return found == ids_.end() ? -1 : found->second;
  }
  /// @param role  what the piece is for, in the message.   @throws UserError  it is no piece.
  int32_t require(std::string_view piece, const char* role) const;

  size_t num_pieces() const { return ids_.size(); }
  /// One more than the greatest id.
  int64_t size() const { return size_; }
  const std::string& origin() const { return origin_; }

 private:
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  std::unordered_map<std::string, int32_t, Hash, std::equal_to<>> ids_;
  int64_t size_ = 0;
  std::string origin_;
};

/// A name out of a file, short and printable, fit for an error line.
std::string quoted_name(std::string_view name);

}  // namespace emf
