// SPDX-License-Identifier: Apache-2.0
// The official evaluation_metadata.jsonl: what every prompt of a benchmark asks for, by its words and by its number.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "harness/base/json.h"
#include "harness/captions/geneval_metadata.h"

namespace emf {

class MetadataFile {
 public:
  /// Reads and checks every line.  @throws UserError  absent (kMissing), empty, or a line that is no metadata line or
  /// has no prompt (names it).
  explicit MetadataFile(const std::string& path);

  /// The lines as they stand, by number from 0.
  const std::vector<Json>& lines() const { return lines_; }

  /// Gives judged rows the line of their prompt ("prompt", their own "metadata", or "index": the line's number, as the
  /// official folders are named). Rows that hold a verdict keep what they have.
  /// @param origin  names the rows' file in messages.
  /// @param warnings  filled with what is odd but can be told apart.
  /// @return  prompts without a row.
  /// @throws UserError  a row whose prompt or number the file does not hold, that asks for something else than the line
  ///   of the same prompt, or that one of several such lines fits (names the row).
  std::vector<std::string> attach(std::vector<Json>& rows, const std::string& origin,
                                  std::vector<std::string>& warnings) const;

  /// Whether a picture's own metadata line agrees with the file's.  @throws UserError  as attach().
  void refuse_contradiction(const Json& own, const std::string& where) const;

 private:
  size_t place_of_prompt(const std::string& prompt, const Json& own, const std::string& where) const;

  std::string path_;
  std::vector<Json> lines_;
  std::vector<GenEvalMetadata> read_;
  std::map<std::string, std::vector<size_t>> places_;  // of prompts
};

}  // namespace emf
