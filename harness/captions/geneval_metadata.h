// SPDX-License-Identifier: Apache-2.0
// A line of GenEval's evaluation_metadata.jsonl: what a prompt says, clause by clause.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "harness/base/json.h"

namespace emf {

/// One clause of a metadata line.
struct GenEvalClause {
  std::string class_name;
  int count = 1;
  std::optional<std::string> color;
  std::optional<std::string> relation;  ///< "left of", "right of", "above", "below"
  size_t target = 0;                    ///< index of the earlier include clause that `relation` refers to

  bool operator==(const GenEvalClause&) const = default;
};

/// A line of GenEval's evaluation_metadata.jsonl.
struct GenEvalMetadata {
  std::string tag;
  std::string prompt;  ///< "" when the line has none
  std::vector<GenEvalClause> include, exclude;

  bool operator==(const GenEvalMetadata&) const = default;
};

/// Reads a metadata line.  @param where  names it in errors.
/// @throws UserError  no tag, clause without class or count or with a key that the rule does not know, a slip of the
///                    line's own keys, unknown relation, position that refers to no earlier include.
GenEvalMetadata geneval_metadata(const Json& line, const std::string& where);

}  // namespace emf
