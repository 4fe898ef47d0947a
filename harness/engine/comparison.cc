#include "harness/engine/comparison.h"

#include "harness/base/error.h"

namespace emf {
namespace {

std::string cell_name(const std::string& encoder, const std::string& objective, int64_t steps) {
  return fmt::format("{}/{}/{}", encoder, objective, steps);
}

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

}  // namespace

Scores prompt_scores(const std::vector<double>& correct, const std::vector<Prompt>& prompts) {
  ensure(correct.size() == prompts.size(), "{} scores of {} prompts", correct.size(), prompts.size());
  Scores scores;
  for (size_t i = 0; i < prompts.size(); ++i) {
    if (prompts[i].labels.value("reworded", false)) continue;
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

Json compare_objectives(const CellScores& cells, const SuiteSpec& spec) {
  Json comparisons = Json::array();
  for (const std::string& encoder : spec.encoders) {
    for (const std::string& other : spec.objectives) {
      if (other == "mean_flow") continue;
      for (const int64_t steps : spec.steps) {
        const auto left = cells.find(cell_name(encoder, "mean_flow", steps)),
                   right = cells.find(cell_name(encoder, other, steps));
        if (left == cells.end() || right == cells.end()) continue;
        const Difference difference = scaled_difference(left->second, right->second, 1);
        comparisons.push_back(
            {{"name", fmt::format("mean_flow - {}, {}, {} steps", other, encoder, steps)},
             {"metric", "geneval"},
             {"a", {{"encoder", encoder}, {"objective", "mean_flow"}, {"steps", steps}}},
             {"b", {{"encoder", encoder}, {"objective", other}, {"steps", steps}}},
             {"difference", difference.value},
             {"ci95", interval_json(difference.ci95)},
             {"p", difference.p_value},
             {"smallest_detectable", difference.smallest_detectable ? Json(*difference.smallest_detectable) : Json()},
             {"n", difference.clusters}});
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
