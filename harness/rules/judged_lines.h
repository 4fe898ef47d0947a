// SPDX-License-Identifier: Apache-2.0
// Judge outputs as they lie in a file, one picture a line, read for scoring.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/base/json.h"
#include "harness/rules/geneval_rule.h"

namespace emf {

/// A judged picture. Its boxes, most of the line, are no JSON values: these would take several times as long to build.
struct JudgedLine {
  Json row;                                          ///< the line less its "detections" where those are given here
  std::optional<std::vector<Detection>> detections;  ///< absent: the row has none, or such as only an error can tell of
};

/// @param origin  names the line in errors.   @throws UserError  as parse_json().
JudgedLine parse_judged_line(std::string_view line, const std::string& origin);

/// Every line that is not blank, in order, parsed on all cores.
/// @throws UserError  absent (kMissing) or malformed (names the first such line).
std::vector<JudgedLine> read_judged_lines(const std::filesystem::path& path);

/// Judged pictures of a file, each once. Shards of several processes put together, or of a run that was started again,
/// name the same file twice: equal rows are counted once, with a warning.
struct JudgedRows {
  std::vector<Json> rows;
  std::vector<std::optional<std::vector<Detection>>> detections;  ///< one a row, or empty
  std::vector<std::string> warnings;
};

/// Takes out rows whose "filename" stands in an earlier one.
/// @param source  names the file in messages.
/// @throws UserError  two rows of one file that do not say the same (names both rows).
void count_pictures_once(JudgedRows& judged, const std::string& source);

}  // namespace emf
