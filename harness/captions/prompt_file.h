// SPDX-License-Identifier: Apache-2.0
// Files of prompts: one a line (.txt), or JSON Lines (.jsonl) where strings with newlines survive.
#pragma once

#include <filesystem>
#include <fstream>
#include <vector>

#include "harness/captions/prompt.h"

namespace emf {

/// Reads prompts one by one in the file's order, so that files may be larger than memory.
///
/// .txt: a prompt a line, an empty line being an empty prompt; a byte order mark and carriage returns before
/// the line's end are dropped. .jsonl: a string, or an object with "prompt" or "text"; an object with
/// "include" is kept as labels (GenEval's evaluation_metadata.jsonl reads as it stands). Empty lines of
/// .jsonl are passed over.
class PromptReader {
 public:
  /// @throws UserError  absent (kMissing); another ending; a folder or unreadable.
  explicit PromptReader(const std::filesystem::path& path);

  /// The next prompts, at most `most` of them; none at the end.
  /// @throws UserError  not UTF-8, malformed or without a prompt (file and line); no prompt in the whole file.
  std::vector<Prompt> next(size_t most);

 private:
  std::filesystem::path path_;
  std::ifstream file_;
  bool is_text_;
  size_t line_ = 0, count_ = 0;
};

/// Every prompt of a file.   @throws UserError  as PromptReader.
std::vector<Prompt> read_prompts(const std::filesystem::path& path);

}  // namespace emf
