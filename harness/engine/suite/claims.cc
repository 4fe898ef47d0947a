// SPDX-License-Identifier: Apache-2.0
#include "harness/engine/suite/claims.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "harness/base/error.h"
#include "harness/base/near_name.h"
#include "harness/engine/suite/suite_graph.h"
#include "harness/engine/text/judged_prompts.h"

namespace emf {
namespace {

/// "geneval/counting" as the metric and its part.
std::pair<std::string, std::string> metric_and_part(const std::string& metric) {
  const size_t slash = metric.find('/');
  if (slash == std::string::npos) return {metric, ""};
  return {metric.substr(0, slash), metric.substr(slash + 1)};
}

std::string asked_share(double factor) { return factor == 1 ? "" : fmt::format(", of which {:g} is asked", factor); }

/// "pass" on the claimed side of zero, "fail" on the other.
std::string verdict_of(double low, double high, bool higher_is_better) {
  if (low > 0) return higher_is_better ? "pass" : "fail";
  if (high < 0) return higher_is_better ? "fail" : "pass";
  return "undecided";
}

void judge_items(const Claim& claim, const ClaimEvidence::OfMetric& metric, const std::string& part, Json& verdict) {
  const auto left = metric.items.find(claim.left), right = metric.items.find(claim.right);
  if (left == metric.items.end() || right == metric.items.end()) {
    verdict["detail"] = (left == metric.items.end() ? claim.left : claim.right) + " was not run";
    return;
  }
  const Scores a = of_part(left->second, part), b = of_part(right->second, part);
  if (a.values.empty() || b.values.empty()) {
    verdict["detail"] = "no prompt of " + claim.metric;
    return;
  }
  // Paired by prompt, because both sides painted the same prompts from the same noise; what prompts differ in
  // drops out.
  const Difference difference = scaled_difference(a, b, claim.factor);
  verdict["difference"] = difference.value;
  verdict["ci95"] = difference.ci95 ? Json{(*difference.ci95)[0], (*difference.ci95)[1]} : Json();
  verdict["detail"] = fmt::format("{} {:.3f}, {} {:.3f}{}", claim.left, estimate_mean(a).value, claim.right,
                                  estimate_mean(b).value, asked_share(claim.factor));
  if (difference.ci95) {
    verdict["verdict"] = verdict_of((*difference.ci95)[0], (*difference.ci95)[1], metric.higher_is_better);
  }
}

/// The value of a set, and its interval; of several seeds the mean and the widest ends.
struct SetValue {
  double value = 0, low = 0, high = 0;
  bool certain = true;  ///< an interval is there
};

std::optional<SetValue> set_value(const ClaimEvidence::OfMetric& metric, const std::string& cell,
                                  const std::string& part) {
  const auto found = metric.sets.find(cell);
  if (found == metric.sets.end()) return std::nullopt;
  const auto rows = found->second.find(part);
  if (rows == found->second.end()) return std::nullopt;
  SetValue whole;
  double count = 0;
  for (const Json& row : rows->second) {
    // One seed without a value leaves the mean undecided: over the others it would be a mean of something else.
    if (row.at("value").is_null()) return std::nullopt;
    const double value = row.at("value");
    whole.value += value;
    if (row.at("ci95").is_null()) {
      whole.certain = false;
    } else {
      const double low = row.at("ci95")[0], high = row.at("ci95")[1];
      whole.low = count == 0 ? low : std::min(whole.low, low);
      whole.high = count == 0 ? high : std::max(whole.high, high);
    }
    ++count;
  }
  if (count == 0) return std::nullopt;
  whole.value /= count;
  return whole;
}

void judge_sets(const Claim& claim, const ClaimEvidence::OfMetric& metric, const std::string& part, Json& verdict) {
  const std::optional<SetValue> left = set_value(metric, claim.left, part),
                                right = set_value(metric, claim.right, part);
  if (!left || !right) {
    verdict["detail"] = (left ? claim.right : claim.left) + " was not measured by " + claim.metric;
    return;
  }
  verdict["difference"] = left->value - claim.factor * right->value;
  verdict["detail"] = fmt::format("{} {:.4g}, {} {:.4g}{}", claim.left, left->value, claim.right, right->value,
                                  asked_share(claim.factor));
  if (!left->certain || !right->certain) return;
  // Two intervals that do not overlap; a paired test would be sharper, but nothing pairs two sets.
  verdict["ci95"] = {left->low - claim.factor * right->high, left->high - claim.factor * right->low};
  verdict["verdict"] = verdict_of(verdict["ci95"][0], verdict["ci95"][1], metric.higher_is_better);
}

/// Whether a command line chose other cells than the file: its claims may then speak of what is left out.
bool other_cells_asked(const Config& config) {
  static const std::set<std::string> kAxes = {"encoders",    "encoder",     "objectives", "objective",  "models",
                                              "model",       "latent",      "codec",      "metrics",    "metric",
                                              "main_metric", "checkpoints", "steps",      "evaluation", "data"};
  return std::any_of(config.places.begin(), config.places.end(), [&](const auto& entry) {
    return entry.second.file.empty() && kAxes.count(entry.first.substr(0, entry.first.find('.'))) > 0;
  });
}

/// The parts of a metric that claims may name.
std::vector<std::string> parts_of(const SuiteGraph& graph, const SuiteMetric& metric) {
  std::set<std::string> parts;
  const auto made = MetricRegistry::instance().make(metric.plan.metric);
  if (metric.of_items) {
    // Scores of items have the tasks of the prompts that they are of.
    const bool of_facts = made->needs().count(MetricNeed::kFacts) > 0;
    for (const Prompt& prompt : graph.judged->prompts) {
      if (!is_reworded(prompt) && has_questions(prompt) != of_facts) parts.insert(prompt.labels.at("tag"));
    }
  } else {
    for (const std::string& value : made->value_names(metric.plan.name)) {
      if (value != metric.plan.name) parts.insert(value_part(value, metric.plan.name));
    }
  }
  return {parts.begin(), parts.end()};
}

/// What a claim says that cannot be judged.
struct Fault {
  const char* key;                 ///< of the claim's table
  std::string what;                ///< "'a/b/1', which is no cell of this suite"
  std::string name;                ///< that is not there
  std::vector<std::string> known;  ///< what is there instead
};

std::optional<Fault> fault_of(const SuiteGraph& graph, const Claim& claim) {
  std::vector<std::string> cells, metrics;
  if (graph.ceiling) cells.push_back("ceiling");
  for (const Cell& cell : graph.cells) cells.push_back(cell.name());
  for (const SuiteMetric& metric : graph.metrics) metrics.push_back(metric.plan.name);
  const auto is_one_of = [](const std::vector<std::string>& known, const std::string& name) {
    return std::find(known.begin(), known.end(), name) != known.end();
  };
  const std::pair<const char*, std::string> sides[] = {{"left", claim.left}, {"right", claim.right}};
  for (const auto& [key, cell] : sides) {
    if (is_one_of(cells, cell)) continue;
    return Fault{key, fmt::format("'{}', which is no cell of this suite", cell), cell, cells};
  }
  const auto [name, part] = metric_and_part(claim.metric);
  const auto found = std::find(metrics.begin(), metrics.end(), name);
  if (found == metrics.end()) {
    return Fault{"metric", fmt::format("'{}', which is no metric of this suite", name), name, metrics};
  }
  const auto place = static_cast<size_t>(found - metrics.begin());
  const std::vector<std::string> parts = parts_of(graph, graph.metrics[place]);
  if (!part.empty() && !is_one_of(parts, part)) {
    return Fault{"metric", fmt::format("'{}', and {} has no such part here", claim.metric, name), part, parts};
  }
  for (const auto& [key, side] : sides) {
    const auto is_measured = [&, &wanted = side](const Cell& cell, const std::string& called) {
      return called == wanted && std::any_of(cell.scores.begin(), cell.scores.end(),
                                             [&](const CellScore& score) { return score.metric == place; });
    };
    if (graph.ceiling && is_measured(*graph.ceiling, "ceiling")) continue;
    if (std::any_of(graph.cells.begin(), graph.cells.end(),
                    [&](const Cell& cell) { return is_measured(cell, cell.name()); })) {
      continue;
    }
    return Fault{
        key, fmt::format("{} of '{}', and evaluation.feature_steps measures distances elsewhere", name, side), "", {}};
  }
  return std::nullopt;
}

}  // namespace

std::string value_part(const std::string& value, const std::string& metric) {
  const bool below = value.rfind(metric + "/", 0) == 0;
  return below ? value.substr(metric.size() + 1) : value;
}

void check_claims(SuiteGraph& graph) {
  const Config& config = graph.spec.config;
  for (size_t i = 0; i < graph.spec.claims.size(); ++i) {
    const Claim& claim = graph.spec.claims[i];
    const std::optional<Fault> fault = fault_of(graph, claim);
    if (!fault) continue;
    std::string key = fmt::format("claims.{}.{}", i, fault->key);
    // A claim without a metric is about the main one, and stands where its sentence does.
    if (config.places.count(key) == 0) key = fmt::format("claims.{}.name", i);
    // A claim of the file may lose its subject to a command line; one that was never right is refused.
    if (config.place(key) == "command line" || !other_cells_asked(config)) {
      fail_input("{}: claim '{}' speaks of {}{}", config.place(key), claim.name, fault->what,
                 fault->name.empty() ? "" : suggestion(fault->name, fault->known));
    }
    graph.notes.push_back(fmt::format("the claim '{}' is left undecided; it speaks of {}", claim.name, fault->what));
  }
}

Json judge_claims(const ClaimEvidence& evidence, const std::vector<Claim>& claims) {
  Json verdicts = Json::array();
  for (const Claim& claim : claims) {
    Json verdict = {{"name", claim.name},   {"metric", claim.metric}, {"left", claim.left},
                    {"right", claim.right}, {"factor", claim.factor}, {"verdict", "undecided"}};
    if (!claim.reported.empty()) verdict["reported"] = claim.reported;
    const auto [name, part] = metric_and_part(claim.metric);
    const auto metric = evidence.metrics.find(name);
    if (metric == evidence.metrics.end()) {
      verdict["detail"] = "the suite does not measure " + claim.metric;
    } else if (!metric->second.sets.empty()) {
      judge_sets(claim, metric->second, part, verdict);
    } else {
      judge_items(claim, metric->second, part, verdict);
    }
    verdicts.push_back(std::move(verdict));
  }
  return verdicts;
}

}  // namespace emf
