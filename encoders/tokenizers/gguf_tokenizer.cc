// SPDX-License-Identifier: Apache-2.0
#include "encoders/tokenizers/gguf_tokenizer.h"

#include <algorithm>

#include "encoders/tokenizers/byte_level_bpe.h"
#include "encoders/tokenizers/byte_pieces.h"
#include "encoders/tokenizers/named_patterns.h"
#include "encoders/tokenizers/pipeline.h"
#include "encoders/tokenizers/sentence_piece.h"
#include "encoders/tokenizers/sentence_piece_bpe.h"
#include "encoders/tokenizers/unicode_text.h"
#include "encoders/tokenizers/word_piece.h"
#include "harness/base/error.h"

namespace emf {
namespace {

constexpr const char* kSpacePiece = "\u2581";

bool flag_or(const GgufFile& file, std::string_view key, bool otherwise) {
  return file.has(key) ? file.flag(key) : otherwise;
}

std::string with_space_marks(std::string_view text) {
  std::string marked;
  for (const char c : text) {
    if (c == ' ') {
      marked += kSpacePiece;
    } else {
      marked += c;
    }
  }
  return marked;
}

/// Pieces, scores and kinds, all of one length. Kinds are SentencePieceFile's.
struct ScoredPieces {
  std::vector<std::string_view> texts;
  std::vector<float> scores;
  std::vector<int64_t> kinds;
};

ScoredPieces scored_pieces(const GgufFile& file) {
  ScoredPieces pieces;
  pieces.texts = file.texts("tokenizer.ggml.tokens");
  pieces.scores = file.numbers("tokenizer.ggml.scores");
  pieces.kinds = file.integers("tokenizer.ggml.token_type");
  if (pieces.scores.size() != pieces.texts.size() || pieces.kinds.size() != pieces.texts.size()) {
    fail_input("{}: {} tokens, {} scores and {} token types; they should be equally many", file.path().string(),
               pieces.texts.size(), pieces.scores.size(), pieces.kinds.size());
  }
  return pieces;
}

/// Tokens that are found whole in the text as it comes: user-defined ones always, controls and the unknown one where
/// they are parsed.   @source  llama.cpp, tokenizer_st_partition.
void add_whole_tokens(const GgufFile& file, const std::vector<std::string_view>& texts, const TokenizerOptions& options,
                      AddedTokens& tokens) {
  if (!file.has("tokenizer.ggml.token_type")) return;
  const std::vector<int64_t> kinds = file.integers("tokenizer.ggml.token_type");
  if (kinds.size() != texts.size()) {
    fail_input("{}: {} tokens and {} token types; they should be equally many", file.path().string(), texts.size(),
               kinds.size());
  }
  for (size_t id = 0; id < kinds.size(); ++id) {
    const bool is_special = kinds[id] == SentencePieceFile::kControl || kinds[id] == SentencePieceFile::kUnknown;
    if (!is_special && kinds[id] != SentencePieceFile::kUserDefined) continue;
    AddedTokens::Token token;
    token.text = texts[id];
    token.id = static_cast<int64_t>(id);
    token.is_text = is_special && !options.parses_special;
    tokens.add(std::move(token));
  }
}

std::optional<int64_t> token_id(const GgufFile& file, const char* key) {
  if (!file.has(key)) return std::nullopt;
  const int64_t id = file.integer(key);
  const auto count = static_cast<int64_t>(file.texts("tokenizer.ggml.tokens").size());
  if (id < 0 || id >= count) fail_input("{}: '{}' is {}, of {} tokens", file.path().string(), key, id, count);
  return id;
}

/// The marks the file asks for, by key; what it does not say is as its family has it.
void read_marks(const GgufFile& file, bool adds_bos, bool adds_eos, Pipeline& stages) {
  const auto require = [&](const char* key) {
    const auto id = token_id(file, key);
    if (!id) fail_input("{}: the key '{}' is absent, and the text's marks need it", file.path().string(), key);
    return *id;
  };
  if (flag_or(file, "tokenizer.ggml.add_bos_token", adds_bos)) {
    stages.specials.before = {require("tokenizer.ggml.bos_token_id")};
  }
  if (flag_or(file, "tokenizer.ggml.add_eos_token", adds_eos)) {
    stages.specials.after = {require("tokenizer.ggml.eos_token_id")};
  }
  for (const char* key :
       {"tokenizer.ggml.padding_token_id", "tokenizer.ggml.eos_token_id", "tokenizer.ggml.bos_token_id"}) {
    if (!stages.filler) stages.filler = token_id(file, key);
  }
}

Pipeline byte_level(const GgufFile& file, const TokenizerOptions& asked) {
  const std::string origin = file.path().string();
  const NamedPreTokenizer pre = named_pre_tokenizer(file.text("tokenizer.ggml.pre"), origin);
  const std::vector<std::string_view> tokens = file.texts("tokenizer.ggml.tokens");
  Pipeline stages;
  read_marks(file, pre.adds_bos, false, stages);
  add_whole_tokens(file, tokens, asked, stages.raw_tokens);
  if (flag_or(file, "tokenizer.ggml.normalizer.nfc", pre.composes)) {
    stages.texts.push_back([](std::string& text, bool) { text = normal_form(text, NormalForm::kNfc); });
  }
  for (const Pattern& pattern : pre.patterns) {
    stages.pieces.push_back({nullptr, [pattern](std::string_view text, auto& pieces) {
                               for (const Pattern::Span& span : pattern.spans(text)) pieces.push_back(span.text);
                             }});
  }
  MergeList merges;
  for (const std::string_view merge : file.texts("tokenizer.ggml.merges")) merges.push_back(split_merge(merge));
  ByteLevelBpe::Options options;
  options.ignores_merges = pre.ignores_merges;
  stages.model = std::make_unique<ByteLevelBpe>(Vocabulary(tokens, origin), merges, options);
  return stages;
}

Pipeline scored_bpe(const GgufFile& file, const TokenizerOptions& options) {
  ScoredPieces pieces = scored_pieces(file);
  Pipeline stages;
  read_marks(file, true, false, stages);
  stages.texts.push_back([](std::string& text, bool) { text = with_space_marks(text); });
  if (flag_or(file, "tokenizer.ggml.add_space_prefix", true)) {
    stages.pieces.push_back({[](std::string& text, bool) { text.insert(0, kSpacePiece); }, nullptr});
  }
  Vocabulary byte_texts(file.path().string());
  int32_t unknown = -1;
  for (size_t id = 0; id < pieces.texts.size(); ++id) {
    const std::string_view text = pieces.texts[id];
    const auto number = static_cast<int32_t>(id);
    if (pieces.kinds[id] == SentencePieceFile::kUserDefined) {
      // sentencepiece writes a space as its mark here too; llama.cpp's converter puts the space back.
      AddedTokens::Token token;
      token.text = with_space_marks(text);
      token.id = number;
      stages.normalised_tokens.add(std::move(token));
    } else if (pieces.kinds[id] == SentencePieceFile::kControl || pieces.kinds[id] == SentencePieceFile::kUnknown) {
      AddedTokens::Token token;
      token.text = text;
      token.id = number;
      token.is_text = !options.parses_special;
      stages.raw_tokens.add(std::move(token));
      if (pieces.kinds[id] == SentencePieceFile::kUnknown) unknown = number;
    } else if (pieces.kinds[id] == SentencePieceFile::kByte) {
      byte_texts.add(text, number);
    }
    if (pieces.kinds[id] != SentencePieceFile::kNormal) pieces.texts[id] = {};
  }
  stages.model = std::make_unique<SentencePieceBpe>(pieces.texts, std::move(pieces.scores), byte_pieces(byte_texts),
                                                    unknown, file.path().string());
  return stages;
}

Pipeline unigram(const GgufFile& file, const TokenizerOptions& options) {
  const ScoredPieces pieces = scored_pieces(file);
  SentencePieceFile model;
  model.adds_leading_space = flag_or(file, "tokenizer.ggml.add_space_prefix", true);
  model.joins_spaces = flag_or(file, "tokenizer.ggml.remove_extra_whitespaces", true);
  if (file.has("tokenizer.ggml.precompiled_charsmap")) {
    for (const int64_t byte : file.integers("tokenizer.ggml.precompiled_charsmap")) {
      model.character_map += static_cast<char>(byte);
    }
  }
  for (size_t id = 0; id < pieces.texts.size(); ++id) {
    if (pieces.kinds[id] < SentencePieceFile::kNormal || pieces.kinds[id] > SentencePieceFile::kByte) {
      fail_input("{}: token {} has the type {}, not 1 to 6", file.path().string(), id, pieces.kinds[id]);
    }
    const auto kind = static_cast<SentencePieceFile::Kind>(pieces.kinds[id]);
    const float score = kind == SentencePieceFile::kUserDefined ? 0.0f : pieces.scores[id];
    model.pieces.push_back({std::string(pieces.texts[id]), score, kind});
    model.falls_back_to_bytes |= kind == SentencePieceFile::kByte;
  }
  const std::string origin = file.path().string();
  Pipeline stages;
  read_marks(file, false, true, stages);
  add_whole_tokens(file, pieces.texts, options, stages.raw_tokens);
  stages.texts.push_back(sentence_piece_text(model, origin));
  stages.model = unigram_model(model, origin);
  return stages;
}

/// BERT's vocabulary as llama.cpp's converter writes it: what begins a word has a mark for the space before it, and
/// what goes on has lost its "##".
Pipeline word_piece(const GgufFile& file, const TokenizerOptions& options) {
  const std::vector<std::string_view> tokens = file.texts("tokenizer.ggml.tokens");
  Pipeline stages;
  add_whole_tokens(file, tokens, options, stages.raw_tokens);
  std::vector<int64_t> kinds(tokens.size(), SentencePieceFile::kNormal);
  if (file.has("tokenizer.ggml.token_type")) kinds = file.integers("tokenizer.ggml.token_type");
  Vocabulary vocabulary(file.path().string());
  for (size_t id = 0; id < tokens.size(); ++id) {
    const std::string_view text = tokens[id];
    std::string piece(text);
    if (text.starts_with(kSpacePiece)) {
      piece = text.substr(std::string_view(kSpacePiece).size());
    } else if (kinds[id] == SentencePieceFile::kNormal && !(text.starts_with('[') && text.ends_with(']'))) {
      piece = "##" + piece;
    }
    vocabulary.add(piece, static_cast<int64_t>(id));
  }
  // The end mark has a key of its own, misspelt by the format.
  const auto mark = [&](std::initializer_list<const char*> keys, const char* text) {
    for (const char* key : keys) {
      if (const auto id = token_id(file, key)) return *id;
    }
    return static_cast<int64_t>(vocabulary.require(text, "the mark"));
  };
  if (flag_or(file, "tokenizer.ggml.add_bos_token", true)) {
    stages.specials.before = {mark({"tokenizer.ggml.cls_token_id", "tokenizer.ggml.bos_token_id"}, "[CLS]")};
  }
  if (flag_or(file, "tokenizer.ggml.add_sep_token", true)) {
    stages.specials.after = {mark({"tokenizer.ggml.seperator_token_id", "tokenizer.ggml.separator_token_id"}, "[SEP]")};
  }
  for (const char* key : {"tokenizer.ggml.padding_token_id", "tokenizer.ggml.eos_token_id"}) {
    if (!stages.filler) stages.filler = token_id(file, key);
  }
  BertText text;
  text.lowers = flag_or(file, "tokenizer.ggml.normalizer.lowercase", true);
  text.strips_accents = flag_or(file, "tokenizer.ggml.normalizer.strip_accents", text.lowers);
  stages.texts.push_back([text](std::string& words, bool) { words = bert_text(words, text); });
  stages.pieces.push_back({nullptr, cut_bert_words});
  WordPiece::Options model;
  for (size_t id = 0; id < kinds.size(); ++id) {
    if (kinds[id] == SentencePieceFile::kUnknown) model.unknown = tokens[id];
  }
  if (const auto id = token_id(file, "tokenizer.ggml.unknown_token_id"))
    model.unknown = tokens[static_cast<size_t>(*id)];
  if (model.unknown.starts_with(kSpacePiece)) model.unknown.erase(0, std::string_view(kSpacePiece).size());
  stages.model = std::make_unique<WordPiece>(std::move(vocabulary), model);
  return stages;
}

}  // namespace

std::unique_ptr<Tokenizer> gguf_tokenizer(const GgufFile& file, const TokenizerOptions& options) {
  const std::string_view model = file.text("tokenizer.ggml.model");
  if (model == "gpt2") return std::make_unique<PipelineTokenizer>(byte_level(file, options));
  if (model == "llama") return std::make_unique<PipelineTokenizer>(scored_bpe(file, options));
  if (model == "t5") return std::make_unique<PipelineTokenizer>(unigram(file, options));
  if (model == "bert") return std::make_unique<PipelineTokenizer>(word_piece(file, options));
  fail_input("{}: tokenizer kind {} is not read here (known: bert, gpt2, llama, t5)", file.path().string(),
             quoted_name(model));
}

}  // namespace emf
