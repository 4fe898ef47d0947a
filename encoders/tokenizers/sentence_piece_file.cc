// SPDX-License-Identifier: Apache-2.0
#include "encoders/tokenizers/sentence_piece_file.h"

#include <bit>

#include "harness/base/error.h"
#include "harness/base/utf8.h"

namespace emf {
namespace {

// Field numbers of sentencepiece_model.proto, whose generated header Debian does not ship.
enum ModelField { kPieces = 1, kTrainerSpec = 2, kNormalizerSpec = 3 };
enum PieceField { kText = 1, kScore = 2, kPieceKind = 3 };
enum TrainerField {
  kModelType = 3,
  kSpaceEndsWord = 24,
  kByteFallback = 35,
  kPadId = 43,
  kUnknownPiece = 45,
  kBeginPiece = 46,
  kEndPiece = 47,
  kPadPiece = 48,
};
enum NormalizerField { kCharacterMap = 2, kAddDummyPrefix = 3, kRemoveExtraWhitespaces = 4, kEscapeWhitespaces = 5 };

struct Field {
  uint64_t number = 0;
  uint64_t value = 0;      ///< of numbers of either width
  std::string_view bytes;  ///< of strings and messages
};

/// One message, field by field.   @source  Protocol Buffers, wire format.
class Message {
 public:
  Message(std::string_view bytes, const std::string& origin) : bytes_(bytes), origin_(origin) {}

  bool next(Field& field) {
    if (at_ >= bytes_.size()) return false;
    const uint64_t tag = varint();
    field = {tag >> 3, 0, {}};
    switch (tag & 7) {
      case 0:
        field.value = varint();
        return true;
      case 1:
        field.value = fixed(8);
        return true;
      case 2: {
        const uint64_t size = varint();
        if (size > bytes_.size() - at_) fail();
        field.bytes = bytes_.substr(at_, size);
        at_ += size;
        return true;
      }
      case 5:
        field.value = fixed(4);
        return true;
      default:
        fail();
    }
  }

 private:
  [[noreturn]] void fail() const { fail_input("{} is no sentencepiece model: damaged at a field", origin_); }

  uint64_t varint() {
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (at_ >= bytes_.size()) fail();
      const auto byte = static_cast<unsigned char>(bytes_[at_++]);
      value |= uint64_t{byte & 0x7FU} << shift;
      if (byte < 0x80) return value;
    }
    fail();
  }

  uint64_t fixed(size_t size) {
    if (size > bytes_.size() - at_) fail();
    uint64_t value = 0;
    for (size_t i = size; i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes_[at_ + i]);
    at_ += size;
    return value;
  }

  std::string_view bytes_;
  const std::string& origin_;
  size_t at_ = 0;
};

SentencePieceFile::Piece parse_piece(std::string_view bytes, const std::string& origin) {
  SentencePieceFile::Piece piece;
  Message message(bytes, origin);
  for (Field field; message.next(field);) {
    if (field.number == kText) piece.text = field.bytes;
    if (field.number == kScore) piece.score = std::bit_cast<float>(static_cast<uint32_t>(field.value));
    if (field.number == kPieceKind) {
      if (field.value < SentencePieceFile::kNormal || field.value > SentencePieceFile::kByte) {
        fail_input("{}: a piece has the type {}, not 1 to 6", origin, field.value);
      }
      piece.kind = static_cast<SentencePieceFile::Kind>(field.value);
    }
  }
  if (piece.text.empty() || invalid_utf8_at(piece.text) != std::string_view::npos) {
    fail_input("{} is no sentencepiece model: a piece is empty or not UTF-8", origin);
  }
  return piece;
}

void parse_trainer(std::string_view bytes, const std::string& origin, SentencePieceFile& file) {
  Message message(bytes, origin);
  for (Field field; message.next(field);) {
    if (field.number == kModelType) {
      if (field.value < SentencePieceFile::kUnigram || field.value > SentencePieceFile::kCharacter) {
        fail_input("{}: the model type is {}, not 1 to 4", origin, field.value);
      }
      file.type = static_cast<SentencePieceFile::Type>(field.value);
    }
    if (field.number == kSpaceEndsWord) file.space_ends_word = field.value != 0;
    if (field.number == kByteFallback) file.falls_back_to_bytes = field.value != 0;
    if (field.number == kPadId) file.pad_id = static_cast<int32_t>(field.value);
    if (field.number == kUnknownPiece) file.unknown = field.bytes;
    if (field.number == kBeginPiece) file.begin = field.bytes;
    if (field.number == kEndPiece) file.end = field.bytes;
    if (field.number == kPadPiece) file.pad = field.bytes;
  }
}

void parse_normalizer(std::string_view bytes, const std::string& origin, SentencePieceFile& file) {
  Message message(bytes, origin);
  for (Field field; message.next(field);) {
    if (field.number == kCharacterMap) file.character_map = field.bytes;
    if (field.number == kAddDummyPrefix) file.adds_leading_space = field.value != 0;
    if (field.number == kRemoveExtraWhitespaces) file.joins_spaces = field.value != 0;
    if (field.number == kEscapeWhitespaces) file.marks_spaces = field.value != 0;
  }
}

}  // namespace

int64_t SentencePieceFile::id_of(std::string_view text, Kind kind) const {
  for (size_t id = 0; id < pieces.size(); ++id) {
    if (pieces[id].kind == kind && pieces[id].text == text) return static_cast<int64_t>(id);
  }
  return -1;
}

int64_t SentencePieceFile::id_of_kind(Kind kind) const {
  for (size_t id = 0; id < pieces.size(); ++id) {
    if (pieces[id].kind == kind) return static_cast<int64_t>(id);
  }
  return -1;
}

SentencePieceFile parse_sentence_piece(std::string_view bytes, const std::string& origin) {
  SentencePieceFile file;
  Message message(bytes, origin);
  for (Field field; message.next(field);) {
    if (field.number == kPieces) file.pieces.push_back(parse_piece(field.bytes, origin));
    if (field.number == kTrainerSpec) parse_trainer(field.bytes, origin, file);
    if (field.number == kNormalizerSpec) parse_normalizer(field.bytes, origin, file);
  }
  if (file.pieces.empty()) fail_input("{} is no sentencepiece model: it has no pieces", origin);
  return file;
}

}  // namespace emf
