// SPDX-License-Identifier: Apache-2.0
#include "harness/command/trained_row.h"

#include <fmt/format.h>

#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/base/near_name.h"
#include "harness/base/progress.h"
#include "reports/report.h"

namespace emf {
namespace {

constexpr const char* kNames = "rows are named SUITE/ENCODER/OBJECTIVE/SEED, or by their run's hash";

std::string row_name(const std::string& suite, const Json& row) {
  return fmt::format("{}/{}/{}/{}", suite, row.at("encoder").get<std::string>(), row.at("objective").get<std::string>(),
                     row.at("seed").dump());
}

/// Of several seeds the first one named.
bool means(const std::string& wanted, const std::string& name, const std::string& hash) {
  const bool by_hash = wanted.size() >= 6 && hash.starts_with(wanted);
  return by_hash || name == wanted || name.starts_with(wanted + "/");
}

}  // namespace

FoundRow find_row(const std::filesystem::path& store, const std::string& wanted) {
  std::vector<std::string> known;
  for (const StoredRecord& stored : records_of(store)) {
    if (!stored.damage.empty()) {
      say("warning: " + stored.damage + ": left out");
      continue;
    }
    Json record = read_json(stored.folder / "result.json");
    for (const Json& row : record.value("budgets", Json::array())) {
      const std::string name = row_name(stored.suite, row);
      known.push_back(name);
      if (!means(wanted, name, row.at("run"))) continue;
      Json found = row;  // copied before its record moves away
      return {std::move(record), std::move(found), name};
    }
  }
  if (known.empty()) fail_missing("no suite has run in {}; run one first: emfbench run quick", store.string());
  fail_input("no trained row '{}' in {}{}; {}", wanted, store.string(), suggestion(wanted, known), kNames);
}

FoundRow find_row_of(const Json& record, const std::string& wanted) {
  const std::string suite = record.at("suite");
  std::vector<std::string> known;
  for (const Json& row : record.value("budgets", Json::array())) {
    const std::string name = row_name(suite, row);
    known.push_back(name);
    if (means(wanted, name, row.at("run")) || means(suite + "/" + wanted, name, "")) return {record, row, name};
  }
  if (known.empty()) fail_input("'{}' trained no row", suite);
  fail_input("no trained row '{}' of '{}'{}; {}", wanted, suite, suggestion(wanted, known), kNames);
}

SuiteGraph graph_of(const Json& record, const std::filesystem::path& store, const Placement& placement) {
  Config config;
  config.values = record.at("config");
  config.origin = "record of suite " + record.at("suite").get<std::string>();
  SuiteSpec spec = read_suite(config);
  spec.placement = placement;
  return build_suite_graph(spec, store);
}

const Row& trained_row(const SuiteGraph& graph, const FoundRow& found) {
  for (const Row& row : graph.rows) {
    if (row.segments.back()->hash() == found.row.at("run")) return row;
  }
  fail_input("row '{}' was trained by another version of emfbench; run the suite again: emfbench run {}", found.name,
             found.record.at("suite").get<std::string>());
}

}  // namespace emf
