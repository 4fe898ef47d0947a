// SPDX-License-Identifier: Apache-2.0
#include "encoders/tokenizers/clip_bpe.h"

#include "encoders/tokenizers/byte_level_bpe.h"
#include "encoders/tokenizers/html_unescape.h"
#include "encoders/tokenizers/pattern.h"
#include "encoders/tokenizers/text_lines.h"
#include "encoders/tokenizers/unicode_text.h"
#include "harness/base/error.h"
#include "harness/base/utf8.h"

namespace emf {
namespace {

constexpr const char* kStart = "<|startoftext|>";
constexpr const char* kEnd = "<|endoftext|>";
constexpr const char* kWordEnd = "</w>";

/// The byte alphabet in the order of its code points in bytes: first those that are themselves, then the
/// replaced.
std::vector<std::string> ordered_alphabet() {
  std::vector<std::string> characters;
  for (const bool is_itself : {true, false}) {
    for (size_t byte = 0; byte < 256; ++byte) {
      const bool printable = (byte >= 33 && byte <= 126) || (byte >= 161 && byte != 173);
      if (printable == is_itself) characters.push_back(byte_alphabet()[byte]);
    }
  }
  return characters;
}

}  // namespace

std::string clip_text(std::string_view text) {
  std::string words;
  bool owes_space = false;
  // The separators of ASCII (U+001C ... U+001F) end a text for Python's strip but join no words.
  const auto is_stripped = [](int32_t point) { return is_white_space(point) || (point >= 0x1C && point <= 0x1F); };
  std::vector<int32_t> points = code_points(html_unescape(html_unescape(text)));
  size_t begin = 0, end = points.size();
  while (begin < end && is_stripped(points[begin])) ++begin;
  while (begin < end && is_stripped(points[end - 1])) --end;
  for (; begin < end; ++begin) {
    if (is_white_space(points[begin])) {
      owes_space = true;
      continue;
    }
    if (owes_space) words += ' ';
    owes_space = false;
    append_utf8(words, points[begin]);
  }
  return lower_case(words, true);
}

std::unique_ptr<Tokenizer> clip_tokenizer(Vocabulary vocabulary, const MergeList& merges) {
  Pipeline stages;
  stages.specials.before = {vocabulary.require(kStart, "the mark")};
  stages.specials.after = {vocabulary.require(kEnd, "the mark")};
  stages.filler = stages.specials.after[0];
  stages.texts.push_back([](std::string& text, bool) { text = clip_text(text); });
  // U+0345 is a case of a letter to the original's engine, and so neither a letter nor a mark.
  stages.pieces.push_back({nullptr, [pattern = Pattern("(?i)'s|'t|'re|'ve|'m|'ll|'d|\\p{L}+|\\p{N}|[^" EMF_SPACE
                                                       "\\p{L}\\p{N}\\x{345}]+")](std::string_view text, auto& pieces) {
                             for (const Pattern::Span& span : pattern.spans(text)) {
                               if (span.is_match) pieces.push_back(span.text);
                             }
                           }});
  ByteLevelBpe::Options options;
  options.word_end = kWordEnd;
  stages.model = std::make_unique<ByteLevelBpe>(std::move(vocabulary), merges, options);
  return std::make_unique<PipelineTokenizer>(std::move(stages));
}

std::unique_ptr<Tokenizer> load_clip_merges(const std::filesystem::path& path, int64_t num_merges) {
  const auto count = static_cast<size_t>(num_merges);
  const std::string text = read_text_or_gzip(path);
  const std::vector<std::string_view> lines = text_lines(text);
  if (lines.size() < count + 1) {
    fail_input("{}: {} lines, CLIP's list of merges has at least {}", path.string(), lines.size(), count + 1);
  }
  Vocabulary vocabulary(path.string());
  int64_t id = 0;
  for (const std::string& character : ordered_alphabet()) vocabulary.add(character, id++);
  for (const std::string& character : ordered_alphabet()) vocabulary.add(character + kWordEnd, id++);
  MergeList merges;
  for (size_t i = 1; i <= count; ++i) {
    merges.push_back(split_merge(lines[i]));
    vocabulary.add(std::string(merges.back().first).append(merges.back().second), id++);
  }
  vocabulary.add(kStart, id++);
  vocabulary.add(kEnd, id++);
  return clip_tokenizer(std::move(vocabulary), merges);
}

}  // namespace emf
