// SPDX-License-Identifier: Apache-2.0
#include "encoders/tokenizers/regex_translation.h"

#include <array>
#include <cctype>
#include <optional>
#include <utility>
#include <vector>

#include "encoders/tokenizers/pattern.h"
#include "encoders/tokenizers/unicode_text.h"
#include "encoders/tokenizers/vocabulary.h"
#include "harness/base/error.h"

namespace emf {
namespace {

// What stands inside [...] for each class. Outside of brackets Oniguruma also takes six fractions and superscripts of
// Latin-1 for word characters.
constexpr const char* kWord = "\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}";
constexpr const char* kLatinWord = "\\x{B2}\\x{B3}\\x{B9}\\x{BC}-\\x{BE}";
constexpr const char* kHex = "0-9A-Fa-f";

std::optional<std::string> posix_class(std::string_view name) {
  constexpr std::array<std::pair<std::string_view, const char*>, 11> kClasses = {{
      {"alpha", "\\p{Alphabetic}"},
      {"alnum", "\\p{Alphabetic}\\p{Nd}"},
      {"digit", "\\p{Nd}"},
      {"lower", "\\p{Lowercase}"},
      {"upper", "\\p{Uppercase}"},
      {"space", EMF_SPACE},
      {"blank", "\\p{Zs}\\t"},
      {"cntrl", "\\p{Cc}"},
      {"xdigit", kHex},
      {"word", kWord},
      {"punct", "\\p{P}$+<=>^`|~"},
  }};
  for (const auto& [known, set] : kClasses) {
    if (name == known) return set;
  }
  return std::nullopt;
}

/// A class of characters: ranges that stand together in brackets, and members that need an expression of their own.
struct CharacterClass {
  std::string ranges;
  std::vector<std::string> others;  ///< each matches one character

  std::string expression(bool is_negated) const {
    if (others.empty()) return (is_negated ? "[^" : "[") + ranges + "]";
    std::string result;
    const auto add = [&](const std::string& member) {
      if (is_negated) {
        result += "(?!" + member + ")";
      } else {
        result += (result.empty() ? "" : "|") + member;
      }
    };
    if (!ranges.empty()) add("[" + ranges + "]");
    for (const std::string& other : others) add(other);
    return "(?:" + result + (is_negated ? "(?s:.))" : ")");
  }
};

/// A place in an expression, and classes of characters from there on.
class ClassReader {
 public:
  ClassReader(std::string_view expression, const std::string& where) : text_(expression), where_(where) {}

 protected:
  [[noreturn]] void refuse(const std::string& what) const {
    fail_input("{}: {} means another thing to the engine used here and is not translated, in {}", where_,
               quoted_name(what), quoted_name(text_));
  }
  bool sees(std::string_view what) const { return text_.substr(at_).starts_with(what); }
  char next() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  /// An escape as a member of a class; at_ stands on its backslash.
  void read_class_escape(CharacterClass& members) {
    const char escaped = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
    at_ += 2;
    const auto add = [&](const char* set, bool is_negated) {
      if (is_negated) {
        members.others.push_back(std::string("[^") + set + "]");
      } else {
        members.ranges += set;
      }
    };
    switch (escaped) {
      case 's':
      case 'S':
        return add(EMF_SPACE, escaped == 'S');
      case 'w':
      case 'W':
        return add(kWord, escaped == 'W');
      case 'd':
      case 'D':
        return add("\\p{Nd}", escaped == 'D');
      case 'h':
      case 'H':
        return add(kHex, escaped == 'H');
      case 'v':
        members.ranges += "\\x0B";
        return;
      case 'b':
        members.ranges += "\\x08";
        return;
      case 'p':
      case 'P':
        return read_property(members, escaped);
      case 'x':
      case 'u':
        return read_code_point(members, escaped);
      case 't':
      case 'n':
      case 'r':
      case 'f':
      case 'a':
      case 'e':
        members.ranges.append({'\\', escaped});
        return;
      default:
        break;
    }
    if (std::isalnum(static_cast<unsigned char>(escaped)) != 0 || escaped == '\0') refuse(std::string("\\") + escaped);
    const size_t size = sequence_bytes(escaped);
    if (size == 1) members.ranges += '\\';
    members.ranges += text_.substr(at_ - 1, size);
    at_ += size - 1;
  }

