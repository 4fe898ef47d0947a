// SPDX-License-Identifier: Apache-2.0
#include "probes/metrics/feature_pair.h"

#include <algorithm>
#include <cmath>
#include <set>

namespace emf {

std::string first_difference(const Json& a, const Json& b) {
  std::set<std::string> keys;
  for (const auto& [key, value] : a.items()) keys.insert(key);
  for (const auto& [key, value] : b.items()) keys.insert(key);
  for (const std::string& key : keys) {
    const Json left = a.value(key, Json()), right = b.value(key, Json());
    if (left != right) return fmt::format("{} is {} and {}", key, left.dump(), right.dump());
  }
  return "they differ";
}

RowMatrixMap checked_features(const FeatureMatrix* features, const char* side, const std::string& metric,
                              int64_t least_rows) {
  if (features == nullptr || features->rows == 0) fail_input("{}: no {} features", metric, side);
  if (features->rows < least_rows) {
    fail_input("{}: needs at least {} rows of {} features, not {}", metric, least_rows, side, features->rows);
  }
  if (features->columns < 1) fail_input("{}: {} features have no columns", metric, side);
  ensure(static_cast<int64_t>(features->values.size()) == features->rows * features->columns,
         "{} feature values for {} rows of {}", features->values.size(), features->rows, features->columns);
  const auto bad = std::find_if(features->values.begin(), features->values.end(),
                                [](double value) { return !std::isfinite(value); });
  if (bad != features->values.end()) {
    const int64_t place = bad - features->values.begin();
    fail_input("{}: {} features hold {} at row {}, column {}; remove or recompute that row", metric, side, *bad,
               place / features->columns, place % features->columns);
  }
  return {features->values.data(), features->rows, features->columns};
}

FeaturePair checked_pair(const MetricInput& input, const std::string& metric, int64_t least_rows) {
  FeaturePair pair{checked_features(input.real, "real", metric, least_rows),
                   checked_features(input.generated, "generated", metric, least_rows),
                   Json::object(),
                   {}};
  if (pair.real.cols() != pair.generated.cols()) {
    fail_input("{}: real features have {} columns, generated {}; both need the same backbone and layer", metric,
               pair.real.cols(), pair.generated.cols());
  }
  const Json &real = input.real->identity, &generated = input.generated->identity;
  if (!real.empty() && !generated.empty() && real != generated) {
    fail_input("{}: real and generated features are of different things ({}); compute both the same way", metric,
               first_difference(real, generated));
  }
  pair.identity = real.empty() ? generated : real;
  if (real.empty() != generated.empty()) pair.warnings.emplace_back("identity_of_one_side_unknown");
  return pair;
}

MetricValue feature_value(const FeaturePair& pair, const std::string& name, double value) {
  if (!std::isfinite(value)) fail_input("{}: features are too large to compare in double precision", name);
  MetricValue result;
  result.name = name;
  result.value = value;
  result.n = pair.generated.rows();
  result.identity = {{"features", pair.identity}};
  result.warnings = pair.warnings;
  result.details = {
      {"n_real", pair.real.rows()}, {"n_generated", pair.generated.rows()}, {"dimension", pair.real.cols()}};
  return result;
}

}  // namespace emf
