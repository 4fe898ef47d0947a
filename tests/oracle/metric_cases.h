// SPDX-License-Identifier: Apache-2.0
// The feature sets of metric_features.npz with what other software says of them.
#pragma once

#include <string>
#include <vector>

#include "harness/api/metric.h"
#include "harness/base/file.h"
#include "harness/base/npy.h"
#include "harness/base/paths.h"

namespace emf {

struct MetricCase {
  std::string name;
  FeatureMatrix real, generated;
  Json values;  ///< of metric_values.json
};

inline FeatureMatrix oracle_features(const std::string& name) {
  const NpyArray array = read_npz(project_root() / "tests/oracle/metric_features.npz", name);
  return {array.values, array.shape.at(0), array.shape.at(1), Json::object()};
}

inline std::vector<MetricCase> metric_cases() {
  const Json oracle = read_json(project_root() / "tests/oracle/metric_values.json");
  std::vector<MetricCase> cases;
  for (const auto& [name, values] : oracle["cases"].items()) {
    cases.push_back({name, oracle_features(name + "/y"), oracle_features(name + "/x"), values});
  }
  return cases;
}

/// What other software says of all the sets, the further ones included.
inline const Json& peer_values() {
  static const Json values = read_json(project_root() / "tests/oracle/metric_peer_values.json");
  return values;
}

inline FeatureMatrix rows_of(const FeatureMatrix& features, const std::vector<int64_t>& rows) {
  FeatureMatrix chosen{{}, static_cast<int64_t>(rows.size()), features.columns, features.identity};
  for (const int64_t row : rows) {
    const auto begin = features.values.begin() + row * features.columns;
    chosen.values.insert(chosen.values.end(), begin, begin + features.columns);
  }
  return chosen;
}

inline MetricValue score_features(const std::string& metric, const FeatureMatrix& real, const FeatureMatrix& generated,
                                  const Json& options = Json::object(), uint64_t seed = 0) {
  MetricInput input;
  input.real = &real;
  input.generated = &generated;
  input.options = options;
  input.seed = seed;
  return MetricRegistry::instance().make(metric)->score(input).front();
}

}  // namespace emf
