// SPDX-License-Identifier: Apache-2.0
// What every registered metric and probe must keep, whatever it measures.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "harness/api/metric.h"
#include "harness/api/probe.h"
#include "harness/base/config.h"
#include "harness/base/options.h"
#include "harness/base/random.h"

namespace emf {
namespace {

FeatureMatrix made_features(uint64_t seed, int64_t rows) {
  FeatureMatrix features{{}, rows, 4, Json::object()};
  for (int64_t i = 0; i < rows * 4; ++i) {
    features.values.push_back(Random(seed, "metric_contract", static_cast<uint64_t>(i)).normal());
  }
  return features;
}

std::vector<Json> made_judged() {
  std::vector<Json> rows;
  for (int i = 0; i < 24; ++i) {
    Json detections = Json::array();
    if (i % 3 != 0) detections.push_back({{"cls", "cat"}, {"box", {0, 0, 9, 9}}, {"score", 0.95}});
    rows.push_back({{"metadata",
                     {{"tag", i % 2 == 0 ? "single_object" : "two_object"},
                      {"prompt", fmt::format("prompt {}", i / 4)},
                      {"include", {{{"class", "cat"}, {"count", 1}}}}}},
                    {"detections", detections},
                    {"item_id", fmt::format("item {}", i / 4)},
                    {"questions", {{{"id", 1}, {"dependency", "0"}}, {{"id", 2}, {"dependency", "1"}}}},
                    {"answers", {{"1", i % 3 != 0 ? "yes" : "no"}, {"2", "yes"}}}});
  }
  return rows;
}

FeatureMatrix reversed(const FeatureMatrix& features) {
  FeatureMatrix result = features;
  for (int64_t i = 0; i < features.rows; ++i) {
    std::copy_n(features.values.begin() + (features.rows - 1 - i) * features.columns, features.columns,
                result.values.begin() + i * features.columns);
  }
  return result;
}

/// Everything a metric may ask for, owned in one place.
struct Fixture {
  FeatureMatrix real = made_features(1, 24), generated = made_features(2, 24), held_out = made_features(3, 24);
  std::vector<Json> judged = made_judged();

