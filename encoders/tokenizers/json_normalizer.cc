// SPDX-License-Identifier: Apache-2.0
// The "normalizer" section of a tokenizer.json.
#include "encoders/tokenizers/base64.h"
#include "encoders/tokenizers/character_map.h"
#include "encoders/tokenizers/pattern.h"
#include "encoders/tokenizers/tokenizer_json.h"
#include "encoders/tokenizers/unicode_text.h"
#include "encoders/tokenizers/word_piece.h"
#include "harness/base/bounded.h"
#include "harness/base/error.h"
#include "harness/base/utf8.h"

namespace emf {
namespace {

std::string stripped(const std::string& text, bool left, bool right, bool& is_first) {
  const std::vector<int32_t> points = code_points(text);
  size_t begin = 0, end = points.size();
  while (left && begin < end && is_white_space(points[begin])) ++begin;
  is_first = is_first && begin == 0;
  while (right && begin < end && is_white_space(points[end - 1])) --end;
  std::string result;
  for (; begin < end; ++begin) append_utf8(result, points[begin]);
  return result;
}

/// Steps follow each other, each on what the one before has made of a text.
void require_rewritten(size_t bytes, const std::string& where) {
  if (bytes <= bounds::kRewrittenBytes) return;
  fail_input("{}: makes more than {} bytes of one text", where, bounds::kRewrittenBytes);
}

TextStep read_replace(const JsonSection& section) {
  section.accept({"pattern", "content"}, {});
  const JsonSection pattern = section.at("pattern");
  pattern.accept({"Regex", "String"}, {});
  return [found = pattern.has("Regex") ? Pattern::from_file(pattern.text("Regex"), pattern.where())
                                       : Pattern::literal(pattern.text("String")),
          content = section.text("content"), where = section.where()](std::string& text, bool& is_first) {
    const std::vector<Pattern::Span> spans = found.spans(text);
    std::string result;
    for (const Pattern::Span& span : spans) {
      result += span.is_match ? std::string_view(content) : span.text;
      require_rewritten(result.size(), where);
    }
    is_first = is_first && !(content.empty() && !spans.empty() && spans[0].is_match);
    text = std::move(result);
  };
}

TextStep read_bert(const JsonSection& section) {
  section.accept({"clean_text", "handle_chinese_chars", "lowercase", "strip_accents"}, {});
  BertText options;
  options.cleans = section.flag_or("clean_text", true);
  options.cuts_chinese = section.flag_or("handle_chinese_chars", true);
  options.lowers = section.flag_or("lowercase", true);
  options.strips_accents = section.flag_or("strip_accents", options.lowers);
  return [options](std::string& text, bool) { text = bert_text(text, options); };
}

TextStep normal_form_step(NormalForm form) {
  return [form](std::string& text, bool) { text = normal_form(text, form); };
}

TextStep read_form(const std::string& type, const JsonSection& section) {
  section.accept({}, {});
  const bool is_composed = type.back() == 'C', is_compatible = type.size() == 4;
  return normal_form_step(is_compatible ? (is_composed ? NormalForm::kNfkc : NormalForm::kNfkd)
                                        : (is_composed ? NormalForm::kNfc : NormalForm::kNfd));
}

TextStep read_step(const std::string& type, const JsonSection& section) {
  if (type == "BertNormalizer") return read_bert(section);
  if (type == "Replace") return read_replace(section);
  if (type == "NFC" || type == "NFD" || type == "NFKC" || type == "NFKD") return read_form(type, section);
  if (type == "Lowercase") {
    section.accept({}, {});
    return [](std::string& text, bool) { text = lower_case(text); };
  }
  if (type == "StripAccents") {
    section.accept({}, {});
    return [](std::string& text, bool) {
      std::string bare;
      for (const int32_t point : code_points(text)) {
        if (!is_mark(point)) append_utf8(bare, point);
      }
      text = std::move(bare);
    };
  }
  if (type == "Strip") {
    section.accept({"strip_left", "strip_right"}, {});
    return [left = section.flag_or("strip_left", true), right = section.flag_or("strip_right", true)](
               std::string& text, bool& is_first) { text = stripped(text, left, right, is_first); };
  }
  if (type == "Prepend") {
    section.accept({"prepend"}, {});
    return [prefix = section.text("prepend"), where = section.where()](std::string& text, bool) {
      if (!text.empty()) text.insert(0, prefix);
      require_rewritten(text.size(), where);
    };
  }
  if (type == "Precompiled") {
    section.accept({"precompiled_charsmap"}, {});
    if (!section.has("precompiled_charsmap")) return [](std::string&, bool) {};
    const JsonSection encoded = section.at("precompiled_charsmap");
    const auto bytes = from_base64(encoded.as_text());
    if (!bytes) encoded.fail("is not base64");
    return [map = std::make_shared<const CharacterMap>(*bytes, encoded.where())](std::string& text, bool) {
      text = map->by_clusters(text);
    };
  }
  section.fail_unknown_type();
}

void read_into(const JsonSection& section, std::vector<TextStep>& steps) {
  const std::string type = section.type();
  if (type != "Sequence") return steps.push_back(read_step(type, section));
  section.accept({"normalizers"}, {});
  for (const JsonSection& part : section.list("normalizers")) read_into(part, steps);
}

}  // namespace

std::vector<TextStep> read_normalizer(const JsonSection& section) {
  std::vector<TextStep> steps;
  if (!section.is_null()) read_into(section, steps);
  return steps;
}

}  // namespace emf
