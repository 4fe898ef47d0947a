#include "harness/engine/suite/suite_record.h"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <set>

#include "harness/api/encoder.h"
#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/base/hash.h"
#include "harness/base/paths.h"
#include "harness/base/registry.h"
#include "harness/captions/template_audit.h"
#include "harness/engine/pictures/sampler.h"
#include "harness/engine/stages/probing.h"
#include "harness/engine/suite/comparison.h"
#include "harness/statistics/judge_correction.h"

namespace emf {
namespace {

bool done(const StagePointer& stage) { return stage && stage->folder->state() == StageState::kDone; }

std::string why_absent(const StagePointer& stage) {
  return stage->folder->state() == StageState::kFailed ? stage->folder->why_failed() : "not run: an input failed";
}

std::vector<double> correct_of(const StagePointer& score) {
  return score->folder->result().at("correct").get<std::vector<double>>();
}

/// The judge's word on the pictures that samples/grid.png holds.
Json correct_on_grid(const StagePointer& score) {
  std::vector<double> correct = correct_of(score);
  correct.resize(std::min<size_t>(correct.size(), kGridPictures));
  return correct;
}

std::string store_path(const SuiteGraph& graph, const StagePointer& stage, const std::string& file) {
  return std::filesystem::relative(stage->folder->file(file), graph.store).string();
}

Json metric_row(const Json& cell, const Json& metric) {
  Json row = cell;
  row["metric"] = metric.at("name");
  for (const char* key : {"value", "ci95", "n"}) row[key] = metric.at(key);
  for (const char* key : {"why", "warnings"}) {
    if (metric.contains(key)) row[key] = metric[key];
  }
  return row;
}

/// GenEval over the pairs training showed and over those it did not.
void add_held_out_rows(Json& rows, const Json& cell, const Scores& scores, const std::vector<Prompt>& prompts) {
  for (const bool held_out : {false, true}) {
    Scores part;
    for (size_t i = 0; i < scores.values.size(); ++i) {  // others than plain prompts stand behind these
      if (prompts[i].labels.value("held_out", false) != held_out) continue;
      part.values.push_back(scores.values[i]);
      part.clusters.push_back(scores.clusters[i]);
      part.strata.push_back(scores.strata[i]);
    }
    if (part.values.empty()) continue;
    const Estimate estimate = estimate_mean(part, {.shares = true});
    rows.push_back(metric_row(cell, {{"name", held_out ? "geneval/held_out" : "geneval/in_distribution"},
                                     {"value", estimate.value},
                                     {"ci95", estimate.ci95 ? Json(*estimate.ci95) : Json()},
                                     {"n", estimate.n}}));
  }
}

/// @param correction  null where the judge was not calibrated.
void add_score_rows(Json& rows, const Json& cell, const StagePointer& score, const PromptTable& prompts,
                    const JudgeCorrection* correction) {
  const Json result = score->folder->result();
  for (const Json& metric : result.at("metrics")) rows.push_back(metric_row(cell, metric));
  const Scores scores = prompt_scores(correct_of(score), prompts.judging);
  add_held_out_rows(rows, cell, scores, prompts.judging);
  if (correction == nullptr) return;
  if (const std::optional<Estimate> corrected = correction->corrected_mean(scores)) {
    rows.push_back(metric_row(cell, {{"name", "geneval/judge_corrected"},
                                     {"value", corrected->value},
                                     {"ci95", *corrected->ci95},
                                     {"n", corrected->n}}));
  }
}

/// Of the pictures that generated ones are like; nothing where the judge was not calibrated.
std::optional<JudgeCorrection> correction_of(const SuiteGraph& graph) {
  if (!done(graph.calibration)) return std::nullopt;
  const Json result = graph.calibration->folder->result();
  for (const Json& kind : result.at("kinds")) {
    if (kind.at("name") == result.at("generated_like")) return JudgeCorrection(judge_trials(kind.at("trials")));
  }
  return std::nullopt;
}

Json cell_json(const Cell& cell) {
  return {{"encoder", cell.encoder},
          {"objective", cell.objective},
          {"steps", cell.steps},
          {"seed", cell.seed},
          {"run", cell.train->hash()}};
}

/// Score over training seeds: the spread that prompts and pictures do not explain.
void add_seed_rows(Json& rows, const SuiteGraph& graph, const SeedScores& seeds) {
  std::set<std::string> told;
  for (const Cell& cell : graph.cells) {
    const std::string name = fmt::format("{}/{}/{}", cell.encoder, cell.objective, cell.steps);
    const auto found = seeds.find(name);
    if (found == seeds.end() || found->second.size() < 2 || !told.insert(name).second) continue;
    std::vector<double> means;
    for (const auto& [seed, scores] : found->second) means.push_back(estimate_mean(scores).value);
    rows.push_back(metric_row(
        cell_json(cell),
        {{"name", "geneval/over_seeds"}, {"value", mean(means)}, {"ci95", t_interval(means)}, {"n", means.size()}}));
  }
}

/// Ceilings are named for what they are: "ceiling", "ceiling/counting", "reconstruction" ...
void add_ceiling_rows(Json& rows, const StagePointer& score, const std::string& name) {
  if (!done(score)) return;
  const Json cell = {{"encoder", "real"}, {"objective", name}, {"steps", 0}, {"seed", 0}, {"run", score->hash()}};
  const Json result = score->folder->result();
  for (Json metric : result.at("metrics")) {
    const std::string full = metric.at("name");
    if (full.rfind("geneval", 0) == 0) metric["name"] = name + full.substr(7);
    if (full.rfind("question_graph", 0) == 0) metric["name"] = name + "/" + full;
    rows.push_back(metric_row(cell, metric));
  }
}

Json gather_rows(const SuiteGraph& graph, const SeedScores& seeds) {
  Json rows = Json::array();
  const std::optional<JudgeCorrection> correction = correction_of(graph);
  for (const Cell& cell : graph.cells) {
    const Json base = cell_json(cell);
    if (!done(cell.score)) {
      rows.push_back(metric_row(
          base,
          {{"name", "geneval"}, {"value", nullptr}, {"ci95", nullptr}, {"n", 0}, {"why", why_absent(cell.score)}}));
      continue;
    }
    add_score_rows(rows, base, cell.score, *graph.prompts, correction ? &*correction : nullptr);
    rows.push_back(metric_row(base, {{"name", "network_evaluations"},
                                     {"value", cell.sample->folder->result().at("network_evaluations")},
                                     {"ci95", nullptr},
                                     {"n", graph.prompts->judging.size()}}));
  }
  add_ceiling_rows(rows, graph.ceiling, "ceiling");
  add_ceiling_rows(rows, graph.reconstruction, "reconstruction");
  add_seed_rows(rows, graph, seeds);
  return rows;
}

/// Pictures, FLOPs and parameters of every finished row; unequal pictures are refused.
Json gather_budgets(const SuiteGraph& graph, Json& curves) {
  Json budgets = Json::array();
  for (const Row& row : graph.rows) {
    Json budget = {{"encoder", row.encoder},
                   {"objective", row.objective},
                   {"seed", row.seed},
                   {"run", row.segments.back()->hash()}};
    Json curve = budget;
    int64_t pictures = 0, before = 0;
    double flops = 0;
    Json points = Json::array();
    bool complete = true;
    for (const StagePointer& segment : row.segments) {
      complete = complete && done(segment);
      if (!complete) break;
      const Json result = segment->folder->result();
      before = pictures;
      pictures += result.at("pictures").get<int64_t>();
      flops += result.at("flops").get<double>();
      budget["parameters"] = result.at("parameters");
      for (const Json& point : result.at("curve")) points.push_back(point);
    }
    if (!complete) continue;
    budget["pictures"] = pictures;
    budget["pretraining_pictures"] = row.objective == "flow_matching" ? 0 : before;
    budget["flops"] = flops;
    curve["points"] = points;
    budgets.push_back(budget);
    curves.push_back(curve);
    if (pictures != budgets.front().at("pictures")) {
      fail_input("rows have unequal budgets ({} {} saw {} pictures, another {}): they cannot be compared", row.encoder,
                 row.objective, pictures, budgets.front().at("pictures").dump());
    }
  }
  return budgets;
}

CellScores gather_cell_scores(const SuiteGraph& graph, SeedScores& seeds) {
  CellScores scores;
  const std::vector<Prompt>& prompts = graph.prompts->judging;
  for (const Cell& cell : graph.cells) {
    if (!done(cell.score)) continue;
    const std::string name = fmt::format("{}/{}/{}", cell.encoder, cell.objective, cell.steps);
    const Scores own = prompt_scores(correct_of(cell.score), prompts);
    append_scores(scores[name], own);
    seeds[name][cell.seed] = own;
  }
  if (done(graph.ceiling)) scores["ceiling"] = prompt_scores(correct_of(graph.ceiling), prompts);
  return scores;
}

Json gather_probes(const SuiteGraph& graph) {
  Json probes = Json::array();
  for (const ProbeCell& cell : graph.probes) {
    Json row = {{"modes", Json::object()}, {"n_queries", 0}, {"n_candidates", 0}, {"why", cell.why}};
    if (cell.stage) {
      if (!done(cell.stage)) continue;
      row = cell.stage->folder->result();
    }
    row["probe"] = cell.probe.probe;
    row["name"] = cell.probe.name;
    if (!cell.probe.title.empty()) row["title"] = cell.probe.title;
    row["encoder"] = cell.encoder;
    probes.push_back(row);
  }
  return probes;
}

/// Of the data trained on and of all that probes and pretraining looked at, each line once.
Json gather_attributions(const SuiteGraph& graph) {
  std::vector<std::string> lines;
  std::vector<std::shared_ptr<Dataset>> datasets = graph.other_datasets;
  if (!graph.spec.only_probes()) datasets.insert(datasets.begin(), graph.dataset);
  for (const auto& dataset : datasets) {
    for (const std::string& line : dataset->attributions()) {
      if (std::find(lines.begin(), lines.end(), line) == lines.end()) lines.push_back(line);
    }
  }
  return lines;
}

/// How encoders without values of their own were trained, each once.
Json gather_pretrainings(const SuiteGraph& graph) {
  Json rows = Json::array();
  for (const PretrainingRow& pretraining : graph.pretrainings) {
    if (!done(pretraining.stage)) continue;
    Json row = pretraining.stage->folder->result();
    row.erase("captions_before");
    row.update({{"encoder", pretraining.encoder},
                {"objective", pretraining.objective},
                {"seed", pretraining.seed},
                {"run", pretraining.stage->hash()}});
    rows.push_back(row);
  }
  return rows;
}

Json gather_samples(const SuiteGraph& graph) {
  Json samples = Json::array();
  for (const Cell& cell : graph.cells) {
    if (!done(cell.sample)) continue;
    Json sample = cell_json(cell);
    sample["file"] = store_path(graph, cell.sample, "samples/grid.png");
    if (done(cell.score)) sample["correct"] = correct_on_grid(cell.score);
    samples.push_back(sample);
  }
  for (const auto& [score, name] : {std::pair{graph.ceiling, "ceiling"}, {graph.reconstruction, "reconstruction"}}) {
    if (!done(score)) continue;
    const StagePointer& drawn = score->inputs.front();
    samples.push_back({{"encoder", "real"},
                       {"objective", name},
                       {"steps", 0},
                       {"seed", 0},
                       {"run", drawn->hash()},
                       {"file", store_path(graph, drawn, "samples/grid.png")},
                       {"correct", correct_on_grid(score)}});
  }
  return samples;
}

/// Overlap of the judged prompts with the training captions.
Json gather_template_audit(const SuiteGraph& graph) {
  std::vector<std::string> training, judged;
  for (const Prompt& prompt : graph.prompts->training) training.push_back(prompt.text);
  for (const Prompt& prompt : graph.prompts->judging) {
    if (is_plain(prompt)) judged.push_back(prompt.text);
  }
  return audit_templates(training, judged).to_json();
}

std::string utc_now() {
  const std::time_t now = std::time(nullptr);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", std::gmtime(&now));
  return text;
}

/// Times and machine of a suite; seconds of skipped stages are those of the run that made them.
Json gather_provenance(const SuiteGraph& graph, const std::vector<std::string>& words, const std::string& started) {
  Json provenance = describe_machine();
  provenance["schema"] = "emf.provenance/1";
  provenance["argv"] = words;
  provenance["started"] = started;
  provenance["finished"] = utc_now();
  std::set<int64_t> seeds;
  for (const Row& row : graph.rows) seeds.insert(row.seed);
  for (const ProbeCell& probe : graph.probes) seeds.insert(graph.spec.seeds_of(probe.encoder).front());
  provenance["seeds"] = seeds;
  provenance["seconds"] = Json::object();
  provenance["seconds_per_picture"] = Json::array();
  for (const StagePointer& stage : graph.stages) {
    if (done(stage)) provenance["seconds"][stage->label] = stage->folder->provenance().at("seconds");
  }
  for (const Cell& cell : graph.cells) {
    if (!done(cell.sample)) continue;
    Json row = cell_json(cell);
    row["value"] = cell.sample->folder->provenance().at("seconds_per_picture");
    provenance["seconds_per_picture"].push_back(row);
  }
  provenance["training_seconds"] = Json::array();
  for (const Row& row : graph.rows) {
    double seconds = 0;
    if (!std::all_of(row.segments.begin(), row.segments.end(), done)) continue;
    for (const StagePointer& segment : row.segments)
      seconds += segment->folder->provenance().at("seconds").get<double>();
    provenance["training_seconds"].push_back(
        {{"encoder", row.encoder}, {"objective", row.objective}, {"seed", row.seed}, {"value", seconds}});
  }
  provenance["weights"] = Json::array();
  for (const auto& [name, source] : graph.encoders) {
    const EncoderInfo info = source.untrained()->info();
    if (!info.weights_sha256.empty()) {
      provenance["weights"].push_back({{"name", name}, {"sha256", info.weights_sha256}, {"licence", info.licence}});
    }
  }
  provenance["plugins"] = Json::array();
  for (const std::string& file : loaded_plugins()) {
    provenance["plugins"].push_back({{"file", file}, {"sha256", sha256_file(file)}});
  }
  return provenance;
}

}  // namespace

std::shared_ptr<RunFolder> suite_folder(const SuiteGraph& graph) {
  Json spec = {{"version", 1},
               {"suite", graph.spec.name},
               {"question", graph.spec.question},
               {"claims", Json::array()},
               {"stages", Json::array()}};
  for (const Claim& claim : graph.spec.claims) {
    spec["claims"].push_back({claim.name, claim.metric, claim.left, claim.right, claim.factor});
  }
  for (const StagePointer& stage : graph.stages) spec["stages"].push_back(stage->hash());
  return std::make_shared<RunFolder>(graph.store, "suite", spec);
}

Json gather_result(const SuiteGraph& graph, const ScheduleSummary& summary) {
  Json prompts = Json::array();
  for (const Prompt& prompt : graph.prompts->judging) {
    prompts.push_back({{"text", prompt.text},
                       {"tag", prompt.labels.at("tag")},
                       {"held_out", prompt.labels.value("held_out", false)}});
    if (prompt.labels.value("reworded", false)) prompts.back()["reworded"] = true;
  }
  Json curves = Json::array();
  const Json budgets = gather_budgets(graph, curves);
  SeedScores seeds;
  const CellScores cells = gather_cell_scores(graph, seeds);
  Json result = {
      {"schema", "emf.result/1"},
      {"kind", "suite"},
      {"suite", graph.spec.name},
      {"question", graph.spec.question},
      {"spec_hash", suite_folder(graph)->hash()},
      {"config", graph.spec.config.values},
      {"prompts", prompts},
      {"rows", gather_rows(graph, seeds)},
      {"probes", gather_probes(graph)},
      {"pretrainings", gather_pretrainings(graph)},
      {"budgets", budgets},
      {"curves", curves},
      {"comparisons", compare_cells(cells, seeds, graph.spec)},
      {"claims", judge_claims(cells, graph.spec)},
      {"samples", gather_samples(graph)},
      {"sample_grid", {{"tile", graph.dataset->side()}, {"columns", kGridColumns}, {"pictures", kGridPictures}}},
      {"instruments", graph.judges->instruments()},
      {"attributions", gather_attributions(graph)},
      {"failed", summary.failed}};
  if (graph.prompts->num_beyond > 0) result["prompts_beyond_world"] = graph.prompts->num_beyond;
  if (done(graph.calibration)) result["judge_calibration"] = graph.calibration->folder->result();
  if (!graph.spec.only_probes()) result["template_audit"] = gather_template_audit(graph);
  return result;
}

void require_encoders(const SuiteGraph& graph) {
  for (const auto& [name, source] : graph.encoders) {
    const std::shared_ptr<Encoder> encoder = source.untrained();
    const Json fingerprint = encoder->fingerprint();
    const bool needed = std::any_of(graph.stages.begin(), graph.stages.end(), [&](const StagePointer& stage) {
      const bool encodes = stage->folder->kind() == "features" || stage->folder->kind() == "pooled";
      return encodes && stage->folder->spec().at("encoder") == fingerprint && !done(stage);
    });
    if (needed) encoder->prepare({graph.first_prompt});
  }
}

SuiteOutcome run_suite(const SuiteGraph& graph, int jobs, const std::vector<std::string>& words) {
  const std::string started = utc_now();
  SuiteOutcome outcome;
  outcome.folder = suite_folder(graph);
  const StageLock lock(*outcome.folder);
  outcome.folder->begin();
  outcome.summary = run_stages(graph.stages, jobs);
  const Json result = gather_result(graph, outcome.summary);
  const Json provenance = gather_provenance(graph, words, started);
  if (outcome.summary.failed.empty()) {
    outcome.folder->finish(result, provenance);
  } else {
    write_json(outcome.folder->file("result.json"), result);
    write_json(outcome.folder->file("provenance.json"), provenance);
    outcome.folder->fail(fmt::format("{} stages failed", outcome.summary.failed.size()));
  }
  return outcome;
}

}  // namespace emf
