// SPDX-License-Identifier: Apache-2.0
// A compiled PCRE2 pattern that cuts text into pieces, the first step of most tokenizers.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

struct pcre2_real_code_8;

namespace emf {

/// Unicode's White_Space as it stands inside [...], which the original engines mean by \s (PCRE2 adds
/// U+180E).
#define EMF_SPACE "\\t-\\r \\x{85}\\x{A0}\\x{1680}\\x{2000}-\\x{200A}\\x{2028}\\x{2029}\\x{202F}\\x{205F}\\x{3000}"

/// Safe to use from any thread: a call keeps its state to itself.
class Pattern {
 public:
  struct Span {
    std::string_view text;
    bool is_match;
  };

  /// Whether matches of no character count, as they do to Oniguruma: they cut a text in two.
  enum class Empty { kPassedOver, kFound };

  /// @param expression  PCRE2 syntax, UTF-8, Unicode properties on. Note that PCRE2's \s is not Unicode's
  /// White_Space.
  /// @throws InternalError  it does not compile.
  explicit Pattern(const std::string& expression, Empty empty = Empty::kPassedOver);

  /// An expression out of a tokenizer.json, written for Oniguruma (see regex_translation.h).
  /// @param where  for the message.   @throws UserError  it does not compile, or means something else here.
  static Pattern from_file(std::string_view expression, const std::string& where);

  /// A plain string.
  static Pattern literal(std::string_view text);

  /// Matches and the gaps between them, in order: together they are the text.
  /// @param text  valid UTF-8 (not checked again).   @cost  about 0.1 us a span.
  /// @throws UserError  the engine gives up (an expression that backtracks without end).
  std::vector<Span> spans(std::string_view text) const;

  /// The texts of spans().
  std::vector<std::string_view> pieces(std::string_view text) const;

  /// @param text  every match of it is replaced.
  std::string replaced(std::string_view text, std::string_view with) const;

 private:
  std::shared_ptr<pcre2_real_code_8> code_;
  Empty empty_;
};

}  // namespace emf
