// SPDX-License-Identifier: Apache-2.0
// The "pre_tokenizer" section of a tokenizer.json.
#include <algorithm>
#include <functional>

#include "encoders/tokenizers/late_characters.h"
#include "encoders/tokenizers/named_patterns.h"
#include "encoders/tokenizers/pattern.h"
#include "encoders/tokenizers/tokenizer_json.h"
#include "encoders/tokenizers/unicode_text.h"
#include "encoders/tokenizers/word_piece.h"
#include "harness/base/error.h"

namespace emf {
namespace {

constexpr std::string_view kSpaceMark = "\u2581";

enum class Behavior { kIsolated, kRemoved, kMergedWithPrevious, kMergedWithNext, kContiguous };

Behavior read_behavior(const JsonSection& section, const char* key) {
  const std::string name = section.text(key);
  if (name == "Isolated") return Behavior::kIsolated;
  if (name == "Removed") return Behavior::kRemoved;
  if (name == "MergedWithPrevious") return Behavior::kMergedWithPrevious;
  if (name == "MergedWithNext") return Behavior::kMergedWithNext;
  if (name == "Contiguous") return Behavior::kContiguous;
  section.at(key).fail("is not a known behavior");
}

std::string_view joined(std::string_view left, std::string_view right) {
  return {left.data(), left.size() + right.size()};
}

using SpanFinder = std::function<std::vector<Pattern::Span>(std::string_view)>;

/// What a matched delimiter does to the pieces round it.   @source  tokenizers, NormalizedString::split.
CutStep delimiter_cut(SpanFinder find, Behavior behavior, bool is_inverted) {
  return [=](std::string_view text, std::vector<std::string_view>& pieces) {
    bool was_delimiter = false, is_begun = false;
    const size_t before = pieces.size();
    for (const Pattern::Span& span : find(text)) {
      const bool is_delimiter = span.is_match != is_inverted;
      const bool joins = is_begun && (behavior == Behavior::kMergedWithPrevious ? is_delimiter && !was_delimiter
                                      : behavior == Behavior::kMergedWithNext   ? was_delimiter && !is_delimiter
                                      : behavior == Behavior::kContiguous       ? was_delimiter == is_delimiter
                                                                                : false);
      const bool is_dropped = behavior == Behavior::kRemoved && is_delimiter;
      if (joins) {
        pieces.back() = joined(pieces.back(), span.text);
      } else if (!is_dropped) {
        pieces.push_back(span.text);
        is_begun = true;
      }
      was_delimiter = is_delimiter;
    }
    // A match of no character cuts and leaves nothing of its own.
    pieces.erase(std::remove_if(pieces.begin() + static_cast<std::ptrdiff_t>(before), pieces.end(),
                                [](std::string_view piece) { return piece.empty(); }),
                 pieces.end());
  };
}

SpanFinder finder(Pattern pattern) {
  return [pattern = std::move(pattern)](std::string_view text) { return pattern.spans(text); };
}

/// Punctuation by Unicode 8's tables, character by character.
std::vector<Pattern::Span> punctuation_spans(std::string_view text) {
  std::vector<Pattern::Span> spans;
  size_t begin = 0;
  for (size_t at = 0; at < text.size();) {
    const size_t size = sequence_bytes(text[at]);
    const int32_t point = point_at(text, at);
    if (is_punctuation(point) && !is_late_character(point)) {
      if (at > begin) spans.push_back({text.substr(begin, at - begin), false});
      spans.push_back({text.substr(at, size), true});
      begin = at + size;
    }
    at += size;
  }
  if (begin < text.size()) spans.push_back({text.substr(begin), false});
  return spans;
}

PieceStep cut_of(CutStep cut) { return {nullptr, std::move(cut)}; }

void read_metaspace(const JsonSection& section, JsonCuts& cuts) {
  section.accept({"replacement", "prepend_scheme", "add_prefix_space", "split"},
                 {"str_rep"});  // how the replacement is spelt inside the original
  const std::string mark = section.text_or("replacement", std::string(kSpaceMark));
  if (mark.empty() || sequence_bytes(mark[0]) != mark.size()) section.at("replacement").fail("is not one character");
  // Older files say add_prefix_space instead.
  const std::string scheme =
      section.text_or("prepend_scheme", section.flag_or("add_prefix_space", true) ? "always" : "never");
  if (scheme != "always" && scheme != "never" && scheme != "first") {
    section.at("prepend_scheme").fail("is none of always, never, first");
  }
  PieceStep step;
  step.rewrite = [scheme, mark, space = Pattern::literal(" ")](std::string& text, bool is_first) {
    text = space.replaced(text, mark);
    const bool prepends = scheme == "always" || (scheme == "first" && is_first);
    if (prepends && !text.starts_with(mark)) text.insert(0, mark);
  };
  if (section.flag_or("split", true)) {
    step.cut = delimiter_cut(finder(Pattern::literal(mark)), Behavior::kMergedWithNext, false);
  }
  cuts.steps.push_back(std::move(step));
}

void read_byte_level(const JsonSection& section, JsonCuts& cuts) {
  section.accept({"add_prefix_space", "use_regex"}, {"trim_offsets"});  // places in the text, never ids
  cuts.is_byte_level = true;
  PieceStep step;
  if (section.flag_or("add_prefix_space", true)) {
    step.rewrite = [](std::string& text, bool) {
      if (!text.starts_with(' ')) text.insert(text.begin(), ' ');
    };
  }
  if (section.flag_or("use_regex", true)) {
    step.cut = delimiter_cut(finder(gpt2_pattern()), Behavior::kIsolated, false);
  }
  cuts.steps.push_back(std::move(step));
}

/// {"String": text} or {"Regex": expression}.
Pattern read_pattern(const JsonSection& pattern) {
  pattern.accept({"Regex", "String"}, {});
  return pattern.has("Regex") ? Pattern::from_file(pattern.text("Regex"), pattern.where())
                              : Pattern::literal(pattern.text("String"));
}

void read_words(const std::string& type, const JsonSection& section, JsonCuts& cuts) {
  if (type == "Split") {
    section.accept({"pattern", "behavior", "invert"}, {});
    cuts.steps.push_back(cut_of(delimiter_cut(finder(read_pattern(section.at("pattern"))),
                                              read_behavior(section, "behavior"), section.flag_or("invert", false))));
  } else if (type == "Digits") {
    section.accept({"individual_digits"}, {});
    const bool is_each = section.flag_or("individual_digits", false);
    cuts.steps.push_back(
        cut_of(delimiter_cut(finder(Pattern("\\p{N}")), is_each ? Behavior::kIsolated : Behavior::kContiguous, false)));
  } else if (type == "Punctuation") {
    section.accept({"behavior"}, {});
    const Behavior behavior = section.has("behavior") ? read_behavior(section, "behavior") : Behavior::kIsolated;
    cuts.steps.push_back(cut_of(delimiter_cut(punctuation_spans, behavior, false)));
  } else if (type == "CharDelimiterSplit") {
    section.accept({"delimiter"}, {});
    cuts.steps.push_back(
        cut_of(delimiter_cut(finder(Pattern::literal(section.text("delimiter"))), Behavior::kRemoved, false)));
  } else if (type == "WhitespaceSplit") {
    section.accept({}, {});
    cuts.steps.push_back(cut_of(delimiter_cut(finder(Pattern("[" EMF_SPACE "]")), Behavior::kRemoved, false)));
  } else if (type == "Whitespace") {
    section.accept({}, {});
    // Rust's word characters, which are those of AddedTokens.
    constexpr const char* kWord = "\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\p{Join_Control}";
    const std::string words = std::string("[") + kWord + "]+|[^" + kWord + EMF_SPACE + "]+";
    cuts.steps.push_back(cut_of(delimiter_cut(finder(Pattern(words)), Behavior::kRemoved, true)));
  } else if (type == "BertPreTokenizer") {
    section.accept({}, {});
    cuts.steps.push_back(cut_of(cut_bert_words));
  } else {
    section.fail_unknown_type();
  }
}

void read_into(const JsonSection& section, JsonCuts& cuts) {
  const std::string type = section.type();
  if (cuts.is_byte_level) section.fail("stands behind ByteLevel and would see bytes, which is not read here");
  if (type == "Sequence") {
    section.accept({"pretokenizers"}, {});
    for (const JsonSection& part : section.list("pretokenizers")) read_into(part, cuts);
  } else if (type == "ByteLevel") {
    read_byte_level(section, cuts);
  } else if (type == "Metaspace") {
    read_metaspace(section, cuts);
  } else {
    read_words(type, section, cuts);
  }
}

}  // namespace

JsonCuts read_pre_tokenizer(const JsonSection& section) {
  JsonCuts cuts;
  if (!section.is_null()) read_into(section, cuts);
  return cuts;
}

}  // namespace emf
