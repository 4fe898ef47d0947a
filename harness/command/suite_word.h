// SPDX-License-Identifier: Apache-2.0
// How verbs that read records are told which.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "harness/base/bounded.h"
#include "harness/base/config.h"
#include "harness/base/run_name.h"
#include "reports/report.h"

namespace emf {

/// Help of such an argument.
constexpr const char* kRanSuite =
    "what ran: a suite's or a run's name (see: emfbench status), a suite's .toml file, or a folder with a result.json";

/// Whether the word is a record itself: a folder that holds a result.json, or that file.
inline bool is_record_path(const std::string& word) {
  const std::filesystem::path path(word);
  return path_exists(path / "result.json") || (path.filename() == "result.json" && is_file(path));
}

/// The folder of the record that a word means: itself, or the newest of that name in the store. Of a .toml file the
/// name is the one that stands in it.
/// @throws UserError  no such record (offers those that are there); a .toml file that is absent, no TOML, or has no
/// name.
inline std::filesystem::path record_folder(const std::string& word, const std::filesystem::path& store) {
  const std::filesystem::path path(word);
  if (is_record_path(word)) return path.filename() == "result.json" ? path.parent_path() : path;
  if (is_folder(path))
    fail_input("{} holds no result.json; name a run's folder, or its name (see: emfbench status)", word);
  if (path.extension() != ".toml") return newest_suite_folder(store, word);
  const Config config = load_config(path);
  ConfigReader suite(config, "suite");
  const std::string name = suite.required_text("name");
  require_suite_name(name, suite.place("name"));
  return newest_suite_folder(store, name);
}

/// Where a record's stages may lie: the store that was named, and those that the record's own folder lies in, which is
/// <store>/runs/suite/HASH or <store>/reports/NAME.
inline std::vector<std::filesystem::path> stores_of(const std::filesystem::path& record, const std::string& named) {
  const std::filesystem::path up = std::filesystem::absolute(record).lexically_normal().parent_path().parent_path();
  return {named, up.parent_path(), up};
}

}  // namespace emf
