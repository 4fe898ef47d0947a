// SPDX-License-Identifier: Apache-2.0
#include "encoders/chat_templates/template_tokens.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <string_view>

#include "encoders/tokenizers/unicode_text.h"
#include "harness/base/bounded.h"
#include "harness/base/error.h"
#include "harness/base/utf8.h"

namespace emf {
namespace {

using Kind = TemplateToken::Kind;

/// Lines end in "\n" alone, and the last has no end.
std::string with_plain_lines(const std::string& source) {
  std::string plain;
  for (size_t i = 0; i < source.size(); ++i) {
    if (source[i] == '\r' && i + 1 < source.size() && source[i + 1] == '\n') continue;
    plain += source[i] == '\r' ? '\n' : source[i];
  }
  if (plain.ends_with('\n')) plain.pop_back();
  return plain;
}

bool is_space_at(std::string_view text, size_t at) {
  const int32_t point = point_at(text, at);
  return is_white_space(point) || (point >= 0x1C && point <= 0x1F);
}

/// The beginning of the white space that a text ends in, up to `from`.
size_t begin_of_last_space(std::string_view text, size_t from) {
  size_t begin = text.size();
  for (size_t at = from; at < text.size(); at += sequence_bytes(text[at])) {
    if (!is_space_at(text, at)) {
      begin = text.size();
    } else if (begin == text.size()) {
      begin = at;
    }
  }
  return begin;
}

class Lexer {
 public:
  explicit Lexer(const std::string& source) : source_(with_plain_lines(source)) {}

  std::vector<TemplateToken> run() {
    if (source_.size() > bounds::kTemplateBytes) {
      fail_input("line 1: {} bytes, more than the {} that a chat template may have", source_.size(),
                 bounds::kTemplateBytes);
    }
    while (at_ < source_.size()) {
      const size_t tag = next_tag();
      std::string text = source_.substr(at_, tag - at_);
      if (tag == source_.size()) {
        add_text(text);
        break;
      }
      const char kind = source_[tag + 1];
      const char sign = tag + 2 < source_.size() ? source_[tag + 2] : ' ';
      const bool has_sign = sign == '-' || (sign == '+' && kind != '{');
      const std::string whole = text;
      if (sign == '-') {
        text.resize(begin_of_last_space(text, 0));
      } else if (sign != '+' && kind != '{') {
        const size_t line = text.rfind('\n') == std::string::npos ? 0 : text.rfind('\n') + 1;
        if (line > 0 || line_starts_) text.resize(begin_of_last_space(text, line) == line ? line : text.size());
      }
      add_text(text);
      line_ += std::count(whole.begin(), whole.end(), '\n');
      at_ = tag + (has_sign ? 3 : 2);
      if (kind == '#') {
        skip_comment();
      } else {
        read_tag(kind == '{');
      }
    }
    tokens_.push_back({Kind::kEnd, "", nullptr, line_});
    return std::move(tokens_);
  }

 private:
  [[noreturn]] void fail(const std::string& what) const { fail_input("line {}: {}", line_, what); }

  size_t next_tag() const {
    for (size_t at = at_; at + 1 < source_.size(); ++at) {
      if (source_[at] == '{' && (source_[at + 1] == '{' || source_[at + 1] == '%' || source_[at + 1] == '#')) return at;
    }
    return source_.size();
  }

  void add_text(std::string text) {
    if (!text.empty()) tokens_.push_back({Kind::kText, std::move(text), nullptr, line_});
  }

  void skip_comment() {
    const size_t end = source_.find("#}", at_);
    if (end == std::string::npos) fail("a comment does not end");
    line_ +=
        std::count(source_.begin() + static_cast<ptrdiff_t>(at_), source_.begin() + static_cast<ptrdiff_t>(end), '\n');
    const char sign = end > at_ ? source_[end - 1] : ' ';
    at_ = end + 2;
    finish_tag(sign, true);
  }

  /// What a tag takes away behind it.
  void finish_tag(char sign, bool is_block) {
    line_starts_ = false;
    if (sign == '-') {
      while (at_ < source_.size() && is_space_at(source_, at_)) {
        line_starts_ = source_[at_] == '\n';
        line_ += line_starts_ ? 1 : 0;
        at_ += sequence_bytes(source_[at_]);
      }
    } else if (is_block && sign != '+' && at_ < source_.size() && source_[at_] == '\n') {
      ++at_;
      ++line_;
      line_starts_ = true;
    }
  }

  void read_tag(bool is_output) {
    tokens_.push_back({is_output ? Kind::kOutputBegin : Kind::kTagBegin, "", nullptr, line_});
    const std::string end = is_output ? "}}" : "%}";
    std::string open;  // brackets that wait for their ends
    for (;;) {
      if (at_ >= source_.size()) fail("a tag does not end");
      const std::string_view rest = std::string_view(source_).substr(at_);
      if (open.empty()) {
        const bool has_sign = rest[0] == '-' || (rest[0] == '+' && !is_output);
        if (rest.starts_with(end) || (has_sign && rest.substr(1).starts_with(end))) {
          const char sign = has_sign ? rest[0] : ' ';
          at_ += has_sign ? 3 : 2;
          tokens_.push_back({is_output ? Kind::kOutputEnd : Kind::kTagEnd, "", nullptr, line_});
          finish_tag(sign, !is_output);
          return;
        }
      }
      if (is_space_at(source_, at_)) {
        line_ += source_[at_] == '\n' ? 1 : 0;
        at_ += sequence_bytes(source_[at_]);
      } else {
        read_token(open);
      }
    }
  }

