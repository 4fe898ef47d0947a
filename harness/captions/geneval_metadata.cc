// SPDX-License-Identifier: Apache-2.0
#include "harness/captions/geneval_metadata.h"

#include <algorithm>

#include "harness/base/error.h"
#include "harness/base/near_name.h"
#include "harness/captions/geneval_fields.h"
#include "harness/captions/grammar.h"

namespace emf {
namespace {

void read_position(const Json& position, size_t earlier, GenEvalClause& clause, const std::string& where) {
  const std::vector<std::string>& relations = geneval_relations();
  if (!position.is_array() || position.size() != 2 || !position[0].is_string() || !position[1].is_number_integer()) {
    fail_input("{}: \"position\" must be [relation, index of an earlier include], not {}", where, position.dump());
  }
  clause.relation = position[0].get<std::string>();
  if (std::find(relations.begin(), relations.end(), *clause.relation) == relations.end()) {
    fail_input("{}: unknown relation '{}'{}", where, *clause.relation, suggestion(*clause.relation, relations));
  }
  const int64_t target = position[1].get<int64_t>();
  if (target < 0 || static_cast<size_t>(target) >= earlier) {
    fail_input("{}: \"position\" refers to include {}, but {} stand before it", where, target, earlier);
  }
  clause.target = static_cast<size_t>(target);
}

std::vector<GenEvalClause> read_clauses(const Json& line, const char* key, const std::string& where) {
  std::vector<GenEvalClause> clauses;
  if (!line.contains(key)) return clauses;
  if (!line[key].is_array()) fail_input("{}: \"{}\" must be a list", where, key);
  for (const Json& entry : line[key]) {
    const std::string place = fmt::format("{}: {}[{}]", where, key, clauses.size());
    if (!entry.is_object()) fail_input("{} must be an object", place);
    // A condition under another key would be one that nobody judges.
    static const std::vector<std::string> known = {"class", "count", "color", "position"};
    for (const auto& [own, value] : entry.items()) {
      if (std::find(known.begin(), known.end(), own) == known.end()) {
        fail_input("{}: unknown key '{}'{}", place, own, suggestion(own, known));
      }
    }
    GenEvalClause clause;
    clause.class_name = geneval_text(entry, "class", place);
    clause.count = geneval_count(entry, "count", place);
    if (entry.contains("color")) clause.color = geneval_text(entry, "color", place);
    if (entry.contains("position")) read_position(entry["position"], clauses.size(), clause, place);
    clauses.push_back(std::move(clause));
  }
  return clauses;
}

}  // namespace

GenEvalMetadata geneval_metadata(const Json& line, const std::string& where) {
  if (!line.is_object()) fail_input("{}: the metadata must be an object with tag and include", where);
  refuse_slips(line, {"tag", "prompt", "include", "exclude"}, where);
  GenEvalMetadata metadata;
  metadata.tag = geneval_text(line, "tag", where);
  if (line.contains("prompt")) metadata.prompt = geneval_text(line, "prompt", where);
  metadata.include = read_clauses(line, "include", where);
  metadata.exclude = read_clauses(line, "exclude", where);
  return metadata;
}

}  // namespace emf
