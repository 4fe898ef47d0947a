// SPDX-License-Identifier: Apache-2.0
#include "harness/engine/suite/claims.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "harness/base/error.h"
#include "harness/base/near_name.h"
#include "harness/engine/suite/claim_verdicts.h"
#include "harness/engine/suite/suite_graph.h"
#include "harness/engine/text/judged_prompts.h"

namespace emf {
namespace {

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
    const auto& prompts = graph.judged->prompts;
    // Where no prompt has questions, GenEval's facts are asked about.
    const bool of_facts =
        made->needs().count(MetricNeed::kFacts) > 0 || std::none_of(prompts.begin(), prompts.end(), has_questions);
    for (const Prompt& prompt : prompts) {
      if (!is_reworded(prompt) && has_questions(prompt) != of_facts) parts.insert(prompt.labels.at("tag"));
    }
  } else {
    for (const std::string& value : made->value_names(metric.plan.name)) {
      if (value != metric.plan.name) parts.insert(value_part(value, metric.plan.name));
    }
  }
  return {parts.begin(), parts.end()};
}

/// A cell of a distance whose step count has none.
std::optional<ClaimFault> unmeasured(const SuiteGraph& graph, const std::vector<Contrast>& contrasts, size_t metric,
                                     const std::string& name) {
  const auto is_measured = [&](const Cell& cell) {
    return std::any_of(cell.scores.begin(), cell.scores.end(),
                       [&](const CellScore& score) { return score.metric == metric; });
  };
  std::set<std::string> measured;
  if (graph.ceiling && is_measured(*graph.ceiling)) measured.insert("ceiling");
  if (graph.chance && is_measured(*graph.chance)) measured.insert("chance");
  for (const Cell& cell : graph.cells) {
    if (is_measured(cell)) measured.insert(cell.name());
  }
  for (const Contrast& contrast : contrasts) {
    for (const ClaimTerm& term : contrast.terms) {
      if (measured.count(term.cell) > 0) continue;
      const bool painted = std::any_of(graph.cells.begin(), graph.cells.end(),
                                       [&](const Cell& cell) { return cell.name() == term.cell; });
      if (!painted) return ClaimFault{"claim", fmt::format("'{}', which is no cell of this suite", term.cell), "", {}};
      return ClaimFault{
          "claim",
          fmt::format("{} of '{}', and evaluation.feature_steps measures distances elsewhere", name, term.cell),
          "",
          {}};
    }
  }
  return std::nullopt;
}

std::optional<ClaimFault> fault_of(const SuiteGraph& graph, const Claim& claim) {
  std::vector<std::string> metrics, probes;
  for (const SuiteMetric& metric : graph.metrics) metrics.push_back(metric.plan.name);
  for (const ProbeSpec& probe : graph.spec.probes) probes.push_back(probe.name);
  const auto is_one_of = [](const std::vector<std::string>& known, const std::string& name) {
    return std::find(known.begin(), known.end(), name) != known.end();
  };
  const auto [name, part] = metric_and_part(claim.metric);
  const auto found = std::find(metrics.begin(), metrics.end(), name);
  if (found == metrics.end()) {
    return ClaimFault{"metric", fmt::format("'{}', which is no metric of this suite", name), name, metrics};
  }
  const auto place = static_cast<size_t>(found - metrics.begin());
  const std::vector<std::string> parts = parts_of(graph, graph.metrics[place]);
  if (!part.empty() && !is_one_of(parts, part)) {
    return ClaimFault{"metric", fmt::format("'{}', and {} has no such part here", claim.metric, name), part, parts};
  }
  const std::pair<const char*, std::string> asked[] = {{"claim", claim.sentence.probe}, {"given", claim.given}};
  for (const auto& [key, probe] : asked) {
    const std::string of = probe.substr(0, probe.find('/'));
    if (probe.empty() || is_one_of(probes, of)) continue;
    return ClaimFault{key, fmt::format("'{}', which is no probe of this suite", of), of, probes};
  }
  std::optional<ClaimFault> fault;
  const std::vector<Contrast> contrasts = contrasts_of(claim, claim_axes(graph), fault);
  return fault ? fault : unmeasured(graph, contrasts, place, name);
}

}  // namespace

ClaimAxes claim_axes(const SuiteGraph& graph) {
  ClaimAxes axes;
  axes.encoders = graph.spec.encoder_names();
  for (const Row& row : graph.rows) {
    if (std::find(axes.objectives.begin(), axes.objectives.end(), row.objective) == axes.objectives.end()) {
      axes.objectives.push_back(row.objective);
    }
  }
  for (const int64_t steps : graph.spec.steps) axes.steps.push_back(std::to_string(steps));
  for (const int64_t steps : graph.spec.steps) {
    for (const int64_t pictures : graph.spec.checkpoints) axes.steps.push_back(fmt::format("{}@{}", steps, pictures));
  }
  if (graph.ceiling) axes.references.emplace_back("ceiling");
  if (graph.chance) axes.references.emplace_back("chance");
  return axes;
}

void check_claims(SuiteGraph& graph) {
  const Config& config = graph.spec.config;
  for (size_t i = 0; i < graph.spec.claims.size(); ++i) {
    const Claim& claim = graph.spec.claims[i];
    const std::optional<ClaimFault> fault = fault_of(graph, claim);
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

}  // namespace emf
