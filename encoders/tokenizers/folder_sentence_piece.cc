// SPDX-License-Identifier: Apache-2.0
#include "encoders/tokenizers/folder_sentence_piece.h"

#include "encoders/tokenizers/base64.h"
#include "encoders/tokenizers/byte_pieces.h"
#include "encoders/tokenizers/pattern.h"
#include "encoders/tokenizers/sentence_piece.h"
#include "encoders/tokenizers/sentence_piece_bpe.h"
#include "encoders/tokenizers/tokenizer_json.h"
#include "encoders/tokenizers/unicode_text.h"
#include "encoders/tokenizers/unigram.h"
#include "encoders/tokenizers/vocabulary.h"
#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/base/utf8.h"

namespace emf {
namespace {

constexpr std::string_view kSpaceMark = "\u2581";

/// Ids in the order that the family's models were trained with.
struct Arrangement {
  std::vector<Unigram::Piece> pieces;
  std::vector<std::string> found_first;  ///< added by the class: special, matched in the raw text
};

Arrangement arranged(const FolderConfig& config, const FolderFamily& family, const SentencePieceFile& file) {
  Arrangement order;
  const auto add = [&](const std::string& text, double score) { order.pieces.push_back({text, score}); };
  const auto mark = [&](const char* key) { return config.mark(key, family.marks).value_or(""); };
  if (config.class_name() == "XLMRobertaTokenizer") {
    // fairseq's dictionary: four marks, then the file's pieces without its three, then the mask.
    for (const char* key : {"bos_token", "pad_token", "eos_token", "unk_token"}) add(mark(key), 0.0);
    constexpr size_t kFileMarks = 3;
    for (size_t id = kFileMarks; id < file.pieces.size(); ++id) add(file.pieces[id].text, file.pieces[id].score);
    add(mark("mask_token"), 0.0);
    return order;
  }
  for (const SentencePieceFile::Piece& piece : file.pieces) add(piece.text, piece.score);
  if (config.class_name() == "T5Tokenizer" || config.class_name() == "MT5Tokenizer") {
    int64_t count = 100;
    if (config.options().has("extra_ids")) count = config.options().integer("extra_ids");
    if (count < 0 || count > 10000) config.options().at("extra_ids").fail("is not between 0 and 10000");
    for (int64_t i = count; i-- > 0;) {
      add("<extra_id_" + std::to_string(i) + ">", 0.0);
      order.found_first.push_back(order.pieces.back().text);
    }
  }
  return order;
}

Json added_token(const std::string& text, int64_t id, bool is_special) {
  return {{"id", id},        {"content", text}, {"special", is_special}, {"normalized", false},
          {"lstrip", false}, {"rstrip", false}, {"single_word", false}};
}

std::unique_ptr<TokenModel> make_model(const FolderConfig& config, const FolderFamily& family,
                                       const SentencePieceFile& file, const Arrangement& order,
                                       const std::string& origin) {
  const bool is_unigram = config.class_name() == "T5Tokenizer" || config.class_name() == "MT5Tokenizer" ||
                          config.class_name() == "XLMRobertaTokenizer";
  if (is_unigram != (file.type == SentencePieceFile::kUnigram) ||
      (!is_unigram && file.type != SentencePieceFile::kBpe)) {
    fail_input("{}: the model is {}, and {} has {}", origin,
               file.type == SentencePieceFile::kUnigram ? "a unigram model" : "no unigram model", config.class_name(),
               is_unigram ? "a unigram model" : "byte-pair encoding");
  }
  if (is_unigram) {
    Unigram::Options options;
    options.unknown = config.class_name() == "XLMRobertaTokenizer" ? 3 : 2;
    return std::make_unique<Unigram>(order.pieces, options, origin);
  }
  std::vector<std::string_view> texts;
  std::vector<float> scores;
  Vocabulary bytes(origin);
  int32_t unknown = -1;
  const auto unknown_text = config.mark("unk_token", family.marks);
  for (size_t id = 0; id < order.pieces.size(); ++id) {
    texts.push_back(order.pieces[id].text);
    scores.push_back(-static_cast<float>(id));  // a merge's rank is the id of what it makes
    if (texts.back().starts_with("<0x") && texts.back().size() == 6) bytes.add(texts.back(), static_cast<int64_t>(id));
    if (unknown_text && texts.back() == *unknown_text && config.class_name() != "LlamaTokenizer") {
      unknown = static_cast<int32_t>(id);
    }
  }
  return std::make_unique<SentencePieceBpe>(texts, std::move(scores), byte_pieces(bytes), unknown, origin);
}

/// The class encodes each stretch behind its mark for the unknown and drops as many ids as the mark alone has, so a
/// stretch that begins with unknown characters loses them where they become one id with the mark's own end.
/// @source  transformers 5, SiglipTokenizer._tokenize.
class BehindUnknown : public TokenModel {
 public:
  /// @param mark  the mark as `model` sees it.
  BehindUnknown(std::unique_ptr<TokenModel> model, const std::string& mark) : model_(std::move(model)) {
    std::vector<int64_t> ids;
    model_->encode({mark}, ids);
    count_ = ids.size();
  }

  void encode(const std::vector<std::string_view>& pieces, std::vector<int64_t>& ids) const override {
    for (const std::string_view piece : pieces) {
      std::vector<int64_t> found;
      model_->encode({piece}, found);
      const size_t first = found.size() >= count_ ? count_ : 0;
      ids.insert(ids.end(), found.begin() + static_cast<std::ptrdiff_t>(first), found.end());
    }
  }
  int64_t vocabulary_size() const override { return model_->vocabulary_size(); }

