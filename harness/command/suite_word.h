// How verbs that read records are told which suite.
#pragma once

#include <filesystem>
#include <string>

#include "harness/base/config.h"
#include "harness/base/file.h"

namespace emf {

/// Help of such an argument.
constexpr const char* kRanSuite = "name of a suite that ran, or its .toml file";

/// The name that records carry: of a .toml file the one that stands in it, else the word itself.
/// @throws UserError  the file is absent, no TOML, or has no name.
inline std::string recorded_name(const std::string& word) {
  if (std::filesystem::path(word).extension() != ".toml") return word;
  const Config config = load_config(word);
  ConfigReader suite(config, "suite");
  const std::string name = suite.required_text("name");
  if (!is_plain_name(name)) {
    fail_input("{}: suite name '{}' may hold letters, digits, '_' and '-' alone, a hundred at most",
               suite.place("name"), name);
  }
  return name;
}

}  // namespace emf
