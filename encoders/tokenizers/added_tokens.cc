// SPDX-License-Identifier: Apache-2.0
#include "encoders/tokenizers/added_tokens.h"

#include <algorithm>
#include <functional>

#include "encoders/tokenizers/pattern.h"
#include "encoders/tokenizers/unicode_text.h"
#include "harness/base/utf8.h"

namespace emf {
namespace {

/// Begin of the sequence that ends before `at`.
size_t step_back(std::string_view text, size_t at) {
  do --at;
  while (at > 0 && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80);
  return at;
}

/// What \w means to the original's engine: Unicode's word characters (UTS 18), not only letters and digits.
bool is_word_point(int32_t point) {
  static const Pattern word("[\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\p{Join_Control}]");
  std::string character;
  append_utf8(character, point);
  return word.spans(character).front().is_match;
}

}  // namespace

void AddedTokens::add(Token token) {
  if (token.text.empty()) return;
  auto& lengths = lengths_[static_cast<unsigned char>(token.text[0])];
  const auto place = std::lower_bound(lengths.begin(), lengths.end(), token.text.size(), std::greater<>());
  if (place == lengths.end() || *place != token.text.size()) lengths.insert(place, token.text.size());
  size_ = std::max(size_, token.id + 1);
  const std::string text = token.text;
  tokens_.insert_or_assign(text, std::move(token));
}

const AddedTokens::Token* AddedTokens::longest_at(std::string_view text, size_t at) const {
  for (const size_t length : lengths_[static_cast<unsigned char>(text[at])]) {
    if (length > text.size() - at) continue;
    const auto found = tokens_.find(text.substr(at, length));
    if (found != tokens_.end()) return &found->second;
  }
  return nullptr;
}

bool AddedTokens::is_word_at(std::string_view text, size_t begin, size_t end) {
  return (begin == 0 || !is_word_point(point_at(text, step_back(text, begin)))) &&
         (end == text.size() || !is_word_point(point_at(text, end)));
}

std::vector<AddedTokens::Stretch> AddedTokens::split(std::string_view text) const {
  std::vector<Stretch> stretches;
  size_t done = 0;
  for (size_t at = 0; !tokens_.empty() && at < text.size();) {
    const Token* token = longest_at(text, at);
    if (token == nullptr) {
      ++at;
      continue;
    }
    size_t begin = at, end = at + token->text.size();
    if (token->is_text || (token->is_word && !is_word_at(text, begin, end))) {
      at = end;
      continue;
    }
    while (token->takes_left_space && begin > done) {
      const size_t before = step_back(text, begin);
      if (!is_white_space(point_at(text, before))) break;
      begin = before;
    }
    while (token->takes_right_space && end < text.size() && is_white_space(point_at(text, end))) {
      end += sequence_bytes(text[end]);
    }
    if (begin > done) stretches.push_back({text.substr(done, begin - done), -1});
    stretches.push_back({text.substr(begin, end - begin), token->id});
    at = done = end;
  }
  if (done < text.size()) stretches.push_back({text.substr(done), -1});
  return stretches;
}

}  // namespace emf
