// SPDX-License-Identifier: Apache-2.0
// Tokenizers as files, in front of the first byte 0, and a text behind it.
#include "encoders/tokenizers/tokenizer_json.h"
#include "harness/base/json.h"
#include "tests/fuzz/input.h"

EMF_FUZZ(bytes) {
  const auto [document, text] = emf::fuzz::halves(bytes);
  const emf::Json parsed = emf::parse_json(std::string(document), "tokenizer.json");
  emf::tokenizer_of(parsed, "tokenizer.json", {})->encode(text, true);
}