  void read_property(CharacterClass& members, char kind) {
    const size_t end = text_.find('}', at_);
    if (next() != '{' || end == std::string_view::npos) refuse(std::string("\\") + kind);
    std::string name(text_.substr(at_ + 1, end - at_ - 1));
    at_ = end + 1;
    bool is_negated = kind == 'P';
    if (name.starts_with('^')) {
      is_negated = !is_negated;
      name.erase(0, 1);
    }
    std::string lower;
    for (const char c : name) lower += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    if (const auto set = posix_class(lower)) {
      if (is_negated) return members.others.push_back("[^" + *set + "]");
      members.ranges += *set;
      return;
    }
    members.ranges += (is_negated ? "\\P{" : "\\p{") + name + "}";
  }

  void read_code_point(CharacterClass& members, char kind) {
    std::string digits;
    if (kind == 'x' && next() == '{') {
      const size_t end = std::min(text_.find('}', at_), text_.size() - 1);
      digits = text_.substr(at_ + 1, end - at_ - 1);
      at_ = end + 1;
    } else {
      const size_t most = kind == 'x' ? 2 : 4;
      while (digits.size() < most && std::isxdigit(static_cast<unsigned char>(next())) != 0) digits += text_[at_++];
      // A lone byte beyond ASCII is a part of a character to Oniguruma.
      if (kind == 'x' && digits.size() == 2 && digits[0] > '7') refuse("\\x" + digits);
    }
    members.ranges += "\\x{" + (digits.empty() ? "0" : digits) + "}";
  }

  /// The class behind a '[', closing bracket included, as an expression for one character.
  std::string read_class() {
    const bool is_negated = next() == '^';
    if (is_negated) ++at_;
    std::vector<CharacterClass> parts(1);  // what && stands between
    for (bool is_begun = false; at_ < text_.size() && (next() != ']' || !is_begun); is_begun = true) {
      if (sees("&&")) {
        at_ += 2;
        parts.emplace_back();
      } else if (sees("[:")) {
        read_posix(parts.back());
      } else if (next() == '[') {
        ++at_;
        parts.back().others.push_back(read_class());
      } else if (next() == '\\') {
        read_class_escape(parts.back());
      } else {
        const size_t size = sequence_bytes(next());
        if (next() == '^') parts.back().ranges += '\\';  // it may come to stand first
        parts.back().ranges += text_.substr(at_, size);
        at_ += size;
      }
    }
    if (at_ >= text_.size()) fail_input("{}: a class of characters has no end, in {}", where_, quoted_name(text_));
    ++at_;
    if (parts.size() == 1) return parts[0].expression(is_negated);
    std::string all;
    for (size_t i = 0; i + 1 < parts.size(); ++i) all += "(?=" + parts[i].expression(false) + ")";
    all += parts.back().expression(false);
    return is_negated ? "(?:(?!" + all + ")(?s:.))" : "(?:" + all + ")";
  }

  void read_posix(CharacterClass& members) {
    const size_t end = text_.find(":]", at_);
    std::string name(text_.substr(at_ + 2, std::min(end, text_.size()) - std::min(at_ + 2, end)));
    const bool is_negated = name.starts_with('^');
    if (is_negated) name.erase(0, 1);
    const auto set = posix_class(name);
    if (!set) refuse("[:" + name + ":]");
    at_ = end + 2;
    if (is_negated) return members.others.push_back("[^" + *set + "]");
    members.ranges += *set;
  }

  std::string_view text_;
  const std::string& where_;
  size_t at_ = 0;
};

class Translator : private ClassReader {
 public:
  using ClassReader::ClassReader;

  std::string run() {
    while (at_ < text_.size()) read_item();
    return std::move(out_);
  }

 private:
  /// What a quantifier after it repeats.
  void emit_atom(const std::string& atom) {
    atom_begin_ = out_.size();
    out_ += atom;
  }

  void read_item() {
    const char c = text_[at_];
    if (c == '\\') {
      read_escape();
    } else if (c == '[') {
      ++at_;
      emit_atom(read_class());
    } else if (c == '(') {
      open_group();
    } else if (c == ')') {
      ++at_;
      if (!groups_.empty()) {
        atom_begin_ = groups_.back();
        groups_.pop_back();
      }
      out_ += ')';
    } else if (c == '{' && read_interval()) {
    } else {
      const size_t size = sequence_bytes(c);
      const bool is_quantifier = c == '*' || c == '+' || c == '?';
      if (!is_quantifier) atom_begin_ = out_.size();
      out_ += text_.substr(at_, size);
      at_ += size;
    }
  }

