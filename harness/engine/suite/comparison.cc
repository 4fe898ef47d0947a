#include "harness/engine/suite/comparison.h"

#include "harness/base/error.h"
#include "harness/engine/text/prompt_table.h"

namespace emf {
namespace {

/// One cell of a comparison.
struct Side {
  std::string encoder, objective;
  int64_t steps = 0;

  std::string name() const { return fmt::format("{}/{}/{}", encoder, objective, steps); }
  Json to_json() const { return {{"encoder", encoder}, {"objective", objective}, {"steps", steps}}; }
};

Difference scaled_difference(const Scores& left, Scores right, double factor) {
  for (double& value : right.values) value *= factor;
  BootstrapOptions options;
  options.stream = "comparison";
  return paired_difference(left, right, options);
}

/// Corrections for the number of rows, in place.
void correct_for_many(Json& comparisons) {
  std::vector<double> p_values;
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
    const auto other = right->second.find(seed);
    if (other == right->second.end()) continue;
    differences.push_back(estimate_mean(scores).value - estimate_mean(other->second).value);
  }
  if (differences.size() < 2) return {};
  return {
      {"difference", mean(differences)}, {"ci95", interval_json(t_interval(differences))}, {"n", differences.size()}};
}

}  // namespace

Scores prompt_scores(const std::vector<double>& correct, const std::vector<Prompt>& prompts) {
  ensure(correct.size() == prompts.size(), "{} scores of {} prompts", correct.size(), prompts.size());
  Scores scores;
  for (size_t i = 0; i < prompts.size(); ++i) {
    if (!is_plain(prompts[i])) continue;
    scores.values.push_back(correct[i]);
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

Scores of_metric(const Scores& scores, const std::string& metric) {
  if (metric == "geneval") return scores;
  const std::string tag = metric.substr(metric.find('/') + 1);
  Scores chosen;
  for (size_t i = 0; i < scores.values.size(); ++i) {
    if (scores.strata[i] != tag) continue;
    chosen.values.push_back(scores.values[i]);
    chosen.clusters.push_back(scores.clusters[i]);
    chosen.strata.push_back(scores.strata[i]);
  }
  return chosen;
}

Json compare_cells(const CellScores& cells, const SeedScores& seeds, const SuiteSpec& spec) {
  Json comparisons = Json::array();
  const auto compare = [&](const std::string& kind, const Side& a, const Side& b) {
    const auto left = cells.find(a.name()), right = cells.find(b.name());
    if (left == cells.end() || right == cells.end()) return;
    const Difference difference = scaled_difference(left->second, right->second, 1);
    Json row = {
        {"name", fmt::format("{} - {}", a.name(), b.name())},
        {"kind", kind},
        {"metric", "geneval"},
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
  for (const std::string& encoder : spec.encoders) {
    for (const std::string& other : spec.objectives) {
      if (other == "mean_flow") continue;
      for (const int64_t steps : spec.steps) {
        compare("objective", {encoder, "mean_flow", steps}, {encoder, other, steps});
      }
    }
  }
  for (size_t i = 0; i < spec.encoders.size(); ++i) {
    for (size_t j = i + 1; j < spec.encoders.size(); ++j) {
      for (const std::string& objective : spec.objectives) {
        for (const int64_t steps : spec.steps) {
          compare("encoder", {spec.encoders[i], objective, steps}, {spec.encoders[j], objective, steps});
        }
      }
    }
  }
  for (const std::string& encoder : spec.encoders) {
    for (const std::string& objective : spec.objectives) {
      for (size_t i = 0; i + 1 < spec.steps.size(); ++i) {
        compare("steps", {encoder, objective, spec.steps[i + 1]}, {encoder, objective, spec.steps[i]});
      }
    }
  }
  correct_for_many(comparisons);
  return comparisons;
}

Json judge_claims(const CellScores& cells, const SuiteSpec& spec) {
  Json verdicts = Json::array();
  for (const Claim& claim : spec.claims) {
    Json verdict = {{"name", claim.name},   {"metric", claim.metric}, {"left", claim.left},
                    {"right", claim.right}, {"factor", claim.factor}, {"verdict", "undecided"}};
    const auto left = cells.find(claim.left), right = cells.find(claim.right);
    if (left == cells.end() || right == cells.end()) {
      verdict["detail"] = (left == cells.end() ? claim.left : claim.right) + " was not run";
      verdicts.push_back(verdict);
      continue;
    }
    const Scores a = of_metric(left->second, claim.metric), b = of_metric(right->second, claim.metric);
    if (a.values.empty() || b.values.empty()) {
      verdict["detail"] = "no prompt of " + claim.metric;
      verdicts.push_back(verdict);
      continue;
    }
    const Difference difference = scaled_difference(a, b, claim.factor);
    verdict["difference"] = difference.value;
    verdict["ci95"] = interval_json(difference.ci95);
    verdict["detail"] =
        fmt::format("{} {:.3f}, {} {:.3f}{}", claim.left, estimate_mean(a).value, claim.right, estimate_mean(b).value,
                    claim.factor == 1 ? "" : fmt::format(", of which {:g} is asked", claim.factor));
    if (difference.ci95 && (*difference.ci95)[0] > 0) verdict["verdict"] = "pass";
    if (difference.ci95 && (*difference.ci95)[1] < 0) verdict["verdict"] = "fail";
    verdicts.push_back(verdict);
  }
  return verdicts;
}

}  // namespace emf
