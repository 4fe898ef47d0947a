// Reads .txt and .jsonl files of prompts.
#include "harness/base/prompt_file.h"

#include <algorithm>

#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/base/utf8.h"

namespace emf {
namespace {

Prompt prompt_of_json(const std::string& line, const std::string& place) {
  const Json value = parse_json(line, place);
  if (value.is_string()) return {value.get<std::string>(), Json()};
  if (!value.is_object())
    fail_input("{}: a prompt is a string or an object, not {}", place, value.type_name());
  for (const char* key : {"prompt", "text"}) {
    const auto found = value.find(key);
    if (found == value.end()) continue;
    if (!found->is_string()) fail_input("{}: '{}' must be a string, not {}", place, key, found->type_name());
    return {found->get<std::string>(), value.contains("include") ? value : Json()};
  }
  fail_input("{}: no 'prompt' or 'text'", place);
}

}  // namespace

std::vector<Prompt> read_prompts(const std::filesystem::path& path) {
  const std::string ending = path.extension().string();
  if (ending != ".txt" && ending != ".jsonl") {
    fail_input("{}: prompts are read from .txt (one a line) or .jsonl files", path.string());
  }
  const std::string whole = read_file(path);
  std::vector<Prompt> prompts;
  size_t number = 0;
  for (size_t at = whole.starts_with("\xEF\xBB\xBF") ? 3 : 0; at < whole.size();) {
    const size_t end = std::min(whole.find('\n', at), whole.size());
    std::string line = whole.substr(at, end - at);
    at = end + 1;
    ++number;
    if (line.ends_with('\r')) line.pop_back();
    const std::string place = fmt::format("{}:{}", path.string(), number);
    if (const size_t bad = invalid_utf8_at(line); bad != std::string::npos) {
      fail_input("{}: not UTF-8 at byte {} of the line; save the file as UTF-8", place, bad);
    }
    if (ending == ".txt") {
      prompts.push_back({std::move(line), Json()});
    } else if (line.find_first_not_of(" \t") != std::string::npos) {
      prompts.push_back(prompt_of_json(line, place));
    }
  }
  if (prompts.empty()) fail_input("{} holds no prompt", path.string());
  return prompts;
}

}  // namespace emf
