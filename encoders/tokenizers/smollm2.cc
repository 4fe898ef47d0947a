// SPDX-License-Identifier: Apache-2.0
// SmolLM2's tokenizer, out of the GGUF checkpoint that the llm encoder reads.
#include "encoders/tokenizers/tokenizer_file.h"
#include "harness/base/paths.h"

namespace emf {
namespace {

std::unique_ptr<Tokenizer> make_smollm2() {
  return load_tokenizer(require_package_file("smollm2-135m-instruct-q4_1").path, {.parses_special = false});
}

EMF_REGISTER(TokenizerRegistry, "smollm2", "SmolLM2: byte-level BPE, 49,152 pieces, no marks of its own", make_smollm2);

}  // namespace
}  // namespace emf
