// SPDX-License-Identifier: Apache-2.0
// Which families load, in which forms: one table for everybody who says so.
#pragma once

#include <string>
#include <vector>

namespace emf {

struct ArchitectureRow {
  std::string name;               ///< model_type of config.json
  std::string models;             ///< what goes by it
  std::vector<std::string> gguf;  ///< what the same is called in a GGUF file; empty: not read from there
};

/// In order of name.
std::vector<ArchitectureRow> architecture_table();

}  // namespace emf
