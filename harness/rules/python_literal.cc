// SPDX-License-Identifier: Apache-2.0
#include "harness/rules/python_literal.h"

#include <charconv>
#include <cmath>

#include "harness/base/error.h"
#include "harness/base/utf8.h"

namespace emf {
namespace {

class Parser {
 public:
  Parser(std::string_view text, const std::string& origin) : text_(text), origin_(origin) {}

  Json whole() {
    Json value = parse(0);
    pass_blanks();
    if (place_ != text_.size()) fail("something stands behind the value");
    return value;
  }

 private:
  [[noreturn]] void fail(const char* what) const {
    fail_input("{}: not a Python literal at byte {}: {}", origin_, place_, what);
  }
  void pass_blanks() {
    while (place_ < text_.size() && std::string_view(" \t\r\n").find(text_[place_]) != std::string_view::npos) ++place_;
  }
  char peek() {
    pass_blanks();
    if (place_ == text_.size()) fail("it ends too early");
    return text_[place_];
  }
  bool take(char sign) {
    if (peek() != sign) return false;
    ++place_;
    return true;
  }

  Json parse(int depth) {
    constexpr int kDeepest = 20;
    if (depth > kDeepest) fail("nested too deep");
    const char sign = peek();
    if (sign == '[' || sign == '(') return parse_list(depth);
    if (sign == '{') return parse_dict(depth);
    if (sign == '"' || sign == '\'') return parse_text();
    for (const auto& [word, value] :
         {std::pair<std::string_view, Json>{"True", true}, {"False", false}, {"None", nullptr}}) {
      if (!text_.substr(place_).starts_with(word)) continue;
      place_ += word.size();
      return value;
    }
    return parse_number();
  }

  Json parse_list(int depth) {
    const char end = text_[place_++] == '[' ? ']' : ')';
    Json list = Json::array();
    while (!take(end)) {
      list.push_back(parse(depth + 1));
      if (!take(',') && peek() != end) fail("a comma or the end of a list is missing");
    }
    return list;
  }

  Json parse_dict(int depth) {
    ++place_;
    Json dict = Json::object();
    while (!take('}')) {
      const Json key = parse(depth + 1);
      if (!key.is_string()) fail("a key must be a text");
      if (!take(':')) fail("a colon is missing");
      dict[key.get<std::string>()] = parse(depth + 1);
      if (!take(',') && peek() != '}') fail("a comma or the end of a dict is missing");
    }
    return dict;
  }

  Json parse_number() {
    const size_t end = std::min(text_.find_first_not_of("+-.0123456789eE", place_), text_.size());
    const char* first = text_.data() + place_;
    const char* last = text_.data() + end;
    int64_t whole = 0;
    double number = 0;
    if (first != last && *first == '+') ++first;
    const auto as_whole = std::from_chars(first, last, whole);
    const auto as_number = std::from_chars(first, last, number);
    if (first == last || as_number.ptr != last || as_number.ec != std::errc() || !std::isfinite(number)) {
      fail("a list, text, number, True, False or None is expected");
    }
    place_ = end;
    return as_whole.ptr == last && as_whole.ec == std::errc() ? Json(whole) : Json(number);
  }

  Json parse_text() {
    const char quote = text_[place_++];
    std::string value;
    while (true) {
      if (place_ == text_.size()) fail("a text does not end");
      const char sign = text_[place_++];
      if (sign == quote) return value;
      if (sign == '\n') fail("a text does not end on its line");
      if (sign == '\\') {
        append_escape(value);
      } else {
        value += sign;
      }
    }
  }

  void append_escape(std::string& value) {
    static constexpr std::string_view kNames = "\\'\"abfnrtv", kSigns = "\\'\"\a\b\f\n\r\t\v";
    if (place_ == text_.size()) fail("a text does not end");
    const char sign = text_[place_++];
    if (const size_t known = kNames.find(sign); known != std::string_view::npos) {
      value += kSigns[known];
    } else if (sign == 'x' || sign == 'u' || sign == 'U') {
      append_code_point(value, sign == 'x' ? 2 : sign == 'u' ? 4 : 8);
    } else if (sign != '\n') {
      // Python keeps the stroke before a sign that it does not know.
      value += '\\';
      value += sign;
    }
  }

  void append_code_point(std::string& value, size_t digits) {
    uint32_t code = 0;
    const std::string_view hex = text_.substr(place_, digits);
    const auto [end, error] = std::from_chars(hex.data(), hex.data() + hex.size(), code, 16);
    const bool surrogate = code >= 0xD800 && code < 0xE000;
    if (hex.size() != digits || end != hex.data() + digits || error != std::errc() || surrogate || code > 0x10FFFF) {
      fail("an escape is no character");
    }
    append_utf8(value, static_cast<int32_t>(code));
    place_ += digits;
  }

  std::string_view text_;
  const std::string& origin_;
  size_t place_ = 0;
};

}  // namespace

Json parse_python_literal(std::string_view text, const std::string& origin) { return Parser(text, origin).whole(); }

}  // namespace emf
