// SPDX-License-Identifier: Apache-2.0
// PCRE2 behind Pattern.
#include "encoders/tokenizers/pattern.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "encoders/tokenizers/regex_translation.h"
#include "encoders/tokenizers/unicode_text.h"
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

}  // namespace

Pattern::Pattern(const std::string& expression, Empty empty) : empty_(empty) {
  int error = 0;
  PCRE2_SIZE at = 0;
  const uint32_t options = empty == Empty::kFound ? kOptions | PCRE2_MULTILINE : kOptions;
  pcre2_code* code =
      pcre2_compile(reinterpret_cast<PCRE2_SPTR>(expression.data()), expression.size(), options, &error, &at, nullptr);
  ensure(code != nullptr, "pattern {} does not compile at {}: {}", expression, at, message_of(error));
  code_ = std::shared_ptr<pcre2_real_code_8>(code, pcre2_code_free);
  // Where no JIT is built in, pcre2_match interprets; slower, equal results.
  pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);
}

Pattern Pattern::from_file(std::string_view expression, const std::string& where) {
  const std::string ours = pcre2_expression(expression, where);
  try {
    return Pattern(ours, Empty::kFound);
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
  // A match may begin after `done` only; an empty one right behind a match is none, and the search goes on a character
  // further. So does the original's engine.
  size_t done = 0, from = 0;
  while (from < text.size() || (from == text.size() && empty_ == Empty::kFound)) {
    const uint32_t flags = PCRE2_NO_UTF_CHECK | (empty_ == Empty::kFound ? 0 : PCRE2_NOTEMPTY);
    int count = pcre2_match(code_.get(), subject, text.size(), from, flags, match.get(), nullptr);
    if (count == PCRE2_ERROR_JIT_STACKLIMIT) {
      count = pcre2_match(code_.get(), subject, text.size(), from, flags | PCRE2_NO_JIT, match.get(), nullptr);
    }
    if (count == PCRE2_ERROR_NOMATCH) break;
    if (count <= 0) fail_input("the tokenizer's pattern fails at byte {} of a text: {}", from, message_of(count));
    const PCRE2_SIZE* bounds = pcre2_get_ovector_pointer(match.get());
    if (bounds[0] == bounds[1] && !spans.empty() && bounds[0] == done && spans.back().is_match) {
      if (from >= text.size()) break;
      from += sequence_bytes(text[from]);
      continue;
    }
    if (bounds[0] > done) spans.push_back({text.substr(done, bounds[0] - done), false});
    spans.push_back({text.substr(bounds[0], bounds[1] - bounds[0]), true});
    done = from = bounds[1];
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
