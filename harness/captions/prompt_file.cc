// SPDX-License-Identifier: Apache-2.0
// Reads .txt and .jsonl files of prompts.
#include "harness/captions/prompt_file.h"

#include <cerrno>
#include <cstring>
#include <limits>

#include "harness/base/bounded.h"
#include "harness/base/error.h"
#include "harness/base/utf8.h"

namespace emf {
namespace {

Prompt prompt_of_json(const std::string& line, const std::string& place) {
  const Json value = parse_json(line, place);
  if (value.is_string()) return {value.get<std::string>(), Json()};
  if (!value.is_object()) fail_input("{}: a prompt is a string or an object, not {}", place, value.type_name());
  for (const char* key : {"prompt", "text"}) {
    const auto found = value.find(key);
    if (found == value.end()) continue;
    if (!found->is_string()) fail_input("{}: '{}' must be a string, not {}", place, key, found->type_name());
    return {found->get<std::string>(), value.contains("include") ? value : Json()};
  }
  fail_input("{}: no 'prompt' or 'text'", place);
}

}  // namespace

PromptReader::PromptReader(const std::filesystem::path& path) : path_(path), is_text_(path.extension() == ".txt") {
  if (!is_text_ && path.extension() != ".jsonl") {
    fail_input("{}: prompts are read from .txt (one a line) or .jsonl files", path.string());
  }
  require_input(path);
  file_.open(path, std::ios::binary);
  if (!file_) fail_input("cannot read {} ({})", path.string(), std::strerror(errno));
}

std::vector<Prompt> PromptReader::next(size_t most) {
  std::vector<Prompt> prompts;
  for (std::string line; prompts.size() < most && std::getline(file_, line);) {
    ++line_;
    if (line_ == 1 && line.starts_with("\xEF\xBB\xBF")) {
      line.erase(0, 3);
      if (line.empty() && file_.eof()) break;  // a byte order mark alone is no line
    }
    if (line.ends_with('\r')) line.pop_back();
    if (line.size() > bounds::kLineBytes) require_line(line.size(), fmt::format("{}:{}", path_.string(), line_));
    const auto place = [&] { return fmt::format("{}:{}", path_.string(), line_); };
    if (const size_t bad = invalid_utf8_at(line); bad != std::string::npos) {
      fail_input("{}: not UTF-8 at byte {} of the line; save the file as UTF-8", place(), bad);
    }
    if (is_text_) {
      prompts.push_back({std::move(line), Json()});
    } else if (line.find_first_not_of(" \t") != std::string::npos) {
      prompts.push_back(prompt_of_json(line, place()));
    }
  }
  count_ += prompts.size();
  if (count_ == 0 && most > 0) fail_input("{} holds no prompt", path_.string());
  return prompts;
}

std::vector<Prompt> read_prompts(const std::filesystem::path& path) {
  constexpr size_t kAll = std::numeric_limits<size_t>::max();
  return PromptReader(path).next(kAll);
}

}  // namespace emf