  void read_token(std::string& open) {
    const auto byte = static_cast<unsigned char>(source_[at_]);
    if (std::isalpha(byte) != 0 || byte == '_') {
      const size_t begin = at_;
      while (at_ < source_.size() &&
             (std::isalnum(static_cast<unsigned char>(source_[at_])) != 0 || source_[at_] == '_')) {
        ++at_;
      }
      tokens_.push_back({Kind::kName, source_.substr(begin, at_ - begin), nullptr, line_});
    } else if (std::isdigit(byte) != 0) {
      read_number();
    } else if (byte == '\'' || byte == '"') {
      read_string(source_[at_]);
    } else {
      read_operator(open);
    }
  }

  void read_number() {
    std::string digits;
    bool is_float = false;
    const auto is_digit = [&](size_t at) {
      return at < source_.size() && std::isdigit(static_cast<unsigned char>(source_[at])) != 0;
    };
    while (is_digit(at_) || (at_ < source_.size() && source_[at_] == '.' && !is_float && is_digit(at_ + 1))) {
      is_float = is_float || source_[at_] == '.';
      digits += source_[at_++];
    }
    const bool goes_on =
        at_ < source_.size() && (std::isalpha(static_cast<unsigned char>(source_[at_])) != 0 || source_[at_] == '_');
    if (goes_on || digits.size() > 15) fail("the number " + digits + "... is not read here");
    tokens_.push_back(
        {Kind::kValue, "", is_float ? TemplateData(std::stod(digits)) : TemplateData(std::stoll(digits)), line_});
  }

  void read_string(char quote) {
    const int64_t line = line_;
    std::string text;
    for (++at_;; ++at_) {
      if (at_ >= source_.size()) fail_input("line {}: a string does not end", line);
      const char c = source_[at_];
      if (c == quote) break;
      line_ += c == '\n' ? 1 : 0;
      if (c != '\\') {
        text += c;
      } else {
        ++at_;
        read_escape(text);
      }
    }
    ++at_;
    tokens_.push_back({Kind::kValue, "", std::move(text), line});
  }

  /// Python's escapes; `at_` is left on the last character of one.
  void read_escape(std::string& text) {
    if (at_ >= source_.size()) fail("a string does not end");
    const char c = source_[at_];
    constexpr std::string_view kPlain = "\\'\"abfnrtv", kMeant = "\\'\"\a\b\f\n\r\t\v";
    if (const size_t found = kPlain.find(c); found != std::string_view::npos) {
      text += kMeant[found];
    } else if (c == '\n') {
      ++line_;  // a line goes on
    } else if (c == 'x' || c == 'u' || c == 'U') {
      const size_t count = c == 'x' ? 2 : c == 'u' ? 4 : 8;
      const std::string digits = source_.substr(at_ + 1, count);
      if (digits.size() < count || digits.find_first_not_of("0123456789abcdefABCDEF") != std::string::npos) {
        fail("\\" + std::string(1, c) + " is followed by no number");
      }
      const unsigned long point = std::stoul(digits, nullptr, 16);
      if (point > 0x10FFFF || (point >= 0xD800 && point < 0xE000)) fail("\\" + digits + " is no character");
      append_utf8(text, static_cast<int32_t>(point));
      at_ += count;
    } else if (c >= '0' && c <= '7') {
      int point = 0;
      size_t count = 0;
      while (count < 3 && at_ + count < source_.size() && source_[at_ + count] >= '0' && source_[at_ + count] <= '7') {
        point = point * 8 + (source_[at_ + count++] - '0');
      }
      append_utf8(text, point);
      at_ += count - 1;
    } else if (c == 'N') {
      fail("characters by name (\\N{...}) are not read here");
    } else {
      text += '\\';
      text += c;
    }
  }

  void read_operator(std::string& open) {
    static constexpr std::array<std::string_view, 7> kTwo = {"==", "!=", "<=", ">=", "//", "**", "->"};
    const std::string_view rest = std::string_view(source_).substr(at_);
    std::string found(rest.substr(0, 1));
    for (const std::string_view two : kTwo) {
      if (rest.starts_with(two)) found = two;
    }
    if (std::string("+-*/%~|.,:()[]{}<>=!").find(found[0]) == std::string::npos || found == "->" || found == "!") {
      fail("'" + std::string(rest.substr(0, sequence_bytes(rest[0]))) + "' stands in a tag");
    }
    if (found == "(" || found == "[" || found == "{") open += found == "(" ? ')' : found == "[" ? ']' : '}';
    if (found == ")" || found == "]" || found == "}") {
      if (open.empty() || open.back() != found[0]) fail("'" + found + "' closes nothing");
      open.pop_back();
    }
    at_ += found.size();
    tokens_.push_back({Kind::kOperator, std::move(found), nullptr, line_});
  }

  std::string source_;
  size_t at_ = 0;
  int64_t line_ = 1;
  bool line_starts_ = true;
  std::vector<TemplateToken> tokens_;
};

}  // namespace

std::vector<TemplateToken> template_tokens(const std::string& source) {
  if (const size_t bad = invalid_utf8_at(source); bad != std::string::npos)
    fail_input("it is not UTF-8 at byte {}", bad);
  return Lexer(source).run();
}

}  // namespace emf
