// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>

#include "harness/base/random.h"
#include "harness/statistics/statistics.h"
#include "probes/metrics/frechet_distance.h"
#include "tests/oracle/metric_cases.h"

namespace emf {
namespace {

FeatureMatrix normal_features(int64_t rows, int64_t columns, uint64_t seed, double shift = 0, double scale = 1) {
  FeatureMatrix features{{}, rows, columns, Json::object()};
  for (int64_t i = 0; i < rows; ++i) {
    Random random(seed, "frechet_test", static_cast<uint64_t>(i));
    for (int64_t j = 0; j < columns; ++j) features.values.push_back(shift + scale * random.normal());
  }
  return features;
}

std::string refusal(const std::string& metric, const FeatureMatrix& real, const FeatureMatrix& generated) {
  try {
    score_features(metric, real, generated);
  } catch (const UserError& error) {
    return error.what();
  }
  return "scored";
}

TEST(Frechet, AgreesWithSixtyDigitArithmetic) {
  int compared = 0;
  for (const auto& [name, one] : peer_values()["cases"].items()) {
    const FeatureMatrix real = oracle_features(name + "/y"), generated = oracle_features(name + "/x");
    const double truth = one["fd"];
    EXPECT_NEAR(*score_features("frechet", real, generated).value, truth, 1e-9 * (1 + truth)) << name;
    EXPECT_NEAR(*score_features("frechet", generated, real).value, truth, 1e-9 * (1 + truth)) << name;
    ++compared;
  }
  EXPECT_EQ(compared, 17);
}

TEST(Frechet, PeersAreMetWithinTheirOwnError) {
  const std::vector<std::pair<std::string, std::string>> peers = {
      {"pytorch-fid", "pytorch_fid"},
      {"clean-fid", "clean_fid"},
      {"torch-fidelity", "torch_fidelity"},
      {"torchmetrics", "torchmetrics_float64"},
      {"edm2", "edm2"},
      {"torch-fidelity-float32", "torch_fidelity_float32_features"}};
  int compared = 0;
  for (const auto& [name, one] : peer_values()["cases"].items()) {
    const double truth = one["fd"];
    for (const auto& [compat, peer] : peers) {
      if (!one["peers"].contains(peer)) continue;  // those that crash at D = 1
      const double value = one["peers"][peer][0], error = one["peers"][peer][1];
      const MetricValue ours = score_features("frechet", oracle_features(name + "/y"), oracle_features(name + "/x"),
                                              {{"compat", compat}, {"interval", "none"}});
      // Single-precision sums of a few terms depend on their order.
      const double rounding = compat == "torch-fidelity-float32" ? 1e-7 : 1e-9;
      EXPECT_NEAR(*ours.value, value, 10 * error + rounding * (1 + truth)) << name << ", " << compat;
      EXPECT_EQ(ours.identity["compat"], compat);
      ++compared;
    }
  }
  EXPECT_GE(compared, 98);
}

TEST(Frechet, SinglePrecisionMeansAreImitated) {
  // Where they move the distance most, the peer's own number is met to a tenth of that.
  for (const std::string name : {"large_offset", "mixed_scales"}) {
    const Json& peer = peer_values()["cases"][name]["peers"]["torch_fidelity_float32_features"];
    const double error = peer[1];
    ASSERT_GT(error, 1e-3);
    EXPECT_NEAR(*score_features("frechet", oracle_features(name + "/y"), oracle_features(name + "/x"),
                                {{"compat", "torch-fidelity-float32"}})
                     .value,
                peer[0].get<double>(), error / 10)
        << name;
  }
}

TEST(Frechet, BlocksMergedInAnyOrderGiveTheSameDistance) {
  for (const auto& [name, one] : peer_values()["cases"].items()) {
    const double truth = one["fd"];
    const FeatureMatrix real = oracle_features(name + "/y"), generated = oracle_features(name + "/x");
    FeatureStatistics sides[2];
    for (const int side : {0, 1}) {
      const FeatureMatrix& set = side == 0 ? real : generated;
      std::vector<FeatureStatistics> parts(3);
      for (int64_t i = 0; i < set.rows; ++i) {
        parts[static_cast<size_t>(i % 3)].add(RowMatrixMap(set.values.data() + i * set.columns, 1, set.columns));
      }
      for (const size_t part : {2u, 0u, 1u}) sides[side].merge(parts[part]);
      EXPECT_EQ(sides[side].rows(), set.rows);
    }
    MetricInput input;
    input.real_statistics = &sides[0];
    input.generated_statistics = &sides[1];
    const MetricValue value = MetricRegistry::instance().make("frechet")->score(input).front();
    EXPECT_NEAR(*value.value, truth, 1e-9 * (1 + truth)) << name;
    EXPECT_EQ(value.details["n_real"], real.rows);
  }
}

TEST(Frechet, IntervalsAreAsWideAsTheDistanceSpreads) {
  // The spread of the distance over 60 pairs of sets, against what each pair says of itself.
  std::vector<double> distances, jackknife, bootstrap;
  int corrected_nearer = 0;
  for (uint64_t seed = 0; seed < 60; ++seed) {
    const FeatureMatrix real = normal_features(120, 6, 1000 + seed),
                        generated = normal_features(120, 6, 2000 + seed, 0.3);
    const MetricValue one = score_features("frechet", real, generated);
    distances.push_back(*one.value);
    jackknife.push_back(one.details["standard_error"]);
    const double truth = 6 * 0.09;
    corrected_nearer += std::abs(one.details["bias_corrected"].get<double>() - truth) < std::abs(*one.value - truth);
    if (seed % 6 == 0) {
      bootstrap.push_back(
          score_features("frechet", real, generated, {{"interval", "bootstrap"}}).details["standard_error"]);
    }
  }
  const double spread = sample_std(distances);
  EXPECT_NEAR(mean(jackknife), spread, 0.35 * spread);
  EXPECT_NEAR(mean(bootstrap), spread, 0.4 * spread);
  EXPECT_GT(corrected_nearer, 36);
}

TEST(Frechet, IntervalsFromAReferencesStatisticsAreOfTheGeneratedRows) {
  const FeatureMatrix real = normal_features(400, 6, 7);
  FeatureStatistics reference;
  reference.add(Eigen::Map<const FeatureStatistics::RowMatrix>(real.values.data(), 400, 6));
  std::vector<double> distances, jackknife, bootstrap;
  for (uint64_t seed = 0; seed < 60; ++seed) {
    const FeatureMatrix generated = normal_features(120, 6, 2000 + seed, 0.3);
    const auto scored = [&](const Json& options) {
      MetricInput input;
      input.real_statistics = &reference;
      input.generated = &generated;
      input.options = options;
      return MetricRegistry::instance().make("frechet")->score(input).front();
    };
    const MetricValue one = scored(Json::object());
    ASSERT_TRUE(one.ci95);
    EXPECT_LT((*one.ci95)[0], *one.value);
    EXPECT_GT((*one.ci95)[1], *one.value);
    EXPECT_EQ(one.details["interval"], "jackknife, 20 groups of generated rows");
    EXPECT_NEAR(*one.value, *score_features("frechet", real, generated).value, 1e-9);
    distances.push_back(*one.value);
    jackknife.push_back(one.details["standard_error"]);
    if (seed % 6 != 0) continue;
    bootstrap.push_back(scored({{"interval", "bootstrap"}}).details["standard_error"]);
    const Json line = {{"infinity", true}};
    EXPECT_NEAR(*scored(line).value, *score_features("frechet", real, generated, line).value, 1e-8);
  }
  // The reference stands still, so the distances spread by the generated sets alone.
  const double spread = sample_std(distances);
  EXPECT_NEAR(mean(jackknife), spread, 0.35 * spread);
  EXPECT_NEAR(mean(bootstrap), spread, 0.4 * spread);
}

TEST(Frechet, TheLineAtInfinityIsThePeers) {
  const Json& peer = peer_values()["fid_infinity"];
  const FeatureMatrix real = oracle_features("fid_infinity/y_reference"),
                      generated = oracle_features("fid_infinity/x_generated");
  const Json options = {{"infinity", true}, {"points", 6}, {"smallest", 100}, {"order", "given"}};
  const MetricValue value = score_features("frechet", real, generated, options);
  EXPECT_EQ(value.details["line"]["n"], peer["n"]);
  for (size_t i = 0; i < 6; ++i) {
    EXPECT_NEAR(value.details["line"]["value"][i].get<double>(), peer["fd"][i].get<double>(), 1e-9) << i;
  }
  EXPECT_NEAR(*value.value, peer["intercept"].get<double>(), 1e-9);
  EXPECT_NEAR(value.details["line"]["slope"].get<double>(), peer["slope"].get<double>(), 1e-6);
  ASSERT_TRUE(value.ci95);
  EXPECT_LT((*value.ci95)[0], *value.value);
  EXPECT_GT((*value.ci95)[1], *value.value);
}

TEST(Frechet, SeedsDrawTheSubsetsOfTheLine) {
  const FeatureMatrix real = normal_features(200, 4, 11), generated = normal_features(200, 4, 12);
  const Json options = {{"infinity", true}, {"interval", "none"}};
  const double one = *score_features("frechet", real, generated, options, 1).value;
  EXPECT_EQ(one, *score_features("frechet", real, generated, options, 1).value);
  EXPECT_NE(one, *score_features("frechet", real, generated, options, 2).value);
}

TEST(Frechet, EqualSetsAreAtZero) {
  const FeatureMatrix narrow = normal_features(300, 40, 1), wide = normal_features(40, 300, 2);
  EXPECT_NEAR(*score_features("frechet", narrow, narrow).value, 0, 1e-10);
  EXPECT_NEAR(*score_features("frechet", wide, wide).value, 0, 1e-10);
}

TEST(Frechet, AShiftAddsItsSquaredLength) {
  FeatureMatrix set = normal_features(60, 90, 3), moved = set;
  for (double& value : moved.values) value += 0.5;
  EXPECT_NEAR(*score_features("frechet", set, moved).value, 90 * 0.25, 1e-9 * 24);
}

TEST(Frechet, SmallSetsAreMarked) {
  const FeatureMatrix small = normal_features(1999, 2, 4), large = normal_features(2000, 2, 5);
  EXPECT_EQ(score_features("frechet", large, small).warnings, std::vector<std::string>{"small_n"});
  EXPECT_EQ(score_features("frechet", small, large).warnings, std::vector<std::string>{"small_n"});
  EXPECT_TRUE(score_features("frechet", large, large).warnings.empty());
}

TEST(Frechet, RefusesWhatHasNoDistance) {
  const FeatureMatrix set = normal_features(5, 3, 6);
  EXPECT_NE(refusal("frechet", set, normal_features(1, 3, 7)).find("at least 2 rows of generated"), std::string::npos);
  EXPECT_NE(refusal("frechet", set, normal_features(5, 4, 7)).find("3 columns, generated 4"), std::string::npos);
  FeatureMatrix broken = set;
  broken.values[7] = std::nan("");
  EXPECT_NE(refusal("frechet", set, broken).find("row 2, column 1"), std::string::npos);
  FeatureMatrix huge = set;
  for (double& value : huge.values) value *= 1e200;
  EXPECT_NE(refusal("frechet", set, huge).find("too large"), std::string::npos);
}

TEST(Frechet, FeaturesOfDifferentThingsAreNotCompared) {
  FeatureMatrix a = normal_features(5, 3, 8), b = a;
  a.identity = {{"layer", "pooled"}, {"weights", "aa"}};
  b.identity = {{"layer", "conv"}, {"weights", "aa"}};
  EXPECT_NE(refusal("frechet", a, b).find("layer is \"pooled\" and \"conv\""), std::string::npos);
  b.identity = a.identity;
  EXPECT_EQ(score_features("frechet", a, b).identity["features"], a.identity);
}

TEST(Frechet, NameIsTakenFromTheOptions) {
  const FeatureMatrix set = normal_features(5, 3, 9);
  EXPECT_EQ(score_features("frechet", set, set, {{"name", "fd_lite0"}}).name, "fd_lite0");
}

}  // namespace
}  // namespace emf
