// SPDX-License-Identifier: Apache-2.0
// Tokens that are found in a text as whole strings, before the model sees it.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace emf {

class AddedTokens {
 public:
  struct Token {
    std::string text;
    int64_t id = 0;
    bool takes_left_space = false, takes_right_space = false;  ///< swallows the white space beside it
    bool is_word = false;  ///< only where no word character (a letter, mark, digit or connector) touches it
    bool is_text = false;  ///< found, and left as the text that it is: a special token that is not to be matched
  };
  /// A token (id >= 0) or what lies between two.
  struct Stretch {
    std::string_view text;
    int64_t id = -1;
  };

  /// Empty ones are passed over.
  void add(Token token);

  /// The leftmost, then the longest match first, and what is no word of its own is passed over whole; together with
  /// the white space that tokens swallow the stretches are the text. No stretch is empty.   @cost  a few lookups a
  /// byte that begins a token, else one a byte.
  std::vector<Stretch> split(std::string_view text) const;

  /// One more than the greatest id.
  int64_t size() const { return size_; }

 private:
  const Token* longest_at(std::string_view text, size_t at) const;
  static bool is_word_at(std::string_view text, size_t begin, size_t end);

  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  std::unordered_map<std::string, Token, Hash, std::equal_to<>> tokens_;
  // By first byte: the lengths of the tokens that begin with it, greatest first.
  std::vector<size_t> lengths_[256];
  int64_t size_ = 0;
};

}  // namespace emf
