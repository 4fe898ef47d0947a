// SPDX-License-Identifier: Apache-2.0
// Gemma 3's tokenizer, out of a GGUF checkpoint that is fetched on request only.
#include "encoders/tokenizers/tokenizer_file.h"
#include "harness/base/paths.h"

namespace emf {
namespace {

std::unique_ptr<Tokenizer> make_gemma() {
  return load_tokenizer(require_package_file("gemma-3-270m-q4_k_m").path, {.parses_special = false});
}

EMF_REGISTER(TokenizerRegistry, "gemma", "Gemma 3: sentencepiece BPE with byte fallback, 262,144 pieces, BOS before",
             make_gemma);

}  // namespace
}  // namespace emf
