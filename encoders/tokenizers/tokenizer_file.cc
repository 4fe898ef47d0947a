// SPDX-License-Identifier: Apache-2.0
#include "encoders/tokenizers/tokenizer_file.h"

#include "encoders/tokenizers/clip_bpe.h"
#include "encoders/tokenizers/gguf_tokenizer.h"
#include "encoders/tokenizers/sentence_piece.h"
#include "encoders/tokenizers/tokenizer_folder.h"
#include "encoders/tokenizers/tokenizer_json.h"
#include "harness/base/bounded.h"
#include "harness/base/error.h"

namespace emf {

std::unique_ptr<Tokenizer> load_tokenizer(const std::filesystem::path& folder_or_file,
                                          const TokenizerOptions& options) {
  if (is_folder(folder_or_file)) return load_tokenizer_folder(folder_or_file, options);
  if (!path_exists(folder_or_file)) {
    fail_missing("there is no tokenizer at {}", folder_or_file.string());
  }
  const std::filesystem::path kind = folder_or_file.extension();
  if (kind == ".gguf") return gguf_tokenizer(GgufFile(folder_or_file), options);
  if (kind == ".model") return load_sentence_piece(folder_or_file);
  if (kind == ".json") return load_tokenizer_json(folder_or_file, options);
  if (kind == ".gz") return load_clip_merges(folder_or_file);
  if (kind == ".txt") return load_bert_vocabulary(folder_or_file, options);
  fail_input("{} is no tokenizer file (.gguf, .model, .json, .txt, .txt.gz) or folder", folder_or_file.string());
}

}  // namespace emf