  /// {n,m}, {n,}, {,m} or {n}, and what Ruby's syntax makes of a + or ? behind it. False = a plain brace.
  bool read_interval() {
    size_t i = at_ + 1;
    const auto digits = [&] {
      const size_t begin = i;
      while (i < text_.size() && std::isdigit(static_cast<unsigned char>(text_[i]))) ++i;
      return std::string(text_.substr(begin, i - begin));
    };
    const std::string least = digits();
    const bool has_comma = i < text_.size() && text_[i] == ',';
    if (has_comma) ++i;
    const std::string most = has_comma ? digits() : "";
    if ((least.empty() && most.empty()) || i >= text_.size() || text_[i] != '}') return false;
    at_ = i + 1;
    out_ += "{" + (least.empty() ? "0" : least) + (has_comma ? "," : "") + most + "}";
    const bool repeats = next() == '+', is_optional = next() == '?' && !has_comma;
    if (repeats || is_optional) {
      out_.insert(atom_begin_, "(?:");
      out_ += repeats ? ")+" : ")?";
      ++at_;
    }
    return true;
  }

  void open_group() {
    groups_.push_back(out_.size());
    if (!sees("(?")) {
      if (sees("(*")) refuse("(*");
      out_ += '(';
      ++at_;
      return;
    }
    for (const char* same : {"(?:", "(?=", "(?!", "(?>", "(?<=", "(?<!"}) {
      if (!sees(same)) continue;
      out_ += same;
      at_ += std::string_view(same).size();
      return;
    }
    if (sees("(?<") || sees("(?'")) {  // a name
      out_ += "(?<";
      at_ += 3;
      return;
    }
    if (sees("(?#")) {
      groups_.pop_back();
      at_ = std::min(text_.find(')', at_), text_.size() - 1) + 1;
      return;
    }
    read_options();
  }

  /// (?imx-imx) and (?imx-imx:...): Ruby's m lets a dot match a line's end, which is PCRE2's s.
  void read_options() {
    out_ += "(?";
    for (at_ += 2; at_ < text_.size() && text_[at_] != ')' && text_[at_] != ':'; ++at_) {
      const char option = text_[at_];
      if (option != 'i' && option != 'm' && option != 'x' && option != '-') refuse(std::string("(?") + option);
      out_ += option == 'm' ? 's' : option;
    }
    if (at_ >= text_.size()) refuse("(?");
    if (text_[at_] == ')') groups_.pop_back();
    out_ += text_[at_++];
  }

  void read_escape() {
    if (at_ + 1 >= text_.size()) refuse("\\");
    const char escaped = text_[at_ + 1];
    switch (escaped) {
      case 'w':
      case 'W':
        at_ += 2;
        return emit_atom(std::string(escaped == 'W' ? "[^" : "[") + kWord + kLatinWord + "]");
      case 'b':
      case 'B': {
        at_ += 2;
        const std::string word = std::string("[") + kWord + kLatinWord + "]";
        const std::string edge = "(?<=" + word + ")(?!" + word + ")|(?<!" + word + ")(?=" + word + ")";
        return emit_atom(escaped == 'b' ? "(?:" + edge + ")" : "(?!" + edge + ")");
      }
      case 'R':
      case 'X':
      case 'A':
      case 'z':
      case 'Z':
      case 'G':
      case 'N':
        at_ += 2;
        return emit_atom(std::string("\\") + escaped);
      case 'O':
        at_ += 2;
        return emit_atom("(?s:.)");
      default:
        break;
    }
    if (std::isdigit(static_cast<unsigned char>(escaped)) != 0 || escaped == 'k') {
      at_ += 2;
      return emit_atom(std::string("\\") + escaped);
    }
    CharacterClass members;
    read_class_escape(members);
    emit_atom(members.expression(false));
  }

  std::string out_;
  size_t atom_begin_ = 0;       ///< in out_
  std::vector<size_t> groups_;  ///< where open ones begin in out_
};

}  // namespace

std::string pcre2_expression(std::string_view expression, const std::string& where) {
  return Translator(expression, where).run();
}

}  // namespace emf
