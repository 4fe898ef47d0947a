// SPDX-License-Identifier: Apache-2.0
#include "harness/engine/suite/suite_scores.h"

#include <algorithm>
#include <set>

#include "harness/base/error.h"
#include "harness/captions/wordings.h"
#include "harness/engine/pictures/sampler.h"
#include "harness/engine/text/judged_prompts.h"
#include "harness/statistics/judge_correction.h"

namespace emf {
namespace {

std::string why_absent(const StagePointer& stage) {
  return stage->folder->state() == StageState::kFailed ? stage->folder->why_failed() : "not run: an input failed";
}

const std::string& main_name(const SuiteGraph& graph) { return graph.metrics[graph.main_metric].plan.name; }

Json metric_row(const Json& cell, const Json& metric) {
  Json row = cell;
  row["metric"] = metric.at("name");
  for (const char* key : {"value", "ci95", "n"}) row[key] = metric.at(key);
  for (const char* key : {"why", "warnings"}) {
    if (metric.contains(key)) row[key] = metric[key];
  }
  return row;
}

Json estimate_row(const Json& cell, const std::string& name, const Estimate& estimate) {
  return metric_row(cell, {{"name", name},
                           {"value", estimate.value},
                           {"ci95", estimate.ci95 ? Json(*estimate.ci95) : Json()},
                           {"n", estimate.n}});
}

/// A metric of facts over what training showed and over what it did not: by novelty where the prompts say theirs, else
/// by held-out pairs.
void add_held_out_rows(Json& rows, const Json& cell, const std::string& name, const Json& items,
                       const std::vector<Prompt>& prompts) {
  const auto part_of = [](const Prompt& prompt) -> std::string {
    if (prompt.labels.contains("novelty")) {
      const std::string novelty = prompt.labels.at("novelty");
      return novelty == novelty_names().front() ? "known" : novelty;
    }
    return prompt.labels.value("held_out", false) ? "held_out" : "in_distribution";
  };
  for (const char* of : {"in_distribution", "held_out", "known", "combination", "sentence", "words"}) {
    Scores part;
    for (size_t i = 0; i < prompts.size(); ++i) {
      // Reworded prompts and long captions have scores of their own.
      if (items[i].is_null() || !is_plain(prompts[i]) || part_of(prompts[i]) != of) continue;
      part.values.push_back(items[i].get<double>());
      part.clusters.push_back(prompts[i].text);
      part.strata.push_back(prompts[i].labels.at("tag"));
    }
    if (part.values.empty()) continue;
    rows.push_back(estimate_row(cell, name + "/" + of, estimate_mean(part, {.shares = true})));
  }
}

/// Of the pictures that generated ones are like; nothing where the judge was not calibrated.
std::optional<JudgeCorrection> correction_of(const SuiteGraph& graph) {
  if (!finished(graph.calibration)) return std::nullopt;
  const Json result = graph.calibration->folder->result();
  for (const Json& kind : result.at("kinds")) {
    if (kind.at("name") == result.at("generated_like")) return JudgeCorrection(judge_trials(kind.at("trials")));
  }
  return std::nullopt;
}

bool reads_facts(const SuiteMetric& metric) {
  return MetricRegistry::instance().make(metric.plan.metric)->needs().count(MetricNeed::kFacts) > 0;
}

void add_score_rows(const SuiteGraph& graph, Json& rows, const Json& base, const CellScore& score,
                    const JudgeCorrection* correction) {
  const SuiteMetric& metric = graph.metrics[score.metric];
  // A cell that failed keeps its row, with the reason instead of a number: a table without it would look
  // complete.
  if (!finished(score.stage)) {
    rows.push_back(metric_row(base, {{"name", metric.plan.name},
                                     {"value", nullptr},
                                     {"ci95", nullptr},
                                     {"n", 0},
                                     {"why", why_absent(score.stage)}}));
    return;
  }
  const Json result = score.stage->folder->result();
  for (const Json& value : result.at("metrics")) {
    rows.push_back(metric_row(base, value));
    // Only the value itself: parts of it are nobody's official number.
    if (metric.official && value.at("name") == metric.plan.name) rows.back()["official"] = true;
  }
  if (!reads_facts(metric)) return;
  add_held_out_rows(rows, base, metric.plan.name, result.at("items"), graph.judged->prompts);
  // Another judge has other errors, and numbers corrected by this one's would be of no judge at all.
  if (correction == nullptr || metric.judge != graph.calibrated) return;
  const Scores scores = item_scores(result.at("items"), graph.judged->prompts);
  if (const std::optional<Estimate> corrected = correction->corrected_mean(scores)) {
    rows.push_back(estimate_row(base, metric.plan.name + "/judge_corrected", *corrected));
  }
}

/// The metric of facts whose ceilings bear no name: the main one, else the first of the list.
size_t first_of_facts(const SuiteGraph& graph) {
  if (reads_facts(graph.metrics[graph.main_metric])) return graph.main_metric;
  const auto found = std::find_if(graph.metrics.begin(), graph.metrics.end(), reads_facts);
  return static_cast<size_t>(found - graph.metrics.begin());
}

/// Ceilings are named for what they are: "ceiling", "ceiling/counting", "reconstruction", "chance"; of further metrics
/// "ceiling/question_graph", "ceiling/strict/counting", and the plain names of distances.
void add_ceiling_rows(const SuiteGraph& graph, Json& rows, const std::optional<Cell>& cell, const std::string& name) {
  if (!cell) return;
  const size_t first = first_of_facts(graph);
  for (const CellScore& score : cell->scores) {
    if (!finished(score.stage)) continue;
    const SuiteMetric& metric = graph.metrics[score.metric];
    const Json base = {
        {"encoder", "real"}, {"objective", name}, {"steps", 0}, {"seed", 0}, {"run", score.stage->hash()}};
    const Json result = score.stage->folder->result();
    for (Json value : result.at("metrics")) {
      const std::string full = value.at("name");
      // A metric may call its values otherwise than it is asked to.
      if (score.metric == first && full.rfind(metric.plan.name, 0) == 0) {
        value["name"] = name + full.substr(metric.plan.name.size());
      } else if (metric.of_items) {
        value["name"] = name + "/" + full;
      }
      rows.push_back(metric_row(base, value));
    }
  }
}

/// Score over training seeds: the spread that prompts and pictures do not explain.
void add_seed_rows(Json& rows, const SuiteGraph& graph, const SeedScores& seeds) {
  std::set<std::string> told;
  for (const Cell& cell : graph.cells) {
    const auto found = seeds.find(cell.name());
    // The spread of one seed is unknown, which is not the same as none.
    if (found == seeds.end() || found->second.size() < 2 || !told.insert(cell.name()).second) continue;
    std::vector<double> means;
    for (const auto& [seed, scores] : found->second) means.push_back(estimate_mean(scores).value);
    rows.push_back(metric_row(cell_json(cell), {{"name", main_name(graph) + "/over_seeds"},
                                                {"value", mean(means)},
                                                {"ci95", t_interval(means)},
                                                {"n", means.size()}}));
  }
}

}  // namespace

bool finished(const StagePointer& stage) { return stage && stage->done(); }

Json cell_json(const Cell& cell) {
  Json json = {{"encoder", cell.encoder},
               {"objective", cell.objective},
               {"steps", cell.steps},
               {"seed", cell.seed},
               {"run", (cell.train ? cell.train : cell.pictures)->hash()}};
  if (cell.checkpoint > 0) json["checkpoint"] = cell.checkpoint;
  return json;
}

ClaimEvidence gather_evidence(const SuiteGraph& graph) {
  ClaimEvidence evidence;
  for (const SuiteMetric& metric : graph.metrics) {
    evidence.metrics[metric.plan.name].higher_is_better = metric.higher_is_better;
  }
  const auto take = [&](const Cell& cell, const std::string& name) {
    for (const CellScore& score : cell.scores) {
      const SuiteMetric& metric = graph.metrics[score.metric];
      ClaimEvidence::OfMetric& of = evidence.metrics[metric.plan.name];
      if (!finished(score.stage)) continue;
      const Json result = score.stage->folder->result();
      if (metric.of_items) {
        // Cells of several seeds have one name, so their scores stand together. Prompts are the clusters, which
        // keeps the seeds of a prompt from counting as independent.
        const Scores scores = item_scores(result.at("items"), graph.judged->prompts);
        append_scores(of.items[name], scores);
        if (cell.train) of.seeds[name][static_cast<int64_t>(cell.seed)] = scores;
      } else {
        // The first value is the metric's own; it and what follows have names of their own too.
        auto& values = of.sets[name];
        values[""].push_back(result.at("metrics").front());
        for (const Json& value : result.at("metrics")) {
          values[value_part(value.at("name"), metric.plan.name)].push_back(value);
        }
      }
    }
  };
  for (const Cell& cell : graph.cells) take(cell, cell.name());
  if (graph.ceiling) take(*graph.ceiling, "ceiling");
  if (graph.chance) take(*graph.chance, "chance");
  for (const ProbeCell& cell : graph.probes) {
    if (!finished(cell.stage)) continue;
    const Json result = cell.stage->folder->result();
    for (const auto& [mode, found] : result.at("modes").items()) {
      if (!found.at("value").is_number()) continue;
      evidence.probes[cell.probe.name + "/" + mode][cell.encoder] = found.at("value");
      // The first way of asking is what the paper's table has.
      if (mode == "raw") evidence.probes[cell.probe.name][cell.encoder] = found.at("value");
    }
  }
  return evidence;
}

Json gather_items(const SuiteGraph& graph) {
  Json items = Json::array();
  for (const Cell& cell : graph.cells) {
    for (const CellScore& score : cell.scores) {
      if (score.metric != graph.main_metric || !graph.metrics[score.metric].of_items || !finished(score.stage))
        continue;
      Json row = cell_json(cell);
      row["scores"] = score.stage->folder->result().at("items");
      items.push_back(std::move(row));
    }
  }
  return items;
}

Json gather_rows(const SuiteGraph& graph, const SeedScores& seeds) {
  Json rows = Json::array();
  const std::optional<JudgeCorrection> correction = correction_of(graph);
  for (const Cell& cell : graph.cells) {
    const Json base = cell_json(cell);
    for (const CellScore& score : cell.scores) {
      add_score_rows(graph, rows, base, score, correction ? &*correction : nullptr);
    }
    if (!finished(cell.pictures)) continue;
    rows.push_back(metric_row(base, {{"name", "network_evaluations"},
                                     {"value", cell.pictures->folder->result().at("network_evaluations")},
                                     {"ci95", nullptr},
                                     {"n", graph.judged->size()}}));
  }
  add_ceiling_rows(graph, rows, graph.ceiling, "ceiling");
  add_ceiling_rows(graph, rows, graph.reconstruction, "reconstruction");
  add_ceiling_rows(graph, rows, graph.chance, "chance");
  add_seed_rows(rows, graph, seeds);
  return rows;
}

Json gather_trajectories(const SuiteGraph& graph) {
  Json rows = Json::array();
  for (const TrajectoryCell& cell : graph.trajectories) {
    if (!finished(cell.stage)) continue;
    Json row = cell.stage->folder->result();
    row.update(
        {{"encoder", cell.encoder}, {"objective", cell.objective}, {"seed", cell.seed}, {"run", cell.train->hash()}});
    rows.push_back(std::move(row));
  }
  return rows;
}

Json items_on_grid(const SuiteGraph& graph, const Cell& cell) {
  for (const CellScore& score : cell.scores) {
    if (!graph.metrics[score.metric].of_items || !finished(score.stage)) continue;
    Json items = score.stage->folder->result().at("items");
    // Prompts that the first metric does not score are another's: captions with questions beside GenEval's.
    for (const CellScore& other : cell.scores) {
      if (&other == &score || !graph.metrics[other.metric].of_items || !finished(other.stage)) continue;
      const Json more = other.stage->folder->result().at("items");
      for (size_t i = 0; i < items.size(); ++i) {
        if (items[i].is_null()) items[i] = more[i];
      }
    }
    Json shown = Json::array();
    for (size_t i = 0; i < std::min<size_t>(items.size(), kGridPictures); ++i) {
      shown.push_back(items[i]);
    }
    return shown;
  }
  return nullptr;
}

}  // namespace emf
