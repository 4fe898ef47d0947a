// The "model" section of a tokenizer.json.
#include <limits>

#include "encoders/tokenizers/byte_level_bpe.h"
#include "encoders/tokenizers/character_bpe.h"
#include "encoders/tokenizers/pattern.h"
#include "encoders/tokenizers/sentence_piece.h"
#include "encoders/tokenizers/tokenizer_json.h"
#include "encoders/tokenizers/word_piece.h"
#include "harness/base/error.h"

namespace emf {
namespace {

Vocabulary read_vocabulary(const JsonSection& model) {
  const JsonSection section = model.at("vocab");
  Vocabulary vocabulary(section.where());
  vocabulary.reserve(section.as_object().size());
  for (const auto& [piece, id] : section.value().items()) {
    if (!id.is_number_integer()) section.fail("gives " + quoted_name(piece) + " an id that is no whole number");
    const bool is_beyond = id.is_number_unsigned() && id.get<uint64_t>() > std::numeric_limits<int32_t>::max();
    vocabulary.add(piece, is_beyond ? std::numeric_limits<int64_t>::max() : id.get<int64_t>());
  }
  vocabulary.check_distinct_ids();
  return vocabulary;
}

/// "left right" in older files, ["left", "right"] in newer ones.
MergeList read_merges(const JsonSection& model) {
  const JsonSection section = model.at("merges");
  if (!section.value().is_array()) section.fail("is no list");
  MergeList merges;
  merges.reserve(section.value().size());
  for (size_t i = 0; i < section.value().size(); ++i) {
    const Json& merge = section.value()[i];
    if (merge.is_string()) {
      merges.push_back(split_merge(merge.get_ref<const std::string&>()));
    } else if (merge.is_array() && merge.size() == 2 && merge[0].is_string() && merge[1].is_string()) {
      merges.emplace_back(merge[0].get_ref<const std::string&>(), merge[1].get_ref<const std::string&>());
    } else {
      section.fail("item " + std::to_string(i) + " is no pair of pieces");
    }
  }
  return merges;
}

std::unique_ptr<TokenModel> read_bpe(const JsonSection& model, const JsonCuts& cuts) {
  if (!model.text_or("continuing_subword_prefix", "").empty()) {
    model.at("continuing_subword_prefix").fail("is not empty, which is not read here");
  }
  const std::string word_end = model.text_or("end_of_word_suffix", "");
  if (cuts.is_byte_level) {
    ByteLevelBpe::Options options;
    options.word_end = word_end;
    options.ignores_merges = model.flag_or("ignore_merges", false);
    return std::make_unique<ByteLevelBpe>(read_vocabulary(model), read_merges(model), options);
  }
  CharacterBpe::Options options;
  options.word_end = word_end;
  options.unknown = model.text_or("unk_token", "");
  options.fuses_unknown = model.flag_or("fuse_unk", false);
  options.falls_back_to_bytes = model.flag_or("byte_fallback", false);
  options.ignores_merges = model.flag_or("ignore_merges", false);
  return std::make_unique<CharacterBpe>(read_vocabulary(model), read_merges(model), options);
}

std::unique_ptr<TokenModel> read_word_piece(const JsonSection& model) {
  WordPiece::Options options;
  options.unknown = model.text_or("unk_token", options.unknown);
  options.continuation = model.text_or("continuing_subword_prefix", options.continuation);
  if (model.has("max_input_chars_per_word")) {
    options.longest_word = model.integer("max_input_chars_per_word");
    constexpr int64_t kLongest = 1000;  // the search is quadratic in it
    if (options.longest_word < 0 || options.longest_word > kLongest) {
      model.at("max_input_chars_per_word").fail("is not between 0 and 1000");
    }
  }
  return std::make_unique<WordPiece>(read_vocabulary(model), options);
}

std::unique_ptr<TokenModel> read_unigram(const JsonSection& root, JsonTexts& texts, JsonCuts& cuts) {
  const JsonSection model = root.at("model");
  if (cuts.is_byte_level || !cuts.marks_spaces) {
    root.fail("/pre_tokenizer: a Unigram model needs Metaspace here, alone or after WhitespaceSplit");
  }
  UnigramModel unigram;
  unigram.character_map = texts.character_map;
  unigram.adds_leading_space = cuts.adds_leading_space;
  unigram.joins_spaces = texts.joins_spaces || cuts.cuts_white_space;
  unigram.falls_back_to_bytes = model.flag_or("byte_fallback", false);
  for (const JsonSection& item : model.list("vocab")) {
    const std::vector<JsonSection> pair = item.elements();
    if (pair.size() != 2) item.fail("is no pair of piece and score");
    unigram.pieces.push_back({pair[0].as_text(), static_cast<float>(pair[1].as_number()), UnigramModel::kNormal});
  }
  const auto piece_at = [&](const JsonSection& section) -> UnigramModel::Piece* {
    const int64_t id = section.as_integer();
    if (id < 0) section.fail("is below 0");
    return id < static_cast<int64_t>(unigram.pieces.size()) ? &unigram.pieces[static_cast<size_t>(id)] : nullptr;
  };
  if (root.has("added_tokens")) {
    for (const JsonSection& token : root.list("added_tokens")) {
      UnigramModel::Piece* piece = piece_at(token.at("id"));
      if (piece != nullptr && token.flag_or("special", false)) piece->kind = UnigramModel::kControl;
    }
  }
  UnigramModel::Piece* unknown = piece_at(model.at("unk_id"));
  if (unknown == nullptr) model.at("unk_id").fail("is beyond the vocabulary");
  unknown->kind = UnigramModel::kUnknown;
  // sentencepiece marks and cuts by itself, but only at plain spaces.
  cuts.texts.clear();
  cuts.cuts.clear();
  if (cuts.cuts_white_space) {
    cuts.texts.push_back(
        [space = Pattern("[" EMF_SPACE "]")](std::string& text, bool) { text = space.replaced(text, " "); });
  }
  return unigram_token_model(unigram, model.where());
}

}  // namespace

std::unique_ptr<TokenModel> read_model(const JsonSection& root, JsonTexts& texts, JsonCuts& cuts) {
  const JsonSection model = root.at("model");
  const std::string type = model.type();
  if (type == "Unigram") return read_unigram(root, texts, cuts);
  if (!texts.character_map.empty() || texts.joins_spaces) {
    root.fail("/normalizer: Precompiled and the joining of spaces are read for Unigram models only");
  }
  if (type == "BPE") return read_bpe(model, cuts);
  if (type == "WordPiece") {
    if (cuts.is_byte_level) root.fail("/pre_tokenizer: ByteLevel does not go with WordPiece");
    return read_word_piece(model);
  }
  model.fail_unknown_type();
}

}  // namespace emf
