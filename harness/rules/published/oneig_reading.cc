// SPDX-License-Identifier: Apache-2.0
#include "harness/rules/published/oneig_reading.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <vector>

#include "harness/base/utf8.h"

namespace emf {
namespace {

/// What Python's \s and str.split() take for a blank.
bool is_blank(char32_t sign) {
  return (sign >= 0x09 && sign <= 0x0D) || (sign >= 0x1C && sign <= 0x20) || sign == 0x85 || sign == 0xA0 ||
         sign == 0x1680 || (sign >= 0x2000 && sign <= 0x200A) || sign == 0x2028 || sign == 0x2029 || sign == 0x202F ||
         sign == 0x205F || sign == 0x3000;
}

bool is_kept(char32_t sign) {
  static const std::u32string kFrench = U"àâäéèêëîïôöùûüçÀÂÄÉÈÊËÎÏÔÖÙÛÜÇ";
  return (sign >= U'a' && sign <= U'z') || (sign >= U'A' && sign <= U'Z') || (sign >= U'0' && sign <= U'9') ||
         (sign >= 0x4E00 && sign <= 0x9FA5) || kFrench.find(sign) != std::u32string::npos;
}

bool is_chinese(const std::u32string& text) {
  return std::any_of(text.begin(), text.end(), [](char32_t sign) { return sign >= 0x4E00 && sign <= 0x9FFF; });
}

std::vector<std::u32string> words_of(const std::u32string& text) {
  std::vector<std::u32string> words;
  bool inside = false;
  for (const char32_t sign : text) {
    if (is_blank(sign)) {
      inside = false;
      continue;
    }
    if (!inside) words.emplace_back();
    inside = true;
    words.back() += sign;
  }
  return words;
}

/// How many of `wanted` stand in `read`, each of which serves once.
template <typename List>
double matches(const List& wanted, const List& read) {
  std::map<typename List::value_type, int64_t> left;
  for (const auto& one : read) ++left[one];
  int64_t matched = 0;
  for (const auto& one : wanted) {
    const auto found = left.find(one);
    if (found == left.end() || found->second == 0) continue;
    --found->second;
    ++matched;
  }
  return static_cast<double>(matched);
}

double levenshtein(const std::u32string& a, const std::u32string& b) {
  std::vector<int64_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), int64_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    int64_t diagonal = row[0];
    row[0] = static_cast<int64_t>(i);
    for (size_t j = 1; j <= b.size(); ++j) {
      const int64_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
      diagonal = above;
    }
  }
  return static_cast<double>(row.back());
}

}  // namespace

std::u32string oneig_text(std::string_view text) {
  std::u32string letters, spaced;
  for (const int32_t point : code_points(text)) {
    const auto sign = static_cast<char32_t>(point);
    if (is_kept(sign)) {
      letters += sign;
      spaced += sign;
    } else if (is_blank(sign) && !spaced.empty() && spaced.back() != U' ') {
      spaced += U' ';
    }
  }
  if (is_chinese(letters)) return letters;
  if (spaced.ends_with(U' ')) spaced.pop_back();
  return spaced;
}

std::u32string oneig_read_text(std::string text) {
  for (const std::string_view nothing : {"addCriterion", "No text recognized."}) {
    for (size_t at = text.find(nothing); at != std::string::npos; at = text.find(nothing, at)) {
      text.erase(at, nothing.size());
    }
  }
  return oneig_text(text);
}

double oneig_words(const std::u32string& wanted) {
  return static_cast<double>(is_chinese(wanted) ? wanted.size() : words_of(wanted).size());
}

OneIgReading oneig_reading(const std::u32string& wanted, const std::u32string& read) {
  OneIgReading reading;
  reading.distance = levenshtein(read, wanted);
  reading.complete = reading.distance == 0 ? 1 : 0;
  reading.matched = is_chinese(wanted) ? matches(wanted, read) : matches(words_of(wanted), words_of(read));
  reading.words = oneig_words(wanted);
  reading.accuracy = reading.words > 0 ? reading.matched / reading.words : 0;
  return reading;
}

}  // namespace emf
