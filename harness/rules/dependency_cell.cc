// SPDX-License-Identifier: Apache-2.0
#include "harness/rules/dependency_cell.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <optional>
#include <string_view>

#include "harness/base/utf8.h"

namespace emf {
namespace {

/// What Python's strip() takes off, and beyond it a zero width space and a byte order mark.
bool is_blank(int32_t point) {
  constexpr std::string_view kAscii = " \t\n\v\f\r\x1c\x1d\x1e\x1f";
  if (point < 0x80) return kAscii.find(static_cast<char>(point)) != std::string_view::npos;
  constexpr int32_t kOthers[] = {0x85, 0xa0, 0x1680, 0x2028, 0x2029, 0x202f, 0x205f, 0x3000, 0xfeff};
  return (point >= 0x2000 && point <= 0x200b) ||
         std::find(std::begin(kOthers), std::end(kOthers), point) != std::end(kOthers);
}

/// The text in the letters of a keyboard: full-width forms as the plain ones, every blank as a space.
std::string plain(const std::string& cell) {
  std::string text;
  if (invalid_utf8_at(cell) != std::string::npos) return cell;
  for (const int32_t point : code_points(cell)) {
    if (is_blank(point)) {
      text += ' ';
    } else if (point == 0x3001) {  // the ideographic comma
      text += ',';
    } else {
      append_utf8(text, point > 0xff00 && point < 0xff5f ? point - 0xff00 + 0x20 : point);
    }
  }
  return text;
}

bool has_digit(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char letter) { return letter >= '0' && letter <= '9'; });
}

std::optional<int64_t> number_of_cell(std::string_view text) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

/// "1.0", as tables write whole numbers of a column that has gaps.
std::string_view without_zero_fraction(std::string_view text) {
  const size_t point = text.find('.');
  const bool zeroes =
      point != std::string_view::npos && text.find_first_not_of('0', point + 1) == std::string_view::npos;
  return zeroes ? text.substr(0, point) : text;
}

bool says_none(std::string text) {
  std::erase(text, ' ');
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
  constexpr std::string_view kNone[] = {"", "-", "--", "[]", "()", "none", "null", "nan", "n/a", "na", "[none]"};
  return std::find(std::begin(kNone), std::end(kNone), text) != std::end(kNone);
}

void take(DependencyCell& read, const std::string& part) {
  const std::optional<int64_t> parent = number_of_cell(without_zero_fraction(part));
  if (parent && *parent >= 0) {
    if (*parent > 0) read.parents.push_back(*parent);
  } else if (has_digit(part)) {
    read.unreadable.push_back(part);
  } else if (read.words.empty() || part != read.words.back()) {
    read.words.push_back(part);
  }
}

}  // namespace

DependencyCell read_dependency_cell(const std::string& cell) {
  const std::string text = plain(cell);
  DependencyCell read;
  if (says_none(text)) return read;
  constexpr std::string_view kBetween = " ,;|&()[]{}\"'";
  std::string word;  // words that follow each other are one: "baseball bat"
  const auto end_word = [&] {
    if (!word.empty()) take(read, word);
    word.clear();
  };
  for (size_t begin = text.find_first_not_of(kBetween); begin != std::string::npos;) {
    const size_t end = std::min(text.find_first_of(kBetween, begin), text.size());
    const std::string part = text.substr(begin, end - begin);
    const size_t next = text.find_first_not_of(kBetween, end);
    if (has_digit(part)) {
      end_word();
      take(read, part);
    } else {
      word += (word.empty() ? "" : " ") + part;
      if (text.substr(end, next == std::string::npos ? next : next - end).find_first_not_of(' ') != std::string::npos) {
        end_word();
      }
    }
    begin = next;
  }
  end_word();
  // Of words alone nobody can say which question was meant.
  if (!has_digit(text)) {
    read.unreadable.push_back(text);
    read.words.clear();
  }
  return read;
}

DependencyCell read_dependency_cell_officially(const std::string& cell) {
  const std::string text = plain(cell);
  DependencyCell read;
  for (size_t begin = 0; begin != std::string::npos;) {
    const size_t comma = text.find(',', begin);
    std::string part = text.substr(begin, comma == std::string::npos ? comma : comma - begin);
    part.erase(0, part.find_first_not_of(' '));
    part.erase(part.find_last_not_of(' ') + 1);
    const std::optional<int64_t> parent = number_of_cell(part);
    if (parent) {
      if (*parent != 0) read.parents.push_back(*parent);
    } else {
      (has_digit(part) ? read.unreadable : read.words).push_back(part);
    }
    begin = comma == std::string::npos ? comma : comma + 1;
  }
  return read;
}

}  // namespace emf
