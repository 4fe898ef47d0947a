// SPDX-License-Identifier: Apache-2.0
// The "model" section of a tokenizer.json.
#include <cmath>
#include <limits>

#include "encoders/tokenizers/byte_level_bpe.h"
#include "encoders/tokenizers/character_bpe.h"
#include "encoders/tokenizers/tokenizer_json.h"
#include "encoders/tokenizers/unigram.h"
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

std::unique_ptr<TokenModel> read_bpe(const JsonSection& model, bool is_byte_level) {
  model.accept({"vocab", "merges", "unk_token", "continuing_subword_prefix", "end_of_word_suffix", "fuse_unk",
                "byte_fallback", "ignore_merges", "dropout"},
               {"cache_capacity"});  // how much is remembered, never what
  if (!model.text_or("continuing_subword_prefix", "").empty()) {
    model.at("continuing_subword_prefix").fail("is not empty, which is not read here");
  }
  if (model.has("dropout") && model.at("dropout").as_number() != 0) {
    model.at("dropout").fail("is not 0: the same text would get other ids each time");
  }
  const std::string word_end = model.text_or("end_of_word_suffix", "");
  if (is_byte_level && !model.flag_or("byte_fallback", false)) {
    ByteLevelBpe::Options options;
    options.word_end = word_end;
    options.unknown = model.text_or("unk_token", "");
    options.fuses_unknown = model.flag_or("fuse_unk", false);
    options.ignores_merges = model.flag_or("ignore_merges", false);
    return std::make_unique<ByteLevelBpe>(read_vocabulary(model), read_merges(model), options);
  }
  if (is_byte_level) model.at("byte_fallback").fail("does not go with ByteLevel here");
  CharacterBpe::Options options;
  options.word_end = word_end;
  options.unknown = model.text_or("unk_token", "");
  options.fuses_unknown = model.flag_or("fuse_unk", false);
  options.falls_back_to_bytes = model.flag_or("byte_fallback", false);
  options.ignores_merges = model.flag_or("ignore_merges", false);
  return std::make_unique<CharacterBpe>(read_vocabulary(model), read_merges(model), options);
}

std::unique_ptr<TokenModel> read_word_piece(const JsonSection& model) {
  model.accept({"vocab", "unk_token", "continuing_subword_prefix", "max_input_chars_per_word"}, {});
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

std::unique_ptr<TokenModel> read_unigram(const JsonSection& model) {
  model.accept({"vocab", "unk_id", "byte_fallback"}, {});
  const JsonSection list = model.at("vocab");
  if (!list.value().is_array()) list.fail("is no list");
  std::vector<Unigram::Piece> pieces;
  pieces.reserve(list.value().size());
  for (const Json& item : list.value()) {
    if (!item.is_array() || item.size() != 2 || !item[0].is_string() || !item[1].is_number() ||
        !std::isfinite(item[1].get<double>())) {
      list.fail("item " + std::to_string(pieces.size()) + " is no pair of piece and score");
    }
    pieces.push_back({item[0].get<std::string>(), item[1].get<double>()});
  }
  Unigram::Options options;
  if (model.has("unk_id")) options.unknown = model.integer("unk_id");
  options.falls_back_to_bytes = model.flag_or("byte_fallback", false);
  return std::make_unique<Unigram>(pieces, options, model.where());
}

}  // namespace

std::unique_ptr<TokenModel> read_model(const JsonSection& model, bool is_byte_level) {
  // Files from before tokenizers 0.9 name no type; theirs are told by what stands in them.
  const std::string type = model.has("type") ? model.type() : model.has("merges") ? "BPE" : "";
  if (type == "BPE") return read_bpe(model, is_byte_level);
  if (is_byte_level && (type == "WordPiece" || type == "Unigram")) {
    model.fail("of type " + type + " does not go with the pre-tokenizer ByteLevel");
  }
  if (type == "WordPiece") return read_word_piece(model);
  if (type == "Unigram") return read_unigram(model);
  model.fail_unknown_type();
}

}  // namespace emf
