// The "normalizer" section of a tokenizer.json.
#include "encoders/tokenizers/pattern.h"
#include "encoders/tokenizers/tokenizer_json.h"
#include "encoders/tokenizers/unicode_text.h"
#include "encoders/tokenizers/word_piece.h"
#include "harness/base/error.h"
#include "harness/base/utf8.h"

namespace emf {
namespace {

std::string from_base64(const JsonSection& section) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string bytes;
  uint32_t bits = 0;
  int num_bits = 0;
  for (const char c : section.as_text()) {
    if (c == '=') break;
    const size_t digit = kDigits.find(c);
    if (digit == std::string_view::npos) section.fail("is not base64");
    bits = bits << 6 | static_cast<uint32_t>(digit);
    num_bits += 6;
    if (num_bits >= 8) {
      num_bits -= 8;
      bytes += static_cast<char>(bits >> num_bits);
    }
  }
  return bytes;
}

std::string stripped(const std::string& text, bool left, bool right) {
  const std::vector<int32_t> points = code_points(text);
  size_t begin = 0, end = points.size();
  while (left && begin < end && is_white_space(points[begin])) ++begin;
  while (right && begin < end && is_white_space(points[end - 1])) --end;
  std::string result;
  for (; begin < end; ++begin) append_utf8(result, points[begin]);
  return result;
}

void read_replace(const JsonSection& section, JsonTexts& texts) {
  const JsonSection pattern = section.at("pattern");
  const bool is_regex = pattern.has("Regex");
  const std::string sought = is_regex ? pattern.text("Regex") : pattern.text("String");
  if (is_regex && sought == " {2,}") {
    texts.joins_spaces = true;  // sentencepiece does it
    return;
  }
  texts.steps.push_back(
      [found = is_regex ? Pattern::from_file(sought, pattern.where()) : Pattern::literal(sought),
       content = section.text("content")](std::string& text, bool) { text = found.replaced(text, content); });
}

TextStep read_bert(const JsonSection& section) {
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

void read_into(const JsonSection& section, JsonTexts& texts) {
  const std::string type = section.type();
  if (type == "Sequence") {
    for (const JsonSection& part : section.list("normalizers")) read_into(part, texts);
  } else if (type == "BertNormalizer") {
    texts.steps.push_back(read_bert(section));
  } else if (type == "Lowercase") {
    texts.steps.push_back([](std::string& text, bool) { text = lower_case(text); });
  } else if (type == "NFC" || type == "NFD" || type == "NFKC" || type == "NFKD") {
    const bool is_composed = type.back() == 'C', is_compatible = type.size() == 4;
    texts.steps.push_back(normal_form_step(is_compatible ? (is_composed ? NormalForm::kNfkc : NormalForm::kNfkd)
                                                         : (is_composed ? NormalForm::kNfc : NormalForm::kNfd)));
  } else if (type == "StripAccents") {
    texts.steps.push_back([](std::string& text, bool) {
      std::string bare;
      for (const int32_t point : code_points(text)) {
        if (!is_nonspacing_mark(point)) append_utf8(bare, point);
      }
      text = std::move(bare);
    });
  } else if (type == "Strip") {
    texts.steps.push_back([left = section.flag_or("strip_left", true), right = section.flag_or("strip_right", true)](
                              std::string& text, bool) { text = stripped(text, left, right); });
  } else if (type == "Replace") {
    read_replace(section, texts);
  } else if (type == "Prepend") {
    texts.steps.push_back([prefix = section.text("prepend")](std::string& text, bool) {
      if (!text.empty()) text.insert(0, prefix);
    });
  } else if (type == "Precompiled") {
    texts.character_map = from_base64(section.at("precompiled_charsmap"));
  } else {
    section.fail_unknown_type();
  }
}

}  // namespace

JsonTexts read_normalizer(const JsonSection& section) {
  JsonTexts texts;
  if (!section.is_null()) read_into(section, texts);
  return texts;
}

}  // namespace emf
