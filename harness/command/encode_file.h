// SPDX-License-Identifier: Apache-2.0
// What `encode` writes: one tensor of all rows, or one of each text, which the encoder `features` reads.
#pragma once

#include <string>
#include <vector>

#include "harness/api/pooling.h"
#include "harness/command/encode_ids.h"

namespace emf {

/// Batch by batch into the file, so that memory holds the ids and one batch.
struct EncodedFile {
  std::string encoder;  ///< as it was named
  std::string out;
  bool by_text = false;  ///< one tensor [tokens, D] a text, named by it (text_key); else the four of all rows

  /// @param given    rows; their texts where by_text.   @param pooling  not asked where by_text.
  /// @return  the longest row that was written, in tokens.
  /// @throws UserError  as Encoder::forward; interrupted; two rows of one text and other ids (names the text).
  int64_t write(const Encoder& from, const GivenIds& given, const EncoderPooling* pooling) const;
};

/// What a text's features are called in a file: the text itself, or its SHA-256 where it is no name of a tensor's
/// (longer than 1,024 bytes, empty, with control characters).
std::string text_key(const std::string& text);

}  // namespace emf