 private:
  std::unique_ptr<TokenModel> model_;
  size_t count_ = 0;
};

/// The class writes a space mark before the text itself and takes the text's own marks for spaces; then punctuation
/// that Python's string.punctuation holds goes, letters become small, and white space is one space.
/// @source  transformers 5, SiglipTokenizer.tokenize and canonicalize_text.
void siglip_text(std::string& text, bool lowers, bool is_first) {
  static const Pattern mark = Pattern::literal(kSpaceMark);
  text = mark.replaced(text, " ");
  if (is_first) text.insert(0, kSpaceMark);
  if (lowers) text = lower_case(text, true);
  std::string out;
  bool owes_space = false;
  for (const int32_t point : code_points(text)) {
    // Python's white space has the separators of ASCII too.
    if (is_white_space(point) || (point >= 0x1C && point <= 0x1F)) {
      owes_space = !out.empty();
    } else if (point >= 128 || !is_punctuation(point)) {
      if (owes_space) out += ' ';
      owes_space = false;
      append_utf8(out, point);
    }
  }
  text = std::move(out);
}

}  // namespace

std::unique_ptr<Tokenizer> load_sentence_piece_family(const FolderConfig& config, const FolderFamily& family,
                                                      const std::filesystem::path& path,
                                                      const TokenizerOptions& options) {
  const std::string origin = path.string();
  const SentencePieceFile file = parse_sentence_piece(read_file(path), origin);
  const Arrangement order = arranged(config, family, file);
  std::unordered_map<std::string, int64_t> ids;
  for (size_t id = 0; id < order.pieces.size(); ++id) ids.try_emplace(order.pieces[id].text, id);
  const auto find = [&](const std::string& text) {
    const auto found = ids.find(text);
    return found == ids.end() ? int64_t{-1} : found->second;
  };
  Json document = family_document(family);
  document.erase("model");
  const bool keeps_map = file.type == SentencePieceFile::kUnigram && !file.character_map.empty();
  if (keeps_map) {
    document["normalizer"] = {{"type", "Precompiled"}, {"precompiled_charsmap", to_base64(file.character_map)}};
  }
  Json tokens = config.added_tokens(family.marks, find, static_cast<int64_t>(order.pieces.size()));
  // Controls and user-defined pieces of the file are found whole too.
  auto added = added_ids(tokens);
  const auto append = [&](const std::string& text, bool is_special) {
    if (!added.emplace(text, find(text)).second) return;
    tokens.push_back(added_token(text, find(text), is_special));
  };
  for (const SentencePieceFile::Piece& piece : file.pieces) {
    const bool is_control = piece.kind == SentencePieceFile::kControl;
    if (!is_control && piece.kind != SentencePieceFile::kUserDefined) continue;
    if (find(piece.text) >= 0) append(piece.text, is_control);
  }
  for (const std::string& text : order.found_first) append(text, true);
  const auto find_any = [&](const std::string& text) { return added_or(added, text, find); };
  document["post_processor"] = folder_marks(config, family, find_any);
  const auto filler = folder_filler(config, family.marks, find_any);
  document["added_tokens"] = std::move(tokens);
  return tokenizer_of(document, origin + ":", options, make_model(config, family, file, order, origin), filler);
}

std::unique_ptr<Tokenizer> load_siglip(const FolderConfig& config, const std::filesystem::path& path,
                                       const TokenizerOptions& options) {
  const std::string origin = path.string();
  SentencePieceFile file = parse_sentence_piece(read_file(path), origin);
  if (file.type != SentencePieceFile::kUnigram) fail_input("{}: SiglipTokenizer has a unigram model", origin);
  const Json marks = {{"eos_token", "</s>"}, {"unk_token", "<unk>"}, {"pad_token", "</s>"}};
  const auto find = [&](const std::string& text) {
    for (size_t id = 0; id < file.pieces.size(); ++id) {
      if (file.pieces[id].text == text) return static_cast<int64_t>(id);
    }
    return int64_t{-1};
  };
  Pipeline stages;
  for (const Json& token : config.added_tokens(marks, find, static_cast<int64_t>(file.pieces.size()))) {
    const bool is_special = token.at("special");
    stages.raw_tokens.add({token.at("content"), token.at("id"), is_special || token.at("lstrip").get<bool>(),
                           is_special || token.at("rstrip").get<bool>(), token.at("single_word"),
                           is_special && !options.parses_special});
  }
  const auto end = config.mark("eos_token", marks);
  if (end && find(*end) >= 0) stages.specials = {{}, {find(*end)}, /*closes_once=*/true};
  stages.filler = folder_filler(config, marks, find);
  file.adds_leading_space = false;  // the class writes it, before the first stretch only
  const auto normal = [steps = sentence_piece_text(file, origin)](std::string& text, bool& is_first) {
    steps(text, is_first);
    while (text.ends_with(kSpaceMark)) text.resize(text.size() - kSpaceMark.size());
  };
  const auto unknown = config.mark("unk_token", marks);
  if (!unknown) config.options().at("unk_token").fail("is null, and SiglipTokenizer encodes texts behind it");
  stages.texts.push_back(
      [lowers = config.flag_or("do_lower_case", true), unknown = *unknown, normal](std::string& text, bool& is_first) {
        siglip_text(text, lowers, is_first);
        text.insert(0, unknown);
        normal(text, is_first);
      });
  std::string mark = *unknown;
  bool is_first = true;
  normal(mark, is_first);
  stages.model = std::make_unique<BehindUnknown>(unigram_model(file, origin), mark);
  return std::make_unique<PipelineTokenizer>(std::move(stages));
}

}  // namespace emf
