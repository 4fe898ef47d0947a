// A compiled PCRE2 pattern that cuts text into pieces, the first step of most tokenizers.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

struct pcre2_real_code_8;

namespace emf {

/// Safe to use from any thread: a call keeps its state to itself.
class Pattern {
 public:
  /// @param expression  PCRE2 syntax, UTF-8, Unicode properties on. Note that PCRE2's \s is not Unicode's
  /// White_Space.
  /// @throws InternalError  it does not compile.
  explicit Pattern(const std::string& expression);

  /// Matches and the gaps between them, in order: together they are the text. Empty matches are passed over.
  /// @param text  valid UTF-8 (not checked again).   @cost  about 0.1 us a piece.
  std::vector<std::string_view> pieces(std::string_view text) const;

 private:
  std::shared_ptr<pcre2_real_code_8> code_;
};

}  // namespace emf
