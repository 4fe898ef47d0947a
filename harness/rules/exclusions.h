// SPDX-License-Identifier: Apache-2.0
// Items that a score leaves out, by a file alone: whoever reads the score sees every one of them, and why.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "harness/base/json.h"

namespace emf {

/// A file with an item a line; what stands behind a tab is the reason. Empty lines and lines that begin with "#" say
/// nothing.
class Exclusions {
 public:
  Exclusions() = default;
  /// @throws UserError  absent (kMissing); not UTF-8; no item; an item twice (names file and line).
  explicit Exclusions(const std::filesystem::path& path);

  bool empty() const { return lines_.empty(); }
  /// Whether an item is left out, by any of its names; counts it.
  bool excludes(const std::vector<std::string>& names);
  /// @throws UserError  a line that no item was left out by: an item that is misspelt would stay in the score.
  void require_matched() const;
  /// [{"item", "reason", "rows"}], a line each in the file's order.
  Json lines() const;

 private:
  struct Line {
    std::string item, reason;
    int64_t number = 0, rows = 0;
  };
  std::filesystem::path path_;
  std::vector<Line> lines_;
  std::map<std::string, size_t, std::less<>> places_;
};

}  // namespace emf
