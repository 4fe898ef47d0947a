// PCRE2 behind Pattern.
#include "encoders/tokenizers/pattern.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "encoders/tokenizers/vocabulary.h"
#include "harness/base/error.h"

namespace emf {
namespace {

constexpr uint32_t kOptions = PCRE2_UTF | PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C;

std::string message_of(int error) {
  PCRE2_UCHAR text[256] = {};
  pcre2_get_error_message(error, text, sizeof text);
  return reinterpret_cast<const char*>(text);
}

/// Oniguruma's expression for PCRE2: the two differ in what \s holds and in set operations.
std::string translated(std::string_view expression, const std::string& where) {
  std::string result;
  bool in_class = false;
  for (size_t i = 0; i < expression.size(); ++i) {
    const char c = expression[i];
    if (c == '\\' && i + 1 < expression.size()) {
      const char escaped = expression[++i];
      if (escaped == 's') {
        result += in_class ? EMF_SPACE : "[" EMF_SPACE "]";
      } else if (escaped == 'S' && !in_class) {
        result += "[^" EMF_SPACE "]";
      } else if (escaped == 'h' || escaped == 'H') {
        fail_input("{}: \\{} means another thing to the engine used here", where, escaped);
      } else {
        result.append({c, escaped});
      }
      continue;
    }
    if (in_class && c == '&' && expression.substr(i, 2) == "&&") {
      fail_input("{}: intersections of character classes (&&) are not read here", where);
    }
    if (c == '[') in_class = true;
    if (c == ']') in_class = false;
    result += c;
  }
  return result;
}

}  // namespace

Pattern::Pattern(const std::string& expression) {
  int error = 0;
  PCRE2_SIZE at = 0;
  pcre2_code* code =
      pcre2_compile(reinterpret_cast<PCRE2_SPTR>(expression.data()), expression.size(), kOptions, &error, &at, nullptr);
  ensure(code != nullptr, "pattern {} does not compile at {}: {}", expression, at, message_of(error));
  code_ = std::shared_ptr<pcre2_real_code_8>(code, pcre2_code_free);
  // Where no JIT is built in, pcre2_match interprets; slower, equal results.
  pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);
}

Pattern Pattern::from_file(std::string_view expression, const std::string& where) {
  const std::string ours = translated(expression, where);
  try {
    return Pattern(ours);
  } catch (const InternalError&) {
    fail_input("{}: the expression {} cannot be compiled", where, quoted_name(expression));
  }
}

Pattern Pattern::literal(std::string_view text) {
  std::string expression;
  for (const char c : text) {
    const bool is_plain = static_cast<unsigned char>(c) >= 0x80 || std::isalnum(static_cast<unsigned char>(c));
    if (c == '\0') {
      expression += "\\x00";
      continue;
    }
    if (!is_plain) expression += '\\';
    expression += c;
  }
  return Pattern(expression);
}

std::vector<Pattern::Span> Pattern::spans(std::string_view text) const {
  std::vector<Span> spans;
  const std::unique_ptr<pcre2_match_data, void (*)(pcre2_match_data*)> match(
      pcre2_match_data_create_from_pattern(code_.get(), nullptr), pcre2_match_data_free);
  const auto* subject = reinterpret_cast<PCRE2_SPTR>(text.data());
  size_t done = 0;
  while (done < text.size()) {
    constexpr uint32_t kMatch = PCRE2_NO_UTF_CHECK | PCRE2_NOTEMPTY;
    int count = pcre2_match(code_.get(), subject, text.size(), done, kMatch, match.get(), nullptr);
    if (count == PCRE2_ERROR_JIT_STACKLIMIT) {
      count = pcre2_match(code_.get(), subject, text.size(), done, kMatch | PCRE2_NO_JIT, match.get(), nullptr);
    }
    if (count == PCRE2_ERROR_NOMATCH) break;
    if (count <= 0) fail_input("the tokenizer's pattern fails at byte {} of a text: {}", done, message_of(count));
    const PCRE2_SIZE* bounds = pcre2_get_ovector_pointer(match.get());
    if (bounds[0] > done) spans.push_back({text.substr(done, bounds[0] - done), false});
    spans.push_back({text.substr(bounds[0], bounds[1] - bounds[0]), true});
    done = bounds[1];
  }
  if (done < text.size()) spans.push_back({text.substr(done), false});
  return spans;
}

std::vector<std::string_view> Pattern::pieces(std::string_view text) const {
  std::vector<std::string_view> pieces;
  for (const Span& span : spans(text)) pieces.push_back(span.text);
  return pieces;
}

std::string Pattern::replaced(std::string_view text, std::string_view with) const {
  std::string result;
  for (const Span& span : spans(text)) result += span.is_match ? with : span.text;
  return result;
}

}  // namespace emf
