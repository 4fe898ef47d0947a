// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "harness/api/probe.h"
#include "harness/base/random.h"

namespace emf {
namespace {

FeatureMatrix features(int64_t rows, int64_t columns, std::vector<double> values) {
  return {std::move(values), rows, columns, Json::object()};
}

FeatureMatrix random_features(int64_t rows, int64_t columns, uint64_t seed) {
  FeatureMatrix result{{}, rows, columns, Json::object()};
  for (int64_t i = 0; i < rows * columns; ++i) {
    result.values.push_back(Random(seed, "discriminability_test", static_cast<uint64_t>(i)).normal());
  }
  return result;
}

ProbeInput input_of(const FeatureMatrix& text, const FeatureMatrix& visual) {
  ProbeInput input;
  for (int64_t i = 0; i < visual.rows; ++i) input.prompts.push_back({fmt::format("caption {}", i), Json()});
  input.visual = visual;
  input.pooled = [text](const std::vector<Prompt>&) { return text; };
  return input;
}

double value_of(const ProbeResult& result, const std::string& mode) {
  for (const ProbeMode& one : result.modes) {
    if (one.name == mode) return one.value;
  }
  ADD_FAILURE() << "no mode " << mode;
  return 0;
}

ProbeResult run(const ProbeInput& input) { return ProbeRegistry::instance().make("discriminability")->run(input); }

TEST(Discriminability, AgreesWithAHandCountedExample) {
  // Texts 0 and 1 are near, 2 and 3 are near; pictures of 0 and 1 stand at 60 degrees, those of 2 and 3
  // at 90.
  const double half = 0.5, side = std::sqrt(3.0) / 2;
  ProbeInput input =
      input_of(features(4, 2, {1, 0.1, 1, 0, 0, 1, 0.1, 1}), features(4, 2, {1, 0, half, side, 0, 1, 1, 0}));
  input.options = {{"k", 1}};
  const ProbeResult result = run(input);
  EXPECT_NEAR(value_of(result, "raw"), (0.5 + 0.5 + 0 + 0) / 4, 1e-12);
  EXPECT_EQ(result.n_queries, 4);
  EXPECT_EQ(result.n_candidates, 3);
  // Pairs: 01 .5, 02 0, 03 1, 12 .866, 13 .5, 23 0.
  EXPECT_NEAR(result.numbers["chance"]["raw"].get<double>(), (0.5 + 0 + 1 + side + 0.5 + 0) / 6, 1e-12);
  EXPECT_NEAR(result.numbers["oracle"]["raw"].get<double>(), (1 + side + side + 1) / 4, 1e-12);
}

TEST(Discriminability, TextThatIsThePictureReachesTheOracle) {
  const FeatureMatrix same = random_features(50, 8, 1);
  const ProbeResult result = run(input_of(same, same));
  for (const char* mode : {"raw", "centred"}) {
    EXPECT_NEAR(value_of(result, mode), result.numbers["oracle"][mode].get<double>(), 1e-12) << mode;
  }
}

TEST(Discriminability, TextThatTellsNothingApartStaysAtChance) {
  const ProbeResult result = run(input_of(features(50, 2, std::vector<double>(100, 1)), random_features(50, 8, 2)));
  for (const char* mode : {"raw", "visual_centred", "centred"}) {
    EXPECT_NEAR(value_of(result, mode), result.numbers["chance"][mode].get<double>(), 1e-12) << mode;
  }
}

TEST(Discriminability, ASharedComponentMovesRawButNotCentred) {
  const FeatureMatrix text = random_features(60, 8, 3), visual = random_features(60, 5, 4);
  FeatureMatrix shifted_text = text, shifted_visual = visual;
  for (double& value : shifted_text.values) value += 7;
  for (double& value : shifted_visual.values) value += 7;
  const ProbeResult plain = run(input_of(text, visual)), shifted = run(input_of(shifted_text, shifted_visual));
  EXPECT_NEAR(value_of(plain, "centred"), value_of(shifted, "centred"), 1e-10);
  EXPECT_GT(value_of(shifted, "raw"), 0.9);
  EXPECT_LT(value_of(plain, "raw"), 0.5);
}

TEST(Discriminability, OrderOfThePoolDecidesNothing) {
  const FeatureMatrix text = random_features(30, 1, 5), visual = random_features(30, 4, 6);  // one column: many ties
  ProbeInput forward = input_of(text, visual), backward = forward;
  std::reverse(backward.prompts.begin(), backward.prompts.end());
  FeatureMatrix turned_text = text;
  for (int64_t i = 0; i < 30; ++i) {
    turned_text.values[static_cast<size_t>(i)] = text.values[static_cast<size_t>(29 - i)];
    for (int64_t j = 0; j < 4; ++j) {
      backward.visual.values[static_cast<size_t>(4 * i + j)] = visual.values[static_cast<size_t>(4 * (29 - i) + j)];
    }
  }
  backward.pooled = [&](const std::vector<Prompt>&) { return turned_text; };
  const ProbeResult a = run(forward), b = run(backward);
  for (const char* mode : {"raw", "visual_centred", "centred"}) {
    EXPECT_NEAR(value_of(a, mode), value_of(b, mode), 1e-12) << mode;
  }
}

TEST(Discriminability, LargePoolsAreAskedASeededSample) {
  ProbeInput input = input_of(random_features(40, 4, 7), random_features(40, 4, 8));
  input.options = {{"queries", 10}};
  const ProbeResult first = run(input), again = run(input);
  EXPECT_EQ(first.n_queries, 10);
  EXPECT_EQ(first.items, again.items);
  input.seed = 1;
  EXPECT_NE(first.items, run(input).items);
}

TEST(Discriminability, QueriesInOtherWordsLookForTheirOwnCaption) {
  // Names point at their own caption, but for name 2, which points at caption 0.
  const FeatureMatrix captions = features(3, 3, {1, 0, 0, 0, 1, 0, 0, 0, 1}),
                      names = features(3, 3, {1, 0.1, 0, 0, 1, 0.1, 1, 0.1, 0});
  ProbeInput input = input_of(captions, random_features(3, 4, 11));
  for (int i = 0; i < 3; ++i) input.queries.push_back({fmt::format("name {}", i), Json()});
  input.pooled = [&](const std::vector<Prompt>& texts) { return texts[0].text == "name 0" ? names : captions; };
  input.options = {{"k", 1}};
  const ProbeResult result = run(input);
  EXPECT_NEAR(value_of(result, "own_1"), 2.0 / 3, 1e-12);
  EXPECT_NEAR(value_of(result, "own_5"), 1, 1e-12);
  EXPECT_NEAR(result.numbers["chance"]["own_1"].get<double>(), 1.0 / 3, 1e-12);
  EXPECT_EQ(result.items[2]["text"], "name 2");
  EXPECT_EQ(result.items[2]["retrieved"], Json({"caption 0"}));
  // Texts that tell nothing apart find their own as often as chance.
  input.pooled = [](const std::vector<Prompt>&) { return features(3, 1, {1, 1, 1}); };
  EXPECT_NEAR(value_of(run(input), "own_1"), 1.0 / 3, 1e-12);
}

TEST(Discriminability, TheSameWordsOnBothSidesAreOnePool) {
  const FeatureMatrix text = random_features(20, 4, 12);
  ProbeInput plain = input_of(text, random_features(20, 4, 13)), worded = plain;
  worded.queries = worded.candidates = worded.prompts;
  EXPECT_EQ(run(plain).items, run(worded).items);
}

TEST(Discriminability, RefusesUnfitPools) {
  ProbeInput twice = input_of(random_features(5, 4, 9), random_features(5, 4, 10));
  twice.prompts[3] = twice.prompts[1];
  EXPECT_THROW(run(twice), UserError);
  EXPECT_THROW(run(input_of(random_features(2, 4, 9), random_features(2, 4, 10))), UserError);
  EXPECT_THROW(run(input_of(random_features(4, 4, 9), random_features(5, 4, 10))), UserError);
}

}  // namespace
}  // namespace emf
