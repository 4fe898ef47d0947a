#include "encoders/tokenizers/named_patterns.h"

#include <map>
#include <vector>

#include "encoders/tokenizers/vocabulary.h"
#include "harness/base/error.h"
#include "harness/base/near_name.h"

namespace emf {
namespace {

#define EMF_SUFFIXES "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
// Llama 3 and Qwen2 differ in how many digits stand together.
#define EMF_CL100K(digits)                                                                                      \
  EMF_SUFFIXES "|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|" digits "| ?[^" EMF_SPACE "\\p{L}\\p{N}]+[\\r\\n]*|[" EMF_SPACE \
               "]*[\\r\\n]+|[" EMF_SPACE "]+(?![^" EMF_SPACE "])|[" EMF_SPACE "]+"

const std::map<std::string_view, const char*>& patterns() {
  static const std::map<std::string_view, const char*> known = {
      {"gpt-2", "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^" EMF_SPACE "\\p{L}\\p{N}]+"
                "|[" EMF_SPACE "]+(?![^" EMF_SPACE "])|[" EMF_SPACE "]+"},
      // Every digit is cut out alone and the rest goes to GPT-2's expression; here in one expression, where a
      // digit ends a run of spaces as the end of text does.
      {"smollm", "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+|\\p{N}| ?[^" EMF_SPACE "\\p{L}\\p{N}]+"
                 "|[" EMF_SPACE "]+(?![^" EMF_SPACE "\\p{N}])|[" EMF_SPACE "]+"},
      {"llama-bpe", EMF_CL100K("\\p{N}{1,3}")},
      {"qwen2", EMF_CL100K("\\p{N}")},
  };
  return known;
}

}  // namespace

Pattern named_pattern(std::string_view name, const std::string& origin) {
  const auto pattern = patterns().find(name);
  if (pattern == patterns().end()) {
    std::vector<std::string> known;
    for (const auto& [other, expression] : patterns()) known.emplace_back(other);
    fail_input("{}: pre-tokenizer {} is not read here{}", origin, quoted_name(name),
               suggestion(std::string(name), known));
  }
  return Pattern(pattern->second);
}

}  // namespace emf
