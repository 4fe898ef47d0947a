// SPDX-License-Identifier: Apache-2.0
#include "encoders/tokenizers/unicode_text.h"

#include <utf8proc.h>

#include <algorithm>
#include <vector>

#include "harness/base/error.h"
#include "harness/base/utf8.h"

namespace emf {
namespace {

/// Derived property Case_Ignorable.   @source  Unicode, DerivedCoreProperties.
bool is_case_ignorable(int32_t c) {
  switch (utf8proc_category(c)) {
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_ME:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_SK:
      return true;
    default:
      break;
  }
  constexpr int32_t kMidWord[] = {0x27,   0x2E,   0x3A,   0xB7,   0x387,  0x55F,  0x5F4,  0x2018, 0x2019,
                                  0x2024, 0x2027, 0xFE13, 0xFE52, 0xFE55, 0xFF07, 0xFF0E, 0xFF1A};
  return std::find(std::begin(kMidWord), std::end(kMidWord), c) != std::end(kMidWord);
}

/// Derived property Cased; the modifier letters in it are ignorable too and never asked for.
bool is_cased(int32_t c) {
  switch (utf8proc_category(c)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
      return true;
    default:
      return c == 0xAA || c == 0xBA || (c >= 0x2160 && c <= 0x217F) || (c >= 0x24B6 && c <= 0x24E9) ||
             (c >= 0x1F130 && c <= 0x1F149) || (c >= 0x1F150 && c <= 0x1F169) || (c >= 0x1F170 && c <= 0x1F189);
  }
}

bool ends_a_word(const std::vector<int32_t>& points, size_t at) {
  size_t before = at;
  while (before > 0 && is_case_ignorable(points[before - 1])) --before;
  if (before == 0 || !is_cased(points[before - 1])) return false;
  size_t after = at + 1;
  while (after < points.size() && is_case_ignorable(points[after])) ++after;
  return after == points.size() || !is_cased(points[after]);
}

int combining_class(int32_t point) { return utf8proc_get_property(point)->combining_class; }

/// Marks after one base in canonical order. utf8proc's own ordering takes quadratic time on a long run.
void order_marks(std::vector<int32_t>& points) {
  for (size_t begin = 0; begin < points.size();) {
    if (combining_class(points[begin]) == 0) {
      ++begin;
      continue;
    }
    size_t end = begin;
    while (end < points.size() && combining_class(points[end]) != 0) ++end;
    std::stable_sort(points.begin() + static_cast<std::ptrdiff_t>(begin),
                     points.begin() + static_cast<std::ptrdiff_t>(end),
                     [](int32_t a, int32_t b) { return combining_class(a) < combining_class(b); });
    begin = end;
  }
}

}  // namespace

bool is_white_space(int32_t c) {
  return (c >= 9 && c <= 13) || c == 0x20 || c == 0x85 || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) ||
         c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

bool is_punctuation(int32_t c) {
  if (c < 128) return (c >= 33 && c <= 47) || (c >= 58 && c <= 64) || (c >= 91 && c <= 96) || (c >= 123 && c <= 126);
  const auto category = utf8proc_category(c);
  return category >= UTF8PROC_CATEGORY_PC && category <= UTF8PROC_CATEGORY_PO;
}

bool is_nonspacing_mark(int32_t c) { return utf8proc_category(c) == UTF8PROC_CATEGORY_MN; }

bool is_mark(int32_t c) {
  const auto category = utf8proc_category(c);
  return category >= UTF8PROC_CATEGORY_MN && category <= UTF8PROC_CATEGORY_ME;
}

bool is_control(int32_t c) {
  const auto category = utf8proc_category(c);
  return category == UTF8PROC_CATEGORY_CC || category == UTF8PROC_CATEGORY_CF || category == UTF8PROC_CATEGORY_CO;
}

bool is_ascii(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
}

int32_t point_at(std::string_view text, size_t at) {
  if (static_cast<unsigned char>(text[at]) < 0x80) return text[at];
  utf8proc_int32_t point = -1;
  utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()) + at,
                   static_cast<utf8proc_ssize_t>(text.size() - at), &point);
  return point;
}

std::string lower_case(std::string_view text, bool final_sigma) {
  std::string result;
  result.reserve(text.size());
  if (is_ascii(text)) {
    for (const char c : text) result += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    return result;
  }
  const std::vector<int32_t> points = code_points(text);
  for (size_t i = 0; i < points.size(); ++i) {
    constexpr int32_t kDottedI = 0x130, kSigma = 0x3A3, kFinalSigma = 0x3C2;
    if (points[i] == kDottedI) {
      result += "i\u0307";  // the only letter whose lower case is two
    } else if (points[i] == kSigma && final_sigma && ends_a_word(points, i)) {
      append_utf8(result, kFinalSigma);
    } else {
      append_utf8(result, utf8proc_tolower(points[i]));
    }
  }
  return result;
}

std::string normal_form(std::string_view text, NormalForm form) {
  if (is_ascii(text)) return std::string(text);
  const bool is_compatible = form == NormalForm::kNfkc || form == NormalForm::kNfkd;
  const auto options = static_cast<utf8proc_option_t>(UTF8PROC_DECOMPOSE | (is_compatible ? UTF8PROC_COMPAT : 0));
  std::vector<int32_t> points;
  for (const int32_t point : code_points(text)) {
    constexpr utf8proc_ssize_t kLongest = 32;  // Unicode's is 18
    utf8proc_int32_t parts[kLongest];
    int last_boundary = 0;
    const auto count = utf8proc_decompose_char(point, parts, kLongest, options, &last_boundary);
    ensure(count >= 0 && count <= kLongest, "character {} decomposes into {}", point, count);
    points.insert(points.end(), parts, parts + count);
  }
  order_marks(points);
  auto count = static_cast<utf8proc_ssize_t>(points.size());
  if (form == NormalForm::kNfc || form == NormalForm::kNfkc) {
    count = utf8proc_normalize_utf32(points.data(), count,
                                     static_cast<utf8proc_option_t>(UTF8PROC_COMPOSE | UTF8PROC_STABLE));
    ensure(count >= 0, "composing failed with {}", count);
  }
  std::string result;
  for (utf8proc_ssize_t i = 0; i < count; ++i) append_utf8(result, points[static_cast<size_t>(i)]);
  return result;
}

}  // namespace emf
