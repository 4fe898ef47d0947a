// SPDX-License-Identifier: Apache-2.0
#include "encoders/tokenizers/named_patterns.h"

#include <map>

#include "encoders/tokenizers/vocabulary.h"
#include "harness/base/error.h"
#include "harness/base/near_name.h"

namespace emf {
namespace {

#define EMF_SUFFIXES "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
// Llama 3 and Qwen2 differ in how many digits stand together.
#define EMF_CL100K(digits)                                                 \
  EMF_SUFFIXES "|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|" digits                    \
               "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)" \
               "|\\s+"
#define EMF_UPPER "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]"
#define EMF_LOWER "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]"
// GPT-4o and Mistral's Tekken cut inside a word where its case changes.
#define EMF_CASED(suffixes, digits)                                                                               \
  "[^\\r\\n\\p{L}\\p{N}]?" EMF_UPPER "*" EMF_LOWER "+" suffixes "|[^\\r\\n\\p{L}\\p{N}]?" EMF_UPPER "+" EMF_LOWER \
  "*" suffixes "|" digits "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"

constexpr const char* kGpt2 = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";
// Every digit is cut out alone and the rest goes to GPT-2's expression; here in one expression, where a digit ends a
// run of spaces as the end of text does.
constexpr const char* kSingleDigits =
    "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+|\\s+(?![^\\s\\p{N}])|\\s+";
constexpr const char* kLlama3 = EMF_CL100K("\\p{N}{1,3}");
constexpr const char* kQwen2 = EMF_CL100K("\\p{N}");
constexpr const char* kQwen35 = EMF_SUFFIXES
    "|[^\\r\\n\\p{L}\\p{N}]?[\\p{L}\\p{M}]+|\\p{N}| ?[^\\s\\p{L}\\p{M}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+"
    "|\\s+(?!\\S)|\\s+";
constexpr const char* kGpt4o = EMF_CASED(EMF_SUFFIXES "?", "\\p{N}{1,3}");
constexpr const char* kTekken = EMF_CASED("", "\\p{N}");
constexpr const char* kHan = "[\\x{4E00}-\\x{9FA5}\\x{3040}-\\x{309F}\\x{30A0}-\\x{30FF}]+";
constexpr const char* kEastAsian = "[\\x{4E00}-\\x{9FA5}\\x{0800}-\\x{4E00}\\x{AC00}-\\x{D7FF}]+";
constexpr const char* kDeepSeek3 =
    "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+"
    "| ?[\\p{P}\\p{S}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
constexpr const char* kBloom = " ?[^(\\s|.,!?\u2026\u3002\uFF0C\u3001\u0964\u06D4\u060C)]+";

struct Rule {
  std::vector<const char*> names;
  std::vector<const char*> expressions;
  bool composes = false, ignores_merges = false, adds_bos = false;
};

/// @source  llama.cpp, llama-vocab.cpp (names); the families' own tokenizer.json files (expressions).
const std::vector<Rule>& rules() {
  static const std::vector<Rule> all = {
      {{"gpt-2", "phi-2", "jina-es", "jina-de", "jina-v2-es", "jina-v2-de", "jina-v1-en", "jina-v2-code", "roberta-bpe",
        "gigachat", "a.x-4.0", "mellum", "exaone4", "jais", "trillion", "granite-docling"},
       {kGpt2}},
      {{"olmo", "mpt", "modern-bert"}, {kGpt2}, true},
      {{"smollm", "starcoder", "refact", "codeshell", "minerva-7b", "exaone", "mellum2"}, {kSingleDigits}},
      {{"command-r"}, {kSingleDigits}, true},
      {{"llama-bpe", "llama3", "llama-v3", "falcon3", "falcon-h1", "midm-2.0", "lfm2", "jina-v5-nano"},
       {kLlama3},
       false,
       true,
       true},
      {{"dbrx", "smaug-bpe", "glm4", "chatglm-bpe"}, {kLlama3}},
      {{"qwen2"}, {kQwen2}, true},
      {{"deepseek-r1-qwen", "stablelm2", "megrez", "hunyuan", "solar-open", "grok-2", "kormo", "f2llmv2"}, {kQwen2}},
      {{"qwen35"}, {kQwen35}, true},
      {{"gpt-4o", "llama4", "kanana2", "minimax-m2"}, {kGpt4o}},
      {{"tekken"}, {kTekken}, false, true, true},
      {{"deepseek-v3", "hunyuan-dense", "joyai-llm"}, {"\\p{N}{1,3}", kHan, kDeepSeek3}},
      {{"deepseek-coder"}, {"[\\r\\n]", "\\s?\\p{L}+", "\\s?\\p{P}+", kEastAsian, "\\p{N}"}},
      // The expression lists the cased letters of its day one by one.
      {{"deepseek-llm"},
       {"[\\r\\n]", "\\s?[\\p{Lu}\\p{Ll}\\p{Lt}]+", "\\s?[!-/:-~\uFF01-\uFF0F\uFF1A-\uFF5E\u2018-\u201F\u3000-\u3002]+",
        "\\s+$", kEastAsian, "\\p{N}+"}},
      {{"falcon"}, {"[\\p{P}$+<=>^~|`]+", kGpt2, "[0-9][0-9][0-9]"}},
      {{"bloom", "gpt3-finnish", "poro-chat"}, {kBloom}},
      {{"viking"}, {kBloom, "\\p{N}"}},
      {{"seed-coder"},
       {EMF_SUFFIXES "|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1}| ?[^\\s\\p{L}\\p{N}\\r\\n]+|\\s*[\\r\\n]+|\\s+(?!\\S)"
                     "|\\s+"}},
      {{"default"}, {"[\\p{P}$+<=>^~|]+", kGpt2, "\\p{N}+", "[0-9][0-9][0-9]"}},
  };
  return all;
}

}  // namespace

std::vector<std::string_view> NamedPreTokenizer::pieces(std::string_view text) const {
  std::vector<std::string_view> pieces = {text}, cut;
  for (const Pattern& pattern : patterns) {
    cut.clear();
    for (const std::string_view piece : pieces) {
      for (const Pattern::Span& span : pattern.spans(piece)) cut.push_back(span.text);
    }
    pieces.swap(cut);
  }
  return pieces;
}

NamedPreTokenizer named_pre_tokenizer(std::string_view name, const std::string& origin) {
  std::vector<std::string> known;
  for (const Rule& rule : rules()) {
    for (const char* other : rule.names) {
      known.emplace_back(other);
      if (name != other) continue;
      NamedPreTokenizer found{{}, rule.composes, rule.ignores_merges, rule.adds_bos};
      for (const char* expression : rule.expressions) {
        found.patterns.push_back(Pattern::from_file(expression, origin + ": pre-tokenizer " + quoted_name(name)));
      }
      return found;
    }
  }
  fail_input("{}: pre-tokenizer {} is not read here{}", origin, quoted_name(name),
             suggestion(std::string(name), known));
}

Pattern gpt2_pattern() { return Pattern::from_file(kGpt2, "GPT-2"); }

}  // namespace emf
