// SPDX-License-Identifier: Apache-2.0
// What every registered probe must hold to; a new one is tested by being registered.
#include "harness/api/probe.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "harness/base/random.h"
#include "tests/contract/options_walk.h"

namespace emf {
namespace {

constexpr int64_t kPrompts = 24, kDimension = 6;

/// Made-up features: each word has a direction of its own, so that what a prompt loses shows in its row.
FeatureMatrix bag_of_words(const std::vector<Prompt>& prompts) {
  FeatureMatrix features{{}, static_cast<int64_t>(prompts.size()), kDimension, Json::object()};
  for (const Prompt& prompt : prompts) {
    std::vector<double> row(kDimension, 0.1);
    size_t begin = 0;
    while (begin < prompt.text.size()) {
      const size_t end = std::min(prompt.text.find(' ', begin), prompt.text.size());
      const std::string word = prompt.text.substr(begin, end - begin);
      for (int64_t i = 0; i < kDimension; ++i) row[i] += Random(1, "word " + word, static_cast<uint64_t>(i)).normal();
      begin = end + 1;
    }
    features.values.insert(features.values.end(), row.begin(), row.end());
  }
  return features;
}

ProbeInput made_input(uint64_t seed = 3) {
  const std::vector<std::string> things = {"cat", "dog", "bus", "apple", "bear", "cup"},
                                 colors = {"red", "green", "blue", "white"};
  ProbeInput input;
  for (const std::string& thing : things) {
    for (const std::string& color : colors) {
      input.prompts.push_back(
          {"a photo of a " + color + " " + thing,
           {{"tag", "color_attr"}, {"include", {{{"class", thing}, {"count", 1}, {"color", color}}}}}});
    }
  }
  input.visual = {{}, kPrompts, kDimension, Json::object()};
  for (int64_t i = 0; i < kPrompts * kDimension; ++i) {
    input.visual.values.push_back(Random(2, "pictures", static_cast<uint64_t>(i)).normal());
  }
  input.pooled = bag_of_words;
  input.seed = seed;
  return input;
}

class ProbeContract : public testing::TestWithParam<std::string> {
 protected:
  static ProbeResult run(const ProbeInput& input) { return ProbeRegistry::instance().make(GetParam())->run(input); }
};

TEST_P(ProbeContract, ModesAreNamedFiniteAndInsideTheirIntervals) {
  const ProbeResult result = run(made_input());
  ASSERT_FALSE(result.modes.empty());
  std::set<std::string> names;
  for (const ProbeMode& mode : result.modes) {
    EXPECT_FALSE(mode.name.empty());
    EXPECT_TRUE(names.insert(mode.name).second) << mode.name << " stands twice";
    EXPECT_TRUE(std::isfinite(mode.value)) << mode.name;
    EXPECT_LE(mode.ci95[0], mode.value) << mode.name;
    EXPECT_LE(mode.value, mode.ci95[1]) << mode.name;
  }
  EXPECT_GT(result.n_queries, 0);
  EXPECT_GT(result.n_candidates, 0);
  EXPECT_TRUE(result.numbers.is_object());
  EXPECT_TRUE(result.items.empty() || static_cast<int64_t>(result.items.size()) == result.n_queries);
}

TEST_P(ProbeContract, SeedsFixEverything) {
  const ProbeResult first = run(made_input()), again = run(made_input());
  ASSERT_EQ(first.modes.size(), again.modes.size());
  for (size_t i = 0; i < first.modes.size(); ++i) {
    EXPECT_EQ(first.modes[i].name, again.modes[i].name);
    EXPECT_EQ(first.modes[i].value, again.modes[i].value) << first.modes[i].name;
    EXPECT_EQ(first.modes[i].ci95, again.modes[i].ci95) << first.modes[i].name;
  }
  EXPECT_EQ(first.numbers, again.numbers);
  EXPECT_EQ(first.items, again.items);
}

TEST_P(ProbeContract, NothingToProbeIsRefused) {
  ProbeInput empty;
  empty.pooled = [](const std::vector<Prompt>&) { return FeatureMatrix(); };
  EXPECT_THROW(run(empty), UserError);
  ProbeInput alone = made_input();
  alone.prompts.resize(1);
  alone.visual = {std::vector<double>(kDimension, 1), 1, kDimension, Json::object()};
  EXPECT_THROW(run(alone), UserError) << "one caption has no other to be told from";
}

TEST_P(ProbeContract, FeaturesThatDoNotFitAreRefused) {
  ProbeInput input = made_input();
  input.pooled = [](const std::vector<Prompt>& prompts) {
    FeatureMatrix features = bag_of_words(prompts);
    features.values.resize(features.values.size() - kDimension);
    --features.rows;
    return features;
  };
  EXPECT_THROW(run(input), UserError) << "a row too few";
  input.pooled = [](const std::vector<Prompt>& prompts) {
    FeatureMatrix features = bag_of_words(prompts);
    features.values[3] = std::nan("");
    return features;
  };
  EXPECT_THROW(run(input), UserError) << "a row that is not finite";
}

TEST_P(ProbeContract, UnknownOptionIsNamed) {
  expect_unknown_option_named([](const Json& options) {
    ProbeInput input = made_input();
    input.options = options;
    run(input);
  });
}

INSTANTIATE_TEST_SUITE_P(Registered, ProbeContract, testing::ValuesIn(ProbeRegistry::instance().names()),
                         [](const auto& entry) { return entry.param; });

}  // namespace
}  // namespace emf
