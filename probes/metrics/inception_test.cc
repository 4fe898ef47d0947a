#include <gtest/gtest.h>

#include <cmath>

#include "harness/base/numpy_random.h"
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

TEST(Inception, TheIntervalHoldsTheValue) {
  const MetricValue value = scored(oracle_features("isc_peaky/logits"), Json::object());
  ASSERT_TRUE(value.ci95);
  EXPECT_LT((*value.ci95)[0], *value.value);
  EXPECT_GT((*value.ci95)[1], *value.value);
}

}  // namespace
}  // namespace emf
