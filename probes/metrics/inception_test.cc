// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "harness/base/numpy_random.h"
#include "harness/base/random.h"
#include "tests/oracle/metric_cases.h"

namespace emf {
namespace {

MetricValue scored(const FeatureMatrix& generated, const Json& options) {
  MetricInput input;
  input.generated = &generated;
  input.options = options;
  return MetricRegistry::instance().make("inception")->score(input).front();
}

FeatureMatrix probabilities_of(const FeatureMatrix& logits) {
  FeatureMatrix result = logits;
  for (int64_t i = 0; i < logits.rows; ++i) {
    double sum = 0;
    for (int64_t c = 0; c < logits.columns; ++c) sum += std::exp(logits.values[i * logits.columns + c]);
    for (int64_t c = 0; c < logits.columns; ++c) {
      result.values[i * logits.columns + c] = std::exp(logits.values[i * logits.columns + c]) / sum;
    }
  }
  return result;
}

TEST(Inception, AgreesWithTorchFidelity) {
  for (const auto& [name, expected] : peer_values()["inception"].items()) {
    const FeatureMatrix logits = oracle_features("isc_" + name + "/logits"), shares = probabilities_of(logits);
    for (const int splits : {1, 5, 10}) {
      for (const bool shuffled : {false, true}) {
        const Json& peer = expected[fmt::format("splits={},shuffle={}", splits, shuffled ? "True" : "False")];
        const double center = peer["inception_score_mean"], spread = peer["inception_score_std"];
        Json options = {{"splits", splits}, {"compat", shuffled ? "torch-fidelity" : "none"}};
        MetricValue value = scored(logits, options);
        EXPECT_NEAR(*value.value, center, 1e-10 * center) << name << splits << shuffled;
        EXPECT_NEAR(value.details["std"].get<double>(), spread, 1e-10) << name << splits << shuffled;
        options["kind"] = "probabilities";
        EXPECT_NEAR(*scored(shares, options).value, center, 1e-10 * center) << name << splits << shuffled;
      }
    }
  }
}

TEST(Inception, NumpyDrawsAreNumpys) {
  for (const auto& [name, expected] : peer_values()["inception"].items()) {
    const std::vector<int64_t> order = expected["permutation_seed2020"];
    EXPECT_EQ(NumpyRandom(2020).permutation(static_cast<int64_t>(order.size())), order) << name;
  }
}

TEST(Inception, ExtremesAreOneAndTheNumberOfClasses) {
  FeatureMatrix sure{{}, 8, 4, {}};
  for (int64_t i = 0; i < 32; ++i) sure.values.push_back(i % 4 == i / 4 % 4 ? 1 : 0);
  EXPECT_NEAR(*scored(sure, {{"kind", "probabilities"}}).value, 4, 1e-12);
  std::fill(sure.values.begin(), sure.values.end(), 0.25);
  EXPECT_NEAR(*scored(sure, {{"kind", "probabilities"}}).value, 1, 1e-12);
}

TEST(Inception, WrongKindsAreNoticed) {
  const FeatureMatrix logits = oracle_features("isc_peaky/logits");
  EXPECT_THROW(scored(logits, {{"kind", "probabilities"}}), UserError);
  const std::vector<std::string> warnings = scored(probabilities_of(logits), Json::object()).warnings;
  EXPECT_EQ(warnings.back(), "logits_look_like_probabilities");
  EXPECT_THROW(scored(logits, {{"splits", 121}}), UserError);  // more splits than rows
}

/// Logits of pictures that are each of one class, drawn evenly, as in a sampler's output.
FeatureMatrix drawn_logits(int64_t rows, int64_t classes, uint64_t seed) {
  FeatureMatrix logits{{}, rows, classes, {}};
  for (int64_t i = 0; i < rows; ++i) {
    Random random(seed, "inception test", static_cast<uint64_t>(i));
    const auto own = static_cast<int64_t>(random.below(static_cast<uint32_t>(classes)));
    for (int64_t c = 0; c < classes; ++c) logits.values.push_back(random.normal() + (c == own ? 8 : 0));
  }
  return logits;
}

TEST(Inception, TheIntervalHoldsTheValue) {
  for (const FeatureMatrix& logits : {oracle_features("isc_peaky/logits"), drawn_logits(500, 20, 1)}) {
    for (const int draws : {500, 20}) {
      const MetricValue value = scored(logits, {{"draws", draws}});
      ASSERT_TRUE(value.ci95);
      EXPECT_LT((*value.ci95)[0], *value.value);
      EXPECT_GT((*value.ci95)[1], *value.value);
    }
  }
  // Every class as often as every other: no resample reaches the score.
  FeatureMatrix even{{}, 400, 10, {}};
  for (int64_t i = 0; i < 4000; ++i) even.values.push_back(i % 10 == i / 10 % 10 ? 9 + std::sin(i) : 0);
  const MetricValue value = scored(even, Json::object());
  EXPECT_LE((*value.ci95)[0], *value.value);
  EXPECT_GE((*value.ci95)[1], *value.value);
}

TEST(Inception, TheIntervalCoversTheMeanScoreOfItsSize) {
  // benchmarks/inception_coverage.py does this for more sizes and kinds of logits, with thousands of sets.
  constexpr int kSets = 400;
  std::vector<MetricValue> values;
  double mean_score = 0;
  for (int set = 0; set < kSets; ++set) {
    values.push_back(scored(drawn_logits(500, 20, static_cast<uint64_t>(set)), {{"draws", 300}}));
    mean_score += *values.back().value / kSets;
  }
  const auto covers = [&](const MetricValue& value) {
    return (*value.ci95)[0] <= mean_score && mean_score <= (*value.ci95)[1];
  };
  const auto covered = static_cast<double>(std::count_if(values.begin(), values.end(), covers)) / kSets;
  EXPECT_GE(covered, 0.93);
  EXPECT_LE(covered, 0.98);  // a standard error of a percent
}

TEST(Inception, PartsOfPicturesStoredClassByClassAreNoticed) {
  FeatureMatrix sorted{{}, 400, 10, {}};
  for (int64_t i = 0; i < 4000; ++i) sorted.values.push_back(i % 10 == i / 400 ? 12 : 0);
  const auto noticed = [](const MetricValue& value) {
    return std::any_of(value.warnings.begin(), value.warnings.end(),
                       [](const std::string& warning) { return warning.find("not alike") != std::string::npos; });
  };
  const MetricValue given = scored(sorted, {{"splits", 10}}),
                    shuffled = scored(sorted, {{"splits", 10}, {"order", "shuffled"}});
  EXPECT_NEAR(*given.value, 1, 1e-3);
  EXPECT_TRUE(noticed(given));
  EXPECT_GT(*shuffled.value, 8);
  EXPECT_FALSE(noticed(shuffled));
  EXPECT_NE(given.identity, shuffled.identity);
  for (uint64_t seed = 0; seed < 20; ++seed) {
    EXPECT_FALSE(noticed(scored(drawn_logits(400, 10, seed), {{"splits", 10}})));
    EXPECT_FALSE(noticed(scored(drawn_logits(400, 100, seed), {{"splits", 40}})));
  }
  EXPECT_THROW(scored(sorted, {{"order", "shuffled"}, {"compat", "torch-fidelity"}}), UserError);
}

}  // namespace
}  // namespace emf
