// SPDX-License-Identifier: Apache-2.0
#include "encoders/tokenizers/sentence_piece.h"

#include <sentencepiece_processor.h>

#include "encoders/tokenizers/character_map.h"
#include "encoders/tokenizers/unigram.h"
#include "encoders/tokenizers/vocabulary.h"
#include "harness/base/error.h"
#include "harness/base/file.h"

namespace emf {
namespace {

constexpr std::string_view kSpaceMark = "\u2581";

/// The sentencepiece library behind TokenModel.
class LibraryModel : public TokenModel {
 public:
  LibraryModel(std::string_view bytes, const std::string& origin) {
    try {
      const auto status = processor_.LoadFromSerializedProto({bytes.data(), bytes.size()});
      if (!status.ok()) fail_input("{} is no sentencepiece model: {}", origin, quoted_name(status.message()));
    } catch (const UserError&) {
      throw;
    } catch (const std::exception& error) {
      // Its trie has no word for what it refuses but an exception.
      fail_input("{} is no sentencepiece model, or damaged ({})", origin, quoted_name(error.what()));
    }
  }

  void encode(const std::vector<std::string_view>& pieces, std::vector<int64_t>& ids) const override {
    std::vector<int> found;
    for (const std::string_view piece : pieces) {
      const auto status = processor_.Encode({piece.data(), piece.size()}, &found);
      if (!status.ok()) fail_input("sentencepiece cannot encode a text: {}", quoted_name(status.message()));
      ids.insert(ids.end(), found.begin(), found.end());
    }
  }

  int64_t vocabulary_size() const override { return processor_.GetPieceSize(); }

 private:
  sentencepiece::SentencePieceProcessor processor_;
};

}  // namespace

TextStep sentence_piece_text(const SentencePieceFile& file, const std::string& origin) {
  return [map = std::make_shared<const CharacterMap>(file.character_map, origin), joins = file.joins_spaces,
          leads = file.adds_leading_space && !file.space_ends_word,
          trails = file.adds_leading_space && file.space_ends_word,
          mark = file.marks_spaces ? kSpaceMark : std::string_view(" ")](std::string& text, bool) {
    std::string out;
    bool owes_space = false;
    for (const char c : map->by_longest(text)) {
      if (c == ' ') {
        if (!joins) out += mark;
        owes_space = joins && !out.empty();
        continue;
      }
      if (owes_space) out += mark;
      owes_space = false;
      out += c;
    }
    if (leads && !out.empty()) out.insert(0, mark);
    if (trails && !out.empty()) out += mark;
    text = std::move(out);
  };
}

std::unique_ptr<TokenModel> unigram_model(const SentencePieceFile& file, const std::string& origin) {
  std::vector<Unigram::Piece> pieces;
  pieces.reserve(file.pieces.size());
  for (const SentencePieceFile::Piece& piece : file.pieces) {
    const bool is_found = piece.kind == SentencePieceFile::kNormal || piece.kind == SentencePieceFile::kUserDefined;
    pieces.push_back({piece.text, piece.score, is_found});
  }
  Unigram::Options options;
  if (file.unknown_id() >= 0) options.unknown = file.unknown_id();
  options.falls_back_to_bytes = file.falls_back_to_bytes;
  return std::make_unique<Unigram>(pieces, options, origin);
}

std::unique_ptr<Tokenizer> load_sentence_piece(const std::filesystem::path& path) {
  const std::string bytes = read_file(path), origin = path.string();
  // The library's own ids: it adds up scores in single precision, which decides between equal ways to spell a text.
  const SentencePieceFile file = parse_sentence_piece(bytes, origin);
  auto library = std::make_unique<LibraryModel>(bytes, origin);
  Pipeline stages;
  const int64_t begin = file.id_of(file.begin, SentencePieceFile::kControl),
                end = file.id_of(file.end, SentencePieceFile::kControl),
                pad = file.id_of(file.pad, SentencePieceFile::kControl);
  if (begin >= 0) {
    stages.specials.before = {begin};
  } else if (end >= 0) {
    stages.specials.after = {end};
  }
  for (const int64_t id : {pad, end, begin}) {
    if (id >= 0 && !stages.filler) stages.filler = id;
  }
  stages.model = std::move(library);
  return std::make_unique<PipelineTokenizer>(std::move(stages));
}

}  // namespace emf
