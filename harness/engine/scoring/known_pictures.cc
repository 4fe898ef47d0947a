// SPDX-License-Identifier: Apache-2.0
#include "harness/engine/scoring/known_pictures.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "harness/base/error.h"
#include "harness/base/random.h"
#include "harness/captions/grammar.h"
#include "harness/statistics/statistics.h"
#include "harness/tensor/picture_tensor.h"

namespace emf {
namespace {

/// A round number of digits: measured errors carry no more.
double rounded(double value) { return std::round(value * 1e4) / 1e4; }

float overlap(const CornerBox& a, const CornerBox& b) {
  const float width = std::min(a[2], b[2]) - std::max(a[0], b[0]), height = std::min(a[3], b[3]) - std::max(a[1], b[1]);
  if (width <= 0 || height <= 0) return 0;
  const auto area = [](const CornerBox& box) { return (box[2] - box[0]) * (box[3] - box[1]); };
  return width * height / (area(a) + area(b) - width * height);
}

const std::string& other_of(const std::vector<std::string>& words, const std::string& than, Random& random) {
  for (;;) {
    const std::string& word = words[random.below(static_cast<uint32_t>(words.size()))];
    if (word != than) return word;
  }
}

}  // namespace

KnownPictures draw_known_pictures(const Dataset& dataset, int count, int repeats, uint64_t seed) {
  const FactWorld* world = dataset.world();
  if (world == nullptr) {
    fail_input("dataset {} has no facts behind its pictures, so nothing of what a judge says of them can be checked",
               dataset.name());
  }
  KnownPictures known;
  std::vector<Sample> samples;
  for (const Prompt& prompt : dataset.evaluation_prompts(count, seed)) {
    const GenEvalMetadata metadata = geneval_metadata(prompt.labels, prompt.text);
    for (int repeat = 0; repeat < repeats; ++repeat) {
      samples.push_back(dataset.draw(prompt, seed * 1000 + static_cast<uint64_t>(repeat)));
      known.prompts.push_back(metadata);
      std::vector<Detection> truth;
      for (const Box& box : samples.back().boxes) {
        Detection detection{
            world->class_names()[static_cast<size_t>(box.class_id)], {box.x0, box.y0, box.x1, box.y1}, 1, {}};
        if (box.color_id >= 0) detection.color = world->color_names()[static_cast<size_t>(box.color_id)];
        truth.push_back(detection);
      }
      known.truth.push_back(std::move(truth));
    }
  }
  known.pictures = picture_tensor(samples, dataset.height(), dataset.width());
  return known;
}

Json known_scores(const KnownPictures& known, const std::vector<std::vector<Detection>>& judged,
                  const GenEvalOptions& options) {
  std::map<std::string, std::array<int64_t, 2>> tasks;
  Scores scores;
  for (size_t i = 0; i < judged.size(); ++i) {
    const bool correct = geneval_verdict(known.prompts[i], judged[i], options).correct;
    tasks[known.prompts[i].tag][0] += correct ? 1 : 0;
    tasks[known.prompts[i].tag][1] += 1;
    scores.values.push_back(correct ? 1 : 0);
    scores.clusters.push_back(known.prompts[i].prompt);
    scores.strata.push_back(known.prompts[i].tag);
  }
  const Estimate estimate = estimate_mean(scores);
  Json result = {{"overall", rounded(estimate.value)}, {"pictures", judged.size()}, {"tasks", Json::object()}};
  if (estimate.ci95) result["ci95"] = {rounded((*estimate.ci95)[0]), rounded((*estimate.ci95)[1])};
  for (const auto& [tag, counts] : tasks) {
    result["tasks"][tag] = {{"correct", counts[0]},
                            {"total", counts[1]},
                            {"score", rounded(static_cast<double>(counts[0]) / static_cast<double>(counts[1]))}};
  }
  return result;
}

Json box_errors(const KnownPictures& known, const std::vector<std::vector<Detection>>& judged, float threshold) {
  int64_t objects = 0, reported = 0, matched = 0, colored = 0, colors_right = 0;
  double overlaps = 0;
  std::map<std::string, std::map<std::string, int64_t>> confusion;
  for (size_t i = 0; i < judged.size(); ++i) {
    objects += static_cast<int64_t>(known.truth[i].size());
    std::vector<bool> taken(known.truth[i].size(), false);
    for (const Detection& detection : judged[i]) {
      if (detection.score <= threshold) continue;
      ++reported;
      size_t best = taken.size();
      // Half of the union in common is a hit, as PASCAL VOC counts.
      float best_overlap = 0.5f;
      for (size_t t = 0; t < taken.size(); ++t) {
        if (taken[t] || known.truth[i][t].class_name != detection.class_name) continue;
        const float value = overlap(known.truth[i][t].box, detection.box);
        if (value >= best_overlap) best = t, best_overlap = value;
      }
      if (best == taken.size()) continue;
      taken[best] = true;
      ++matched;
      overlaps += best_overlap;
      if (!known.truth[i][best].color) continue;
      ++colored;
      colors_right += known.truth[i][best].color == detection.color ? 1 : 0;
      ++confusion[*known.truth[i][best].color][detection.color.value_or("none")];
    }
  }
  const auto share = [](int64_t part, int64_t whole) {
    return whole == 0 ? 0 : rounded(static_cast<double>(part) / static_cast<double>(whole));
  };
  return {{"recall", share(matched, objects)},
          {"precision", share(matched, reported)},
          {"mean_iou", matched == 0 ? 0 : rounded(overlaps / static_cast<double>(matched))},
          {"color_accuracy", share(colors_right, colored)},
          {"color_confusion", confusion}};
}

GenEvalMetadata near_miss(const GenEvalMetadata& prompt, const std::vector<std::string>& class_names, uint64_t seed,
                          uint64_t index) {
  static const std::map<std::string, std::string> kOpposite = {
      {"left of", "right of"}, {"right of", "left of"}, {"above", "below"}, {"below", "above"}};
  Random random(seed, "near_miss", index);
  GenEvalMetadata miss = prompt;
  if (miss.tag == "counting") {
    GenEvalClause& counted = miss.include.front();
    // One more or one fewer is the mistake that generators make. It stays within two and four, which are the
    // counts that prompts ask for.
    const bool more = counted.count <= 2 || (counted.count < 4 && random.below(2) == 1);
    counted.count += more ? 1 : -1;
    // The clause that forbids one more must move along, or no picture could satisfy the near miss.
    for (GenEvalClause& limit : miss.exclude) limit.count = counted.count + 1;
    return miss;
  }
  GenEvalClause& clause = miss.include[random.below(static_cast<uint32_t>(miss.include.size()))];
  if (miss.tag == "position") {
    for (GenEvalClause& placed : miss.include) {
      if (placed.relation) placed.relation = kOpposite.at(*placed.relation);
    }
  } else if (clause.color) {
    clause.color = other_of(geneval_colors(), *clause.color, random);
  } else {
    const std::string was = clause.class_name;
    const bool others = std::any_of(class_names.begin(), class_names.end(), [&](const std::string& name) {
      return std::none_of(miss.include.begin(), miss.include.end(),
                          [&](const GenEvalClause& named) { return named.class_name == name; });
    });
    if (!others) {
      fail_input("the judge knows {} classes, so no picture can be a near miss of '{}'; name more in its JSON file",
                 class_names.size(), prompt.prompt);
    }
    for (;;) {
      clause.class_name = other_of(class_names, was, random);
      // A class that the prompt names already would make another kind of prompt of it.
      const auto same = std::count_if(miss.include.begin(), miss.include.end(), [&](const GenEvalClause& other) {
        return other.class_name == clause.class_name;
      });
      if (same == 1) break;
    }
  }
  return miss;
}

}  // namespace emf
