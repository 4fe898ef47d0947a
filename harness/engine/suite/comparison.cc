// SPDX-License-Identifier: Apache-2.0
#include "harness/engine/suite/comparison.h"

#include <algorithm>

#include "harness/base/error.h"
#include "harness/engine/text/judged_prompts.h"

namespace emf {
namespace {

/// One cell of a comparison.
struct Side {
  std::string encoder, objective;
  int64_t steps = 0;

  std::string name() const { return fmt::format("{}/{}/{}", encoder, objective, steps); }
  Json to_json() const { return {{"encoder", encoder}, {"objective", objective}, {"steps", steps}}; }
};

/// Corrections for the number of rows, in place.
void correct_for_many(Json& comparisons) {
  std::vector<double> p_values;
  // All rows of the table are one family: whoever looks at forty differences will find two by chance.
  for (const Json& one : comparisons) p_values.push_back(one["p"]);
  const std::vector<double> by_holm = holm(p_values), by_rate = benjamini_hochberg(p_values);
  for (size_t i = 0; i < p_values.size(); ++i) {
    comparisons[i]["p_holm"] = by_holm[i];
    comparisons[i]["p_bh"] = by_rate[i];
  }
}

Json interval_json(const std::optional<Interval>& interval) {
  return interval ? Json{(*interval)[0], (*interval)[1]} : Json();
}

/// Mean difference over the seeds that both cells have; null with fewer than two.
Json over_seeds(const SeedScores& seeds, const std::string& a, const std::string& b) {
  const auto left = seeds.find(a), right = seeds.find(b);
  if (left == seeds.end() || right == seeds.end()) return {};
  std::vector<double> differences;
  for (const auto& [seed, scores] : left->second) {
    // Only seeds that both sides have, because runs of one seed share noise, order of data and initial weights.
    const auto other = right->second.find(seed);
    if (other == right->second.end()) continue;
    differences.push_back(estimate_mean(scores).value - estimate_mean(other->second).value);
  }
  if (differences.size() < 2) return {};
  return {
      {"difference", mean(differences)}, {"ci95", interval_json(t_interval(differences))}, {"n", differences.size()}};
}

}  // namespace

Difference compare_scores(const std::vector<WeightedScores>& sides) {
  BootstrapOptions options;
  options.stream = "comparison";
  options.shares = std::all_of(sides.begin(), sides.end(), [](const WeightedScores& side) {
    return std::all_of(side.scores->values.begin(), side.scores->values.end(),
                       [](double value) { return value >= 0 && value <= 1; });
  });
  return paired_contrast(sides, options);
}

Scores item_scores(const Json& items, const std::vector<Prompt>& prompts) {
  ensure(items.size() == prompts.size(), "{} scores of {} prompts", items.size(), prompts.size());
  Scores scores;
  for (size_t i = 0; i < prompts.size(); ++i) {
    // A reworded prompt is the twin of a plain one; with both, one prompt would count twice.
    if (items[i].is_null() || is_reworded(prompts[i])) continue;
    scores.values.push_back(items[i].get<double>());
    scores.clusters.push_back(prompts[i].text);
    scores.strata.push_back(prompts[i].labels.at("tag"));
  }
  return scores;
}

void append_scores(Scores& scores, const Scores& more) {
  scores.values.insert(scores.values.end(), more.values.begin(), more.values.end());
  scores.clusters.insert(scores.clusters.end(), more.clusters.begin(), more.clusters.end());
  scores.strata.insert(scores.strata.end(), more.strata.begin(), more.strata.end());
}

Scores of_part(const Scores& scores, const std::string& part) {
  if (part.empty()) return scores;
  Scores chosen;
  for (size_t i = 0; i < scores.values.size(); ++i) {
    if (scores.strata[i] != part) continue;
    chosen.values.push_back(scores.values[i]);
    chosen.clusters.push_back(scores.clusters[i]);
    chosen.strata.push_back(scores.strata[i]);
  }
  return chosen;
}

Json compare_cells(const CellScores& cells, const SeedScores& seeds, const ComparisonPlan& plan) {
  Json comparisons = Json::array();
  const auto compare = [&](const std::string& kind, const Side& a, const Side& b) {
    const auto left = cells.find(a.name()), right = cells.find(b.name());
    // A cell whose stage failed has no comparison; the record says elsewhere why.
    if (left == cells.end() || right == cells.end()) return;
    const Difference difference = compare_scores({{1, &left->second}, {-1, &right->second}});
    Json row = {
        {"name", fmt::format("{} - {}", a.name(), b.name())},
        {"kind", kind},
        {"metric", plan.metric},
        {"a", a.to_json()},
        {"b", b.to_json()},
        {"difference", difference.value},
        {"ci95", interval_json(difference.ci95)},
        {"p", difference.p_value},
        {"smallest_detectable", difference.smallest_detectable ? Json(*difference.smallest_detectable) : Json()},
        {"n", difference.clusters}};
    if (const Json over = over_seeds(seeds, a.name(), b.name()); !over.is_null()) row["seeds"] = over;
    comparisons.push_back(std::move(row));
  };
  for (const std::string& encoder : plan.encoders) {
    for (const ComparedArm& other : plan.arms) {
      if (other.objective == plan.main_objective) continue;
      for (const ComparedArm& main : plan.arms) {
        // A difference of objectives between two networks would be one of the networks as well.
        if (main.objective != plan.main_objective || main.model != other.model || main.codec != other.codec) continue;
        for (const int64_t steps : plan.steps) {
          compare("objective", {encoder, main.name, steps}, {encoder, other.name, steps});
        }
      }
    }
  }
  for (size_t i = 0; i < plan.encoders.size(); ++i) {
    for (size_t j = i + 1; j < plan.encoders.size(); ++j) {
      for (const ComparedArm& arm : plan.arms) {
        for (const int64_t steps : plan.steps) {
          compare("encoder", {plan.encoders[i], arm.name, steps}, {plan.encoders[j], arm.name, steps});
        }
      }
    }
  }
  for (const std::string& encoder : plan.encoders) {
    for (const ComparedArm& arm : plan.arms) {
      for (size_t i = 0; i + 1 < plan.steps.size(); ++i) {
        // More steps less fewer, so that a positive number is what the further steps buy.
        compare("steps", {encoder, arm.name, plan.steps[i + 1]}, {encoder, arm.name, plan.steps[i]});
      }
    }
  }
  const auto compare_arms = [&](const char* kind, const auto& differ) {
    for (const std::string& encoder : plan.encoders) {
      for (size_t i = 0; i < plan.arms.size(); ++i) {
        for (size_t j = i + 1; j < plan.arms.size(); ++j) {
          const ComparedArm &a = plan.arms[i], &b = plan.arms[j];
          if (a.objective != b.objective || !differ(a, b)) continue;
          for (const int64_t steps : plan.steps) compare(kind, {encoder, a.name, steps}, {encoder, b.name, steps});
        }
      }
    }
  };
  compare_arms("model", [](const auto& a, const auto& b) { return a.model != b.model && a.codec == b.codec; });
  compare_arms("codec", [](const auto& a, const auto& b) { return a.codec != b.codec && a.model == b.model; });
  correct_for_many(comparisons);
  return comparisons;
}

}  // namespace emf
