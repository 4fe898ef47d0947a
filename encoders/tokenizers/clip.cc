// SPDX-License-Identifier: Apache-2.0
// CLIP's tokenizer, out of OpenAI's list of merges.
#include "encoders/tokenizers/tokenizer_file.h"
#include "harness/base/paths.h"

namespace emf {
namespace {

std::unique_ptr<Tokenizer> make_clip() { return load_tokenizer(require_package_file("clip-vocabulary").path); }

EMF_REGISTER(TokenizerRegistry, "clip",
             "CLIP: lower-case BPE, 49,408 pieces, a start mark before and an end mark after; without ftfy", make_clip);

}  // namespace
}  // namespace emf
