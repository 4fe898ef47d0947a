// The sentencepiece library behind TokenModel.
#include "encoders/tokenizers/sentence_piece.h"

#include <sentencepiece_processor.h>

#include <bit>

#include "encoders/tokenizers/vocabulary.h"
#include "harness/base/error.h"
#include "harness/base/file.h"

namespace emf {
namespace {

class LibraryModel : public TokenModel {
 public:
  LibraryModel(std::string_view bytes, const std::string& origin) {
    const auto status = processor_.LoadFromSerializedProto({bytes.data(), bytes.size()});
    if (!status.ok()) fail_input("{} is no sentencepiece model: {}", origin, quoted_name(status.message()));
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
  const sentencepiece::SentencePieceProcessor& processor() const { return processor_; }

 private:
  sentencepiece::SentencePieceProcessor processor_;
};

// Fields of sentencepiece_model.proto, whose generated header Debian does not ship.
enum ModelField { kPieces = 1, kTrainerSpec = 2, kNormalizerSpec = 3 };
enum PieceField { kText = 1, kScore = 2, kKind = 3 };
enum TrainerField { kModelType = 3, kByteFallback = 35 };
enum NormalizerField { kCharacterMap = 2, kAddDummyPrefix = 3, kRemoveExtraWhitespaces = 4, kEscapeWhitespaces = 5 };
constexpr uint64_t kUnigramType = 1;

void append_varint(std::string& out, uint64_t value) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  out += static_cast<char>(value);
}

void append_number(std::string& out, int field, uint64_t value) {
  append_varint(out, static_cast<uint64_t>(field) << 3);
  append_varint(out, value);
}

void append_bytes(std::string& out, int field, std::string_view bytes) {
  append_varint(out, static_cast<uint64_t>(field) << 3 | 2);
  append_varint(out, bytes.size());
  out += bytes;
}

void append_float(std::string& out, int field, float value) {
  append_varint(out, static_cast<uint64_t>(field) << 3 | 5);
  const auto bits = std::bit_cast<uint32_t>(value);
  for (int shift = 0; shift < 32; shift += 8) out += static_cast<char>(bits >> shift);
}

std::string serialized(const UnigramModel& model) {
  std::string out;
  for (const UnigramModel::Piece& piece : model.pieces) {
    std::string message;
    append_bytes(message, kText, piece.text);
    append_float(message, kScore, piece.score);
    append_number(message, kKind, piece.kind);
    append_bytes(out, kPieces, message);
  }
  std::string trainer;
  append_number(trainer, kModelType, kUnigramType);
  append_number(trainer, kByteFallback, model.falls_back_to_bytes);
  append_bytes(out, kTrainerSpec, trainer);
  std::string normalizer;
  append_bytes(normalizer, kCharacterMap, model.character_map);
  append_number(normalizer, kAddDummyPrefix, model.adds_leading_space);
  append_number(normalizer, kRemoveExtraWhitespaces, model.joins_spaces);
  append_number(normalizer, kEscapeWhitespaces, 1);
  append_bytes(out, kNormalizerSpec, normalizer);
  return out;
}

}  // namespace

std::unique_ptr<Tokenizer> load_sentence_piece(const std::filesystem::path& path) {
  auto model = std::make_unique<LibraryModel>(read_file(path), path.string());
  Pipeline stages;
  const int bos = model->processor().bos_id(), eos = model->processor().eos_id();
  if (bos >= 0) {
    stages.specials.before = {bos};
  } else if (eos >= 0) {
    stages.specials.after = {eos};
  }
  stages.model = std::move(model);
  return std::make_unique<PipelineTokenizer>(std::move(stages));
}

std::unique_ptr<TokenModel> unigram_token_model(const UnigramModel& model, const std::string& origin) {
  return std::make_unique<LibraryModel>(serialized(model), origin);
}

}  // namespace emf
