// Files of prompts: one a line (.txt), or JSON Lines (.jsonl) where strings with newlines survive.
#pragma once

#include <filesystem>
#include <vector>

#include "harness/base/prompt.h"

namespace emf {

/// Reads prompts in the file's order.
///
/// .txt: a prompt a line, an empty line being an empty prompt; a byte order mark and carriage returns before
/// the line's end are dropped. .jsonl: a string, or an object with "prompt" or "text"; an object with
/// "include" is kept as labels (GenEval's evaluation_metadata.jsonl reads as it stands). Empty lines of
/// .jsonl are passed over.
///
/// @throws UserError  absent (kMissing); another ending; not UTF-8, malformed or without a prompt (file and
/// line); no prompt at all.
std::vector<Prompt> read_prompts(const std::filesystem::path& path);

}  // namespace emf
