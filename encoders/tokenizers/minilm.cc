// SPDX-License-Identifier: Apache-2.0
// MiniLM's tokenizer, BERT's uncased WordPiece.
#include "encoders/tokenizers/tokenizer_file.h"
#include "harness/base/paths.h"

namespace emf {
namespace {

std::unique_ptr<Tokenizer> make_minilm() {
  return load_tokenizer(require_package_file("all-minilm-l6-v2-tokenizer").path);
}

EMF_REGISTER(TokenizerRegistry, "minilm", "BERT uncased: WordPiece, 30,522 pieces, [CLS] before and [SEP] after",
             make_minilm);

}  // namespace
}  // namespace emf
