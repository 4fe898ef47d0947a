// SPDX-License-Identifier: Apache-2.0
// What stands in a .model file of sentencepiece.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace emf {

/// Fields of sentencepiece_model.proto that decide ids; what a file leaves out is as the format has it.
struct SentencePieceFile {
  enum Type { kUnigram = 1, kBpe = 2, kWord = 3, kCharacter = 4 };
  enum Kind { kNormal = 1, kUnknown = 2, kControl = 3, kUserDefined = 4, kUnused = 5, kByte = 6 };
  struct Piece {
    std::string text;
    float score = 0.0f;
    Kind kind = kNormal;
  };

  std::vector<Piece> pieces;  ///< by id
  Type type = kUnigram;
  bool falls_back_to_bytes = false;
  std::string unknown = "<unk>", begin = "<s>", end = "</s>", pad = "<pad>";
  int64_t pad_id = -1;
  std::string character_map;  ///< precompiled normalisation, "" = none
  bool adds_leading_space = true;
  bool joins_spaces = true;  ///< leading, trailing and repeated spaces go
  bool marks_spaces = true;  ///< a space is written U+2581
  bool space_ends_word = false;

  /// -1 when no piece of the kind has that text.
  int64_t id_of(std::string_view text, Kind kind) const;
  int64_t unknown_id() const { return id_of_kind(kUnknown); }
  bool has(Kind kind) const { return id_of_kind(kind) >= 0; }

 private:
  int64_t id_of_kind(Kind kind) const;
};

/// @param origin  for messages.   @throws UserError  no such file's bytes, or none of its pieces.
SentencePieceFile parse_sentence_piece(std::string_view bytes, const std::string& origin);

}  // namespace emf
