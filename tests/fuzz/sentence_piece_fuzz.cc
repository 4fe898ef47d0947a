// SPDX-License-Identifier: Apache-2.0
// Models of sentencepiece: our reader of the file, and the library behind it.
#include "encoders/tokenizers/sentence_piece.h"
#include "tests/fuzz/input.h"

EMF_FUZZ(bytes) {
  emf::load_sentence_piece(emf::fuzz::file_of(bytes, "x.model"))->encode("a photo of a red car", true);
}