  MetricInput input(uint64_t seed = 0) const {
    MetricInput result;
    result.real = &real;
    result.generated = &generated;
    result.held_out = &held_out;
    result.judged = &judged;
    result.seed = seed;
    return result;
  }
};

template <typename RegistryType>
void expect_files_named_after_plugins() {
  for (const std::string& name : RegistryType::instance().names()) {
    const auto& entry = RegistryType::instance().find(name);
    EXPECT_EQ(std::filesystem::path(entry.source_file).stem().string(), name);
    EXPECT_FALSE(entry.summary.empty()) << name;
  }
}

TEST(MetricContract, FilesAreNamedAfterTheirPlugins) {
  ASSERT_GE(MetricRegistry::instance().names().size(), 3u);
  ASSERT_GE(ProbeRegistry::instance().names().size(), 2u);
  expect_files_named_after_plugins<MetricRegistry>();
  expect_files_named_after_plugins<ProbeRegistry>();
}

TEST(MetricContract, EveryMetricSaysWhatItReads) {
  const Fixture fixture;
  for (const std::string& name : MetricRegistry::instance().names()) {
    const auto metric = MetricRegistry::instance().make(name);
    const std::set<MetricNeed> needs = metric->needs();
    ASSERT_FALSE(needs.empty()) << name;
    MetricInput input;  // what it asks for, and nothing else
    if (needs.count(MetricNeed::kFeatures) > 0) input.real = &fixture.real;
    if (needs.count(MetricNeed::kHeldOut) > 0) input.held_out = &fixture.held_out;
    if (needs.count(MetricNeed::kFeatures) + needs.count(MetricNeed::kProbabilities) > 0) {
      input.generated = &fixture.generated;
    }
    if (needs.count(MetricNeed::kFacts) + needs.count(MetricNeed::kQuestions) > 0) input.judged = &fixture.judged;
    EXPECT_EQ(*metric->score(input).front().value, *metric->score(fixture.input()).front().value) << name;
  }
}

TEST(MetricContract, ValuesOfPicturesAreNamedForTheirNetwork) {
  const Fixture fixture;
  for (const std::string& name : MetricRegistry::instance().names()) {
    const auto metric = MetricRegistry::instance().make(name);
    const std::set<MetricNeed> needs = metric->needs();
    if (needs.count(MetricNeed::kFeatures) + needs.count(MetricNeed::kProbabilities) == 0) continue;
    const std::string named = metric->name_on("lite0", false);
    EXPECT_NE(named, name) << "its values on lite0 could be taken for those on another network";
    MetricInput input = fixture.input();
    input.options["name"] = named;
    std::set<std::string> seen;
    for (const MetricValue& value : metric->score(input)) {
      EXPECT_NE(value.name.find("lite0"), std::string::npos) << value.name;
      EXPECT_TRUE(seen.insert(value.name).second) << value.name;
    }
    EXPECT_EQ(metric->score(input).front().name, named);
    EXPECT_TRUE(metric->name_on("", false).empty() || metric->name_on("", false) == name);
  }
  const auto name_on = [](const std::string& metric, const std::string& backbone, bool official) {
    return MetricRegistry::instance().make(metric)->name_on(backbone, official);
  };
  EXPECT_EQ(name_on("frechet", "lite0", false), "fd_lite0");
  EXPECT_EQ(name_on("kid", "lite0", false), "kid_lite0");
  EXPECT_EQ(name_on("frechet", "", true), "fid");
  EXPECT_EQ(name_on("kid", "", true), "kid");
  EXPECT_EQ(name_on("inception", "", true), "inception_score");
}

TEST(MetricContract, ValuesOfSetsAreThoseThatTheMetricNamesBeforehand) {
  const Fixture fixture;
  for (const std::string& name : MetricRegistry::instance().names()) {
    const auto metric = MetricRegistry::instance().make(name);
    EXPECT_EQ(metric->value_names("own").front(), "own") << name;
    // Metrics of items have a value for each task of what is judged.
    if (!metric->item_scores(fixture.input()).empty()) continue;
    for (const std::string& called : {name, metric->name_on("lite0", false)}) {
      MetricInput input = fixture.input();
      input.options["name"] = called;
      std::vector<std::string> names;
      for (const MetricValue& value : metric->score(input)) names.push_back(value.name);
      EXPECT_EQ(names, metric->value_names(called)) << name;
    }
  }
}

/// What is said of options that hold a slip.
template <typename Plugin>
std::string refusal_of(const Plugin& plugin, const std::string& table, const std::string& line) {
  const Config config = parse_config("[" + table + "]\n" + line, "t.toml");
  try {
    plugin.check_options(Options(config, {table}));
  } catch (const UserError& error) {
    return error.what();
  }
  return "no error";
}

TEST(MetricContract, OptionsAreCheckedBeforeAnythingIsMeasured) {
  for (const std::string& name : MetricRegistry::instance().names()) {
    const auto metric = MetricRegistry::instance().make(name);
    EXPECT_NE(refusal_of(*metric, name, "drwas = 3").find("t.toml:2: unknown key"), std::string::npos) << name;
    // Intervals come from a bootstrap's draws or a jackknife's groups.
    const bool draws = refusal_of(*metric, name, "draws = 10") == "no error";
    const std::string size = draws ? "draws" : "groups";
    EXPECT_NE(refusal_of(*metric, name, size + " = \"few\"").find("t.toml:2: "), std::string::npos) << name;
    EXPECT_EQ(refusal_of(*metric, name, size + " = 10"), "no error") << name;
  }
  for (const std::string& name : ProbeRegistry::instance().names()) {
    const auto probe = ProbeRegistry::instance().make(name);
    EXPECT_NE(refusal_of(*probe, name, "drwas = 3").find("t.toml:2: unknown key"), std::string::npos) << name;
    EXPECT_EQ(refusal_of(*probe, name, "draws = 10"), "no error") << name;
  }
}

TEST(MetricContract, ValuesAreNamedFiniteAndInsideTheirIntervals) {
  const Fixture fixture;
  for (const std::string& name : MetricRegistry::instance().names()) {
    const auto values = MetricRegistry::instance().make(name)->score(fixture.input());
    ASSERT_FALSE(values.empty()) << name;
    EXPECT_EQ(values.front().name, name);
    for (const MetricValue& value : values) {
      EXPECT_EQ(value.value.has_value(), value.why.empty()) << value.name;
      EXPECT_GT(value.n, 0) << value.name;
      EXPECT_TRUE(std::isfinite(value.value.value_or(0))) << value.name;
      const auto interval = value.ci95.value_or(std::array<double, 2>{0, 0});
      EXPECT_LE(interval[0], interval[1]) << value.name;
    }
  }
}

TEST(MetricContract, TheBetterSetScoresBetterInTheDirectionTheMetricClaims) {
  const Fixture fixture;
  Fixture better = fixture, worse = fixture;
  better.generated = better.real;
  for (double& value : worse.generated.values) value = 3 + value / 10;
  for (const char* key : {"detections", "answers"}) {
    for (Json& row : better.judged) row[key] = fixture.judged[1][key];
    for (Json& row : worse.judged) row[key] = fixture.judged[0][key];
  }
  for (const std::string& name : MetricRegistry::instance().names()) {
    const auto metric = MetricRegistry::instance().make(name);
    const double good = *metric->score(better.input()).front().value, bad = *metric->score(worse.input()).front().value;
    EXPECT_EQ(good > bad, metric->higher_is_better()) << name << ": " << good << " and " << bad;
  }
}

TEST(MetricContract, NothingToScoreIsRefused) {
  const std::vector<Json> no_rows;
  const FeatureMatrix no_features;
  for (const std::string& name : MetricRegistry::instance().names()) {
    const auto metric = MetricRegistry::instance().make(name);
    EXPECT_THROW(metric->score({}), UserError) << name;
    MetricInput empty;
    empty.judged = &no_rows;
    empty.real = empty.generated = &no_features;
    EXPECT_THROW(metric->score(empty), UserError) << name;
  }
  for (const std::string& name : ProbeRegistry::instance().names()) {
    ProbeInput empty;
    empty.pooled = [](const std::vector<Prompt>&) { return FeatureMatrix(); };
    EXPECT_THROW(ProbeRegistry::instance().make(name)->run(empty), UserError) << name;
  }
}

TEST(MetricContract, UnknownOptionsAreRefused) {
  const Fixture fixture;
  MetricInput input = fixture.input();
  input.options = {{"no_such_option", 1}};
  for (const std::string& name : MetricRegistry::instance().names()) {
    EXPECT_THROW(MetricRegistry::instance().make(name)->score(input), UserError) << name;
  }
}

TEST(MetricContract, OrderOfRowsDoesNotChangeValues) {
  const Fixture fixture;
  Fixture turned = fixture;
  turned.real = reversed(turned.real);
  turned.generated = reversed(turned.generated);
  std::reverse(turned.judged.begin(), turned.judged.end());
  for (const std::string& name : MetricRegistry::instance().names()) {
    const auto metric = MetricRegistry::instance().make(name);
    const auto a = metric->score(fixture.input()), b = metric->score(turned.input());
    ASSERT_EQ(a.size(), b.size()) << name;
    for (size_t i = 0; i < a.size(); ++i) EXPECT_NEAR(*a[i].value, *b[i].value, 1e-12) << a[i].name;
    std::vector<double> items = metric->item_scores(turned.input());
    std::reverse(items.begin(), items.end());
    EXPECT_EQ(items, metric->item_scores(fixture.input())) << name;
  }
}

TEST(MetricContract, SeedsFixIntervals) {
  const Fixture fixture;
  for (const std::string& name : MetricRegistry::instance().names()) {
    const auto metric = MetricRegistry::instance().make(name);
    const auto first = metric->score(fixture.input(7)), again = metric->score(fixture.input(7));
    const auto other = metric->score(fixture.input(8));
    for (size_t i = 0; i < first.size(); ++i) {
      EXPECT_EQ(first[i].ci95, again[i].ci95) << first[i].name;
      EXPECT_EQ(*first[i].value, *again[i].value) << first[i].name;
      EXPECT_EQ(*first[i].value, *other[i].value) << first[i].name;
    }
  }
}

TEST(MetricContract, ItemScoresAndItemsFollowTheJudgedRows) {
  const Fixture fixture;
  for (const std::string& name : MetricRegistry::instance().names()) {
    const auto metric = MetricRegistry::instance().make(name);
    const size_t scores = metric->item_scores(fixture.input()).size(), items = metric->items(fixture.input()).size();
    EXPECT_EQ(scores, items) << name;
    EXPECT_TRUE(items == 0 || items == fixture.judged.size()) << name;
  }
}

}  // namespace
}  // namespace emf
