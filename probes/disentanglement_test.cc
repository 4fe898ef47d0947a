// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <sstream>

#include "harness/api/probe.h"
#include "probes/dropped_parts.h"

namespace emf {
namespace {

std::vector<std::string> words_of(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

/// Forty prompts of ten words each, no word in two prompts.
std::vector<Prompt> made_prompts() {
  std::vector<Prompt> prompts;
  for (int i = 0; i < 40; ++i) {
    std::string text;
    for (int j = 0; j < 10; ++j) text += fmt::format("{}w{}", j == 0 ? "" : " ", 10 * i + j);
    prompts.push_back({text, Json()});
  }
  return prompts;
}

/// Bag of words with a component that every prompt shares.
std::function<FeatureMatrix(const std::vector<Prompt>&)> bag_of_words(double shared) {
  return [shared](const std::vector<Prompt>& prompts) {
    FeatureMatrix features{{}, static_cast<int64_t>(prompts.size()), 401, Json::object()};
    features.values.assign(prompts.size() * 401, 0.0);
    for (size_t i = 0; i < prompts.size(); ++i) {
      for (const std::string& word : words_of(prompts[i].text))
        features.values[i * 401 + std::stoul(word.substr(1))] += 1;
      features.values[i * 401 + 400] = shared;
    }
    return features;
  };
}

std::map<std::string, double> run(double shared) {
  ProbeInput input;
  input.prompts = made_prompts();
  input.pooled = bag_of_words(shared);
  std::map<std::string, double> values;
  for (const ProbeMode& mode : ProbeRegistry::instance().make("disentanglement")->run(input).modes) {
    values[mode.name] = mode.value;
    EXPECT_LE(mode.ci95[0], mode.value + 1e-12) << mode.name;
    EXPECT_GE(mode.ci95[1], mode.value - 1e-12) << mode.name;
  }
  return values;
}

TEST(Disentanglement, OrthogonalWordsHaveAClosedForm) {
  // Words are orthogonal, so the cosine is the root of the kept share, unrelated prompts stand at 0, rests
  // are found.
  std::map<std::string, double> expected = {{"raw", 0}, {"raw@0.1", 0}};
  for (const Prompt& prompt : made_prompts()) {
    expected["raw"] += std::sqrt(words_of(without_words(prompt, 0.5, 0).text).size() / 10.0) / 40;
    expected["raw@0.1"] += std::sqrt(words_of(without_words(prompt, 0.1, 0).text).size() / 10.0) / 40;
  }
  const auto values = run(0);
  for (const auto& [mode, value] : expected) EXPECT_NEAR(values.at(mode), value, 1e-12) << mode;
  EXPECT_NEAR(values.at("adjusted"), values.at("raw"), 1e-12);
  EXPECT_EQ(values.at("retrieval"), 1);
  EXPECT_NEAR(values.at("centred"), values.at("raw"), 0.05);
  EXPECT_GT(values.at("raw@0.1"), values.at("raw"));
}

TEST(Disentanglement, RawMeasuresTheSharedComponent) {
  const auto plain = run(0), shared = run(100);
  EXPECT_GT(shared.at("raw"), 0.999);
  EXPECT_LT(plain.at("raw"), 0.8);
  EXPECT_NEAR(shared.at("centred"), plain.at("centred"),
              1e-9);  // the shared component is the same in whole and rest
  EXPECT_LT(shared.at("adjusted"), 0.8);
}

TEST(Disentanglement, AnEncoderThatTellsNothingApart) {
  ProbeInput input;
  input.prompts = made_prompts();
  input.pooled = [](const std::vector<Prompt>& prompts) {
    return FeatureMatrix{std::vector<double>(prompts.size() * 3, 2.0), static_cast<int64_t>(prompts.size()), 3, {}};
  };
  for (const ProbeMode& mode : ProbeRegistry::instance().make("disentanglement")->run(input).modes) {
    const double expected = mode.name.starts_with("raw") ? 1 : mode.name.starts_with("retrieval") ? 1.0 / 40 : 0;
    EXPECT_NEAR(mode.value, expected, 1e-12) << mode.name;
  }
}

TEST(DroppedParts, KeepTheAskedShareInOrderAndNeverNothing) {
  double kept = 0;
  for (const Prompt& prompt : made_prompts()) {
    for (uint64_t seed = 0; seed < 20; ++seed) {
      const std::vector<std::string> rest = words_of(without_words(prompt, 0.5, seed).text);
      ASSERT_FALSE(rest.empty());
      EXPECT_TRUE(std::is_sorted(rest.begin(), rest.end(), [](const std::string& a, const std::string& b) {
        return std::stoi(a.substr(1)) < std::stoi(b.substr(1));
      }));
      kept += static_cast<double>(rest.size());
    }
  }
  EXPECT_NEAR(kept / (40 * 20 * 10), 0.5, 4 * std::sqrt(0.25 / (40 * 20 * 10)));
  EXPECT_EQ(without_words({"cat", Json()}, 0.5, 3).text, "cat");
}

TEST(DroppedParts, LabelsStayAValidMetadataLine) {
  const Json line = Json::parse(
      R"({"tag": "position", "include": [{"class": "cup", "count": 1, "color": "red"},
          {"class": "dog", "count": 1, "color": "black", "position": ["left of", 0]}], "prompt": "p"})");
  bool second_dropped = false, color_dropped = false, position_dropped = false, tag_dropped = false, whole = false;
  for (uint64_t seed = 0; seed < 200; ++seed) {
    const Prompt rest = without_labels({"p", line}, 0.5, seed);
    const Json& include = rest.labels["include"];
    ASSERT_GE(include.size(), 1u);
    EXPECT_EQ(include[0]["class"], "cup");
    EXPECT_EQ(rest.text, rest.labels.dump());
    second_dropped = second_dropped || include.size() == 1;
    color_dropped = color_dropped || !include[0].contains("color");
    tag_dropped = tag_dropped || !rest.labels.contains("tag");
    if (include.size() == 2) {
      position_dropped = position_dropped || !include[1].contains("position");
      EXPECT_EQ(include[1].value("position", line["include"][1]["position"]), line["include"][1]["position"]);
    }
    whole = whole || (include == line["include"] && rest.labels.contains("tag"));
  }
  EXPECT_TRUE(second_dropped && color_dropped && position_dropped && tag_dropped && whole);
  const Json counting = Json::parse(
      R"({"tag": "counting", "include": [{"class": "cup", "count": 3}], "exclude": [{"class": "cup", "count": 4}]})");
  const Prompt one = without_labels({"p", counting}, 1.0, 0);
  EXPECT_EQ(one.labels, Json::parse(R"({"include": [{"class": "cup", "count": 1}]})"));
  EXPECT_THROW(without_labels({"free text", Json()}, 0.5, 0), UserError);
}

}  // namespace
}  // namespace emf
