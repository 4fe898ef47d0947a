// SPDX-License-Identifier: Apache-2.0
#include "harness/rules/metadata_file.h"

#include <algorithm>
#include <optional>
#include <set>

#include "harness/base/error.h"
#include "harness/base/file.h"

namespace emf {
namespace {

/// The words of a row's prompt, where it has any.
std::optional<std::string> prompt_of(const Json& row) {
  if (!row.is_object()) return std::nullopt;
  Json prompt = row.value("prompt", Json());
  if (prompt.is_null() && row.contains("metadata") && row["metadata"].is_object()) {
    prompt = row["metadata"].value("prompt", Json());
  }
  return prompt.is_string() ? std::optional(prompt.get<std::string>()) : std::nullopt;
}

}  // namespace

MetadataFile::MetadataFile(const std::string& path) : path_(path), lines_(read_json_lines(path)) {
  if (lines_.empty()) fail_input("{} is empty: it must hold one metadata object a line", path);
  for (size_t i = 0; i < lines_.size(); ++i) {
    read_.push_back(geneval_metadata(lines_[i], fmt::format("{}:{}", path, i + 1)));
    if (read_.back().prompt.empty()) fail_input("{}:{}: \"prompt\" is missing", path, i + 1);
    places_[read_.back().prompt].push_back(i);
  }
}

size_t MetadataFile::place_of_prompt(const std::string& prompt, const Json& own, const std::string& where) const {
  const auto found = places_.find(prompt);
  if (found == places_.end()) fail_input("{}: no prompt '{}' in {}", where, prompt, path_);
  const std::vector<size_t>& places = found->second;
  if (own.is_object()) {
    const GenEvalMetadata wanted = geneval_metadata(own, where);
    const auto same = std::find_if(places.begin(), places.end(), [&](size_t place) { return read_[place] == wanted; });
    if (same != places.end()) return *same;
    fail_input("{}: its own metadata asks for something else than {}:{}, whose prompt is the same", where, path_,
               places.front() + 1);
  }
  for (const size_t place : places) {
    if (read_[place] == read_[places.front()]) continue;
    fail_input("{}: the prompt '{}' stands in {} at lines {} and {}, asking for different things; rows need \"index\"",
               where, prompt, path_, places.front() + 1, place + 1);
  }
  return places.front();
}

void MetadataFile::refuse_contradiction(const Json& own, const std::string& where) const {
  const GenEvalMetadata read = geneval_metadata(own, where);
  if (!read.prompt.empty()) place_of_prompt(read.prompt, own, where);
}

std::vector<std::string> MetadataFile::attach(std::vector<Json>& rows, const std::string& origin,
                                              std::vector<std::string>& warnings) const {
  std::set<std::string> judged;
  size_t elsewhere = 0;
  for (size_t r = 0; r < rows.size(); ++r) {
    Json& row = rows[r];
    const std::string where = fmt::format("{} row {}", origin, r + 1);
    std::optional<size_t> place;
    if (row.is_object() && row.contains("index") && row["index"].is_number_unsigned()) {
      place = row["index"].get<size_t>();
    }
    if (const std::optional<std::string> prompt = prompt_of(row)) {
      const bool numbered = place && *place < lines_.size() && read_[*place].prompt == *prompt;
      const bool verdict = row.contains("correct");
      const Json own = row.contains("metadata") && !verdict ? row["metadata"] : Json();
      const bool whole = own.is_object() && own.contains("tag");  // else it says the prompt alone
      elsewhere += place && !numbered ? 1 : 0;
      if (!numbered || whole) place = place_of_prompt(*prompt, whole ? own : Json(), where);
    }
    if (!place) fail_input("{}: needs \"prompt\" or \"index\" to find its line of {}", where, path_);
    if (*place >= lines_.size()) fail_input("{}: index {} of {} lines in {}", where, *place, lines_.size(), path_);
    judged.insert(read_[*place].prompt);
    if (!row.contains("correct")) row["metadata"] = lines_[*place];
  }
  if (elsewhere > 0) {
    warnings.push_back(
        fmt::format("{} rows have an \"index\" that is not their prompt's line; the prompt counts", elsewhere));
  }
  std::vector<std::string> missing;
  for (const GenEvalMetadata& line : read_) {
    if (judged.count(line.prompt) == 0 && std::find(missing.begin(), missing.end(), line.prompt) == missing.end()) {
      missing.push_back(line.prompt);
    }
  }
  return missing;
}

}  // namespace emf
