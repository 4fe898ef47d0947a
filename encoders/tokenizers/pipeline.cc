// SPDX-License-Identifier: Apache-2.0
#include "encoders/tokenizers/pipeline.h"

#include <algorithm>
#include <deque>

#include "harness/base/error.h"
#include "harness/base/utf8.h"

namespace emf {

void SpecialIds::add_to(std::vector<int64_t>& ids) const {
  const bool is_closed =
      closes_once && ids.size() >= after.size() && std::equal(after.rbegin(), after.rend(), ids.rbegin());
  if (!is_closed) ids.insert(ids.end(), after.begin(), after.end());
  ids.insert(ids.begin(), before.begin(), before.end());
}

PipelineTokenizer::PipelineTokenizer(Pipeline stages) : stages_(std::move(stages)) {
  size_ = std::max({stages_.model->vocabulary_size(), stages_.raw_tokens.size(), stages_.normalised_tokens.size()});
  for (const auto* ids : {&stages_.specials.before, &stages_.specials.after}) {
    for (const int64_t id : *ids) size_ = std::max(size_, id + 1);
  }
  if (stages_.filler) size_ = std::max(size_, *stages_.filler + 1);
}

std::vector<int64_t> PipelineTokenizer::encode(std::string_view text, bool with_specials) const {
  const size_t bad = invalid_utf8_at(text);
  if (bad != std::string_view::npos) fail_input("text is not UTF-8 at byte {}", bad);
  std::vector<int64_t> ids;
  for (const AddedTokens::Stretch& stretch : stages_.raw_tokens.split(text)) {
    if (stretch.id >= 0) {
      ids.push_back(stretch.id);
    } else {
      encode_stretch(stretch.text, stretch.text.data() == text.data(), ids);
    }
  }
  if (with_specials) stages_.specials.add_to(ids);
  return ids;
}

void PipelineTokenizer::encode_stretch(std::string_view stretch, bool is_first, std::vector<int64_t>& ids) const {
  std::string text;
  if (!stages_.texts.empty()) {
    text = stretch;
    for (const TextStep& step : stages_.texts) step(text, is_first);
    stretch = text;
  }
  for (const AddedTokens::Stretch& part : stages_.normalised_tokens.split(stretch)) {
    if (part.id >= 0) {
      ids.push_back(part.id);
    } else {
      encode_part(part.text, is_first && part.text.data() == stretch.data(), ids);
    }
  }
}

void PipelineTokenizer::encode_part(std::string_view part, bool is_first, std::vector<int64_t>& ids) const {
  std::vector<std::string_view> pieces = {part}, cut;
  std::deque<std::string> rewritten;  // grows without moving what the pieces look at
  for (const PieceStep& step : stages_.pieces) {
    if (step.rewrite) {
      for (std::string_view& piece : pieces) {
        std::string& text = rewritten.emplace_back(piece);
        bool begins_text = is_first && &piece == pieces.data();
        step.rewrite(text, begins_text);
        piece = text;
      }
    }
    if (step.cut) {
      cut.clear();
      const char* begin = pieces.empty() ? nullptr : pieces[0].data();
      for (const std::string_view piece : pieces) step.cut(piece, cut);
      pieces.swap(cut);
      // The text's first piece may have been left out.
      is_first = is_first && !pieces.empty() && pieces[0].data() == begin;
    }
  }
  stages_.model->encode(pieces, ids);
}

}  // namespace emf
