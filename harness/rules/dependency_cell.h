// SPDX-License-Identifier: Apache-2.0
// The cell of a question graph that names a question's parents, as people, spreadsheets and language models write it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace emf {

struct DependencyCell {
  std::vector<int64_t> parents;         ///< in order; 0, "none" and the like are none
  std::vector<std::string> words;       ///< what stands beside the numbers and has no digit: "right" of "5, right"
  std::vector<std::string> unreadable;  ///< what may have meant a parent: "1.5", "2-3"; a word alone
};

/// Reads numbers between commas, semicolons, blanks of any kind or bars, in brackets or quotes or none: "1,2",
/// "[1, 2]", "1;2", "1.0,2.0". A cell without a digit is none where it says so ("0", "", "none", "nan", "-").
DependencyCell read_dependency_cell(const std::string& cell);

/// Reads as the released loaders do, by Python's split(",") and int(strip()): what that stops at is a word where it
/// has no digit, else unreadable.
DependencyCell read_dependency_cell_officially(const std::string& cell);

}  // namespace emf
