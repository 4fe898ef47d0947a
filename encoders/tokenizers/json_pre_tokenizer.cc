// The "pre_tokenizer" section of a tokenizer.json.
#include "encoders/tokenizers/named_patterns.h"
#include "encoders/tokenizers/pattern.h"
#include "encoders/tokenizers/tokenizer_json.h"
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

/// What a matched delimiter does to the pieces round it.   @source  tokenizers, NormalizedString::split.
CutStep delimiter_cut(Pattern pattern, Behavior behavior, bool is_inverted) {
  return [=](std::string_view text, std::vector<std::string_view>& pieces) {
    bool was_delimiter = false, is_begun = false;
    for (const Pattern::Span& span : pattern.spans(text)) {
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
  };
}

void read_metaspace(const JsonSection& section, JsonCuts& cuts) {
  if (section.text_or("replacement", std::string(kSpaceMark)) != kSpaceMark) {
    section.at("replacement").fail("is not U+2581");
  }
  // Older files say add_prefix_space instead.
  const std::string scheme =
      section.text_or("prepend_scheme", section.flag_or("add_prefix_space", true) ? "always" : "never");
  if (scheme != "always" && scheme != "never" && scheme != "first") {
    section.at("prepend_scheme").fail("is none of always, never, first");
  }
  cuts.marks_spaces = true;
  cuts.adds_leading_space = scheme != "never";
  cuts.texts.push_back([scheme, space = Pattern::literal(" ")](std::string& text, bool is_first) {
    text = space.replaced(text, kSpaceMark);
    const bool prepends = scheme == "always" || (scheme == "first" && is_first);
    if (prepends && !text.empty() && !text.starts_with(kSpaceMark)) text.insert(0, kSpaceMark);
  });
  if (section.flag_or("split", true)) {
    cuts.cuts.push_back(delimiter_cut(Pattern::literal(kSpaceMark), Behavior::kMergedWithNext, false));
  }
}

void read_byte_level(const JsonSection& section, JsonCuts& cuts) {
  cuts.is_byte_level = true;
  if (section.flag_or("add_prefix_space", true)) {
    if (!cuts.cuts.empty()) section.fail("adds a space to pieces that are already cut, which is not read here");
    cuts.texts.push_back([](std::string& text, bool) {
      if (!text.empty() && text[0] != ' ') text.insert(text.begin(), ' ');
    });
  }
  if (section.flag_or("use_regex", true)) {
    cuts.cuts.push_back(delimiter_cut(named_pattern("gpt-2", section.where()), Behavior::kIsolated, false));
  }
}

void read_into(const JsonSection& section, JsonCuts& cuts) {
  const std::string type = section.type();
  if (type == "Sequence") {
    for (const JsonSection& part : section.list("pretokenizers")) read_into(part, cuts);
  } else if (type == "ByteLevel") {
    read_byte_level(section, cuts);
  } else if (type == "Metaspace") {
    read_metaspace(section, cuts);
  } else if (type == "Split") {
    const JsonSection pattern = section.at("pattern");
    cuts.cuts.push_back(delimiter_cut(pattern.has("Regex") ? Pattern::from_file(pattern.text("Regex"), pattern.where())
                                                           : Pattern::literal(pattern.text("String")),
                                      read_behavior(section, "behavior"), section.flag_or("invert", false)));
  } else if (type == "Digits") {
    const bool is_each = section.flag_or("individual_digits", false);
    cuts.cuts.push_back(delimiter_cut(Pattern("\\p{N}"), is_each ? Behavior::kIsolated : Behavior::kContiguous, false));
  } else if (type == "WhitespaceSplit") {
    cuts.cuts_white_space = true;
    cuts.cuts.push_back(delimiter_cut(Pattern("[" EMF_SPACE "]"), Behavior::kRemoved, false));
  } else if (type == "BertPreTokenizer") {
    cuts.cuts.push_back(cut_bert_words);
  } else {
    section.fail_unknown_type();
  }
}

}  // namespace

JsonCuts read_pre_tokenizer(const JsonSection& section) {
  JsonCuts cuts;
  if (!section.is_null()) read_into(section, cuts);
  return cuts;
}

}  // namespace emf
