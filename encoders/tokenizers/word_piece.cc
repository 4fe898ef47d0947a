// SPDX-License-Identifier: Apache-2.0
#include "encoders/tokenizers/word_piece.h"

#include <algorithm>

#include "encoders/tokenizers/late_characters.h"
#include "encoders/tokenizers/unicode_text.h"
#include "harness/base/utf8.h"

namespace emf {
namespace {

/// The blocks that BERT's tokenizer takes for Chinese.   @source  google-research/bert, tokenization.py.
bool is_chinese(int32_t c) {
  return (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0x3400 && c <= 0x4DBF) || (c >= 0x20000 && c <= 0x2A6DF) ||
         (c >= 0x2A700 && c <= 0x2B73F) || (c >= 0x2B740 && c <= 0x2B81F) || (c >= 0x2B920 && c <= 0x2CEAF) ||
         (c >= 0xF900 && c <= 0xFAFF) || (c >= 0x2F800 && c <= 0x2FA1F);
}

bool is_line_space(int32_t c) { return c == '\t' || c == '\n' || c == '\r'; }

}  // namespace

WordPiece::WordPiece(Vocabulary vocabulary, const Options& options)
    : vocabulary_(std::move(vocabulary)),
      options_(options),
      unknown_(vocabulary_.require(options.unknown, "the unknown piece")) {}

void WordPiece::encode(const std::vector<std::string_view>& pieces, std::vector<int64_t>& ids) const {
  for (const std::string_view word : pieces) {
    const size_t before = ids.size();
    const auto num_characters =
        std::count_if(word.begin(), word.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; });
    if (num_characters > options_.longest_word || !encode_word(word, ids)) {
      ids.resize(before);
      ids.push_back(unknown_);
    }
  }
}

bool WordPiece::encode_word(std::string_view word, std::vector<int64_t>& ids) const {
  std::string candidate;
  for (size_t begin = 0; begin < word.size();) {
    size_t end = word.size();
    int32_t id = -1;
    while (true) {
      candidate = begin > 0 ? options_.continuation : "";
      candidate += word.substr(begin, end - begin);
      id = vocabulary_.find(candidate);
      if (id >= 0) break;
      do --end;
      while (end > begin && (static_cast<unsigned char>(word[end]) & 0xC0) == 0x80);
      if (end == begin) return false;
    }
    ids.push_back(id);
    begin = end;
  }
  return true;
}

std::string bert_text(std::string_view text, const BertText& options) {
  std::string clean;
  clean.reserve(text.size());
  for (const int32_t point : code_points(text)) {
    if (options.cleans) {
      if (point == 0 || point == 0xFFFD || (is_control(point) && !is_line_space(point) && !is_late_character(point)))
        continue;
      if (is_white_space(point)) {
        clean += ' ';
        continue;
      }
    }
    const bool is_alone = options.cuts_chinese && is_chinese(point);
    if (is_alone) clean += ' ';
    append_utf8(clean, point);
    if (is_alone) clean += ' ';
  }
  if (options.strips_accents && !is_ascii(clean)) {
    std::string bare;
    for (const int32_t point : code_points(normal_form(clean, NormalForm::kNfd))) {
      if (!is_nonspacing_mark(point) || is_late_character(point)) append_utf8(bare, point);
    }
    clean = std::move(bare);
  }
  return options.lowers ? lower_case(clean) : clean;
}

void cut_bert_words(std::string_view text, std::vector<std::string_view>& pieces) {
  size_t begin = 0;
  for (size_t at = 0; at < text.size();) {
    const size_t size = sequence_bytes(text[at]);
    const int32_t point = point_at(text, at);
    const bool is_space = is_white_space(point), is_mark = is_punctuation(point) && !is_late_character(point);
    if (is_space || is_mark) {
      if (at > begin) pieces.push_back(text.substr(begin, at - begin));
      if (is_mark) pieces.push_back(text.substr(at, size));
      begin = at + size;
    }
    at += size;
  }
  if (begin < text.size()) pieces.push_back(text.substr(begin));
}

}  // namespace emf
