#include "encoders/tokenizers/gguf_tokenizer.h"

#include <algorithm>

#include "encoders/tokenizers/byte_level_bpe.h"
#include "encoders/tokenizers/byte_pieces.h"
#include "encoders/tokenizers/named_patterns.h"
#include "encoders/tokenizers/pipeline.h"
#include "encoders/tokenizers/sentence_piece.h"
#include "encoders/tokenizers/sentence_piece_bpe.h"
#include "encoders/tokenizers/unicode_text.h"
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

/// Pieces, scores and kinds, all of one length.
struct ScoredPieces {
  std::vector<std::string_view> texts;
  std::vector<float> scores;
  std::vector<int64_t> kinds;  ///< UnigramModel::Kind
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

/// The marks the file asks for, by key; what it does not say is as its family has it.
SpecialIds marks(const GgufFile& file, bool adds_bos, bool adds_eos) {
  const auto id_of = [&](const char* key) {
    const int64_t id = file.integer(key);
    const auto count = static_cast<int64_t>(file.texts("tokenizer.ggml.tokens").size());
    if (id < 0 || id >= count) fail_input("{}: '{}' is {}, of {} tokens", file.path().string(), key, id, count);
    return id;
  };
  SpecialIds specials;
  if (flag_or(file, "tokenizer.ggml.add_bos_token", adds_bos)) {
    specials.before = {id_of("tokenizer.ggml.bos_token_id")};
  }
  if (flag_or(file, "tokenizer.ggml.add_eos_token", adds_eos)) {
    specials.after = {id_of("tokenizer.ggml.eos_token_id")};
  }
  return specials;
}

Pipeline byte_level(const GgufFile& file) {
  const std::string origin = file.path().string();
  const std::string_view pre = file.text("tokenizer.ggml.pre");
  const bool is_llama3 = pre == "llama-bpe";
  Pipeline stages;
  stages.specials = marks(file, is_llama3, false);
  if (pre == "qwen2") {
    stages.texts.push_back([](std::string& text, bool) { text = normal_form(text, NormalForm::kNfc); });
  }
  stages.cuts.push_back([pattern = named_pattern(pre, origin)](std::string_view text, auto& pieces) {
    for (const Pattern::Span& span : pattern.spans(text)) pieces.push_back(span.text);
  });
  MergeList merges;
  for (const std::string_view merge : file.texts("tokenizer.ggml.merges")) merges.push_back(split_merge(merge));
  ByteLevelBpe::Options options;
  options.ignores_merges = is_llama3;
  stages.model =
      std::make_unique<ByteLevelBpe>(Vocabulary(file.texts("tokenizer.ggml.tokens"), origin), merges, options);
  return stages;
}

Pipeline scored_bpe(const GgufFile& file) {
  ScoredPieces pieces = scored_pieces(file);
  Pipeline stages;
  stages.specials = marks(file, true, false);
  const bool adds_space = flag_or(file, "tokenizer.ggml.add_space_prefix", true);
  stages.texts.push_back([adds_space](std::string& text, bool is_first) {
    if (adds_space && is_first && !text.empty()) text.insert(text.begin(), ' ');
    text = with_space_marks(text);
  });
  Vocabulary byte_texts(file.path().string());
  int32_t unknown = -1;
  for (size_t id = 0; id < pieces.texts.size(); ++id) {
    const std::string_view text = pieces.texts[id];
    const auto number = static_cast<int32_t>(id);
    if (pieces.kinds[id] == UnigramModel::kUserDefined) {
      // sentencepiece writes a space as its mark here too; llama.cpp's converter puts the space back.
      stages.normalised_tokens.add({with_space_marks(text), number, false, false, false});
    } else if (pieces.kinds[id] == UnigramModel::kByte) {
      byte_texts.add(text, number);
    } else if (pieces.kinds[id] == UnigramModel::kUnknown) {
      unknown = number;
    }
    if (pieces.kinds[id] != UnigramModel::kNormal) pieces.texts[id] = {};
  }
  stages.model = std::make_unique<SentencePieceBpe>(pieces.texts, std::move(pieces.scores), byte_pieces(byte_texts),
                                                    unknown, file.path().string());
  return stages;
}

Pipeline unigram(const GgufFile& file) {
  const ScoredPieces pieces = scored_pieces(file);
  UnigramModel model;
  model.adds_leading_space = flag_or(file, "tokenizer.ggml.add_space_prefix", true);
  model.joins_spaces = flag_or(file, "tokenizer.ggml.remove_extra_whitespaces", true);
  if (file.has("tokenizer.ggml.precompiled_charsmap")) {
    for (const int64_t byte : file.integers("tokenizer.ggml.precompiled_charsmap")) {
      model.character_map += static_cast<char>(byte);
    }
  }
  for (size_t id = 0; id < pieces.texts.size(); ++id) {
    if (pieces.kinds[id] < UnigramModel::kNormal || pieces.kinds[id] > UnigramModel::kByte) {
      fail_input("{}: token {} has the type {}, not 1 to 6", file.path().string(), id, pieces.kinds[id]);
    }
    model.pieces.push_back(
        {std::string(pieces.texts[id]), pieces.scores[id], static_cast<UnigramModel::Kind>(pieces.kinds[id])});
    model.falls_back_to_bytes |= pieces.kinds[id] == UnigramModel::kByte;
  }
  Pipeline stages;
  stages.specials = marks(file, false, true);
  stages.model = unigram_token_model(model, file.path().string());
  return stages;
}

}  // namespace

std::unique_ptr<Tokenizer> gguf_tokenizer(const GgufFile& file) {
  const std::string_view model = file.text("tokenizer.ggml.model");
  if (model == "gpt2") return std::make_unique<PipelineTokenizer>(byte_level(file));
  if (model == "llama") return std::make_unique<PipelineTokenizer>(scored_bpe(file));
  if (model == "t5") return std::make_unique<PipelineTokenizer>(unigram(file));
  fail_input("{}: tokenizer kind {} is not read here (known: gpt2, llama, t5)", file.path().string(),
             quoted_name(model));
}

}  // namespace emf
