// SPDX-License-Identifier: Apache-2.0
#include "harness/engine/suite/suite_record.h"

#include <algorithm>
#include <optional>
#include <set>

#include "harness/api/pretraining.h"
#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/base/progress.h"
#include "harness/captions/template_audit.h"
#include "harness/engine/pictures/sampler.h"
#include "harness/engine/suite/claims.h"
#include "harness/engine/suite/claims_fixed.h"
#include "harness/engine/suite/earlier_record.h"
#include "harness/engine/suite/suite_provenance.h"
#include "harness/engine/suite/suite_scores.h"

namespace emf {
namespace {

/// Captions above this number are not held against the judged prompts: the audit keeps all their words in memory.
constexpr int64_t kMostAudited = 200000;

std::string store_path(const SuiteGraph& graph, const StagePointer& stage, const std::string& file) {
  // Relative to the store, which can be moved or copied as a whole.
  return std::filesystem::relative(stage->folder->file(file), graph.store).string();
}

/// Pictures, FLOPs and parameters of every finished row; unequal pictures are refused.
Json gather_budgets(const SuiteGraph& graph, Json& curves) {
  Json budgets = Json::array();
  for (const Row& row : graph.rows) {
    Json budget = {{"encoder", row.encoder},
                   {"objective", row.objective},
                   {"seed", row.seed},
                   {"run", row.segments.back()->hash()}};
    // A row that has not finished has no budget that could be compared.
    if (!std::all_of(row.segments.begin(), row.segments.end(), finished)) continue;
    Json curve = budget;
    int64_t pictures = 0;
    double flops = 0;
    Json points = Json::array();
    for (const StagePointer& segment : row.segments) {
      const Json result = segment->folder->result();
      pictures += result.at("pictures").get<int64_t>();
      flops += result.at("flops").get<double>();
      budget["parameters"] = result.at("parameters");
      for (const Json& point : result.at("curve")) points.push_back(point);
    }
    budget["pictures"] = pictures;
    budget["pretraining_pictures"] = row.own_from;
    budget["flops"] = flops;
    curve["points"] = points;
    budgets.push_back(budget);
    curves.push_back(curve);
    if (pictures != budgets.front().at("pictures")) {
      // An advantage in pictures would be reported as one of the objective or the encoder.
      fail_input("rows have unequal budgets ({} {} saw {} pictures, another {}): they cannot be compared", row.encoder,
                 row.objective, pictures, budgets.front().at("pictures").dump());
    }
  }
  return budgets;
}

Json gather_probes(const SuiteGraph& graph) {
  Json probes = Json::array();
  for (const ProbeCell& cell : graph.probes) {
    Json row = {{"modes", Json::object()}, {"n_queries", 0}, {"n_candidates", 0}, {"why", cell.why}};
    if (cell.stage) {
      if (!finished(cell.stage)) continue;
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
  std::vector<std::shared_ptr<const Dataset>> datasets = graph.other_datasets;
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
    if (!finished(pretraining.stage)) continue;
    Json row = pretraining.stage->folder->result();
    // A pretraining is never cut into segments, so this is always zero.
    row.erase("captions_before");
    row.update({{"encoder", pretraining.encoder},
                {"objective", pretraining.objective},
                {"seed", pretraining.seed},
                {"run", pretraining.stage->hash()}});
    rows.push_back(row);
  }
  return rows;
}

/// The grid of a cell's pictures, with what the main metric says of each.
void add_sample(const SuiteGraph& graph, const Cell& cell, Json& samples) {
  if (!finished(cell.pictures)) return;
  Json sample = cell_json(cell);
  sample["file"] = store_path(graph, cell.pictures, "samples/grid.png");
  const Json items = items_on_grid(graph, cell);
  if (!items.is_null()) sample["correct"] = items;
  samples.push_back(std::move(sample));
}

Json gather_samples(const SuiteGraph& graph) {
  Json samples = Json::array();
  for (const Cell& cell : graph.cells) add_sample(graph, cell, samples);
  if (graph.ceiling) add_sample(graph, *graph.ceiling, samples);
  if (graph.reconstruction) add_sample(graph, *graph.reconstruction, samples);
  if (graph.chance) add_sample(graph, *graph.chance, samples);
  return samples;
}

/// Overlap of the judged prompts with the training captions; null where it is not looked for.
Json gather_template_audit(const SuiteGraph& graph) {
  // Asked before the captions are indexed, which reads every one of the pool.
  if (graph.dataset->world() == nullptr) return nullptr;
  const CaptionIndex& captions = graph.captions->index();
  if (captions.size() > kMostAudited) return nullptr;
  std::vector<std::string> training, judged;
  for (int64_t i = 0; i < captions.size(); ++i) training.push_back(graph.captions->caption(i).text);
  for (const Prompt& prompt : graph.judged->prompts) {
    if (is_plain(prompt)) judged.push_back(prompt.text);
  }
  return audit_templates(training, judged).to_json();
}

Json gather_prompts(const SuiteGraph& graph) {
  Json prompts = Json::array();
  for (const Prompt& prompt : graph.judged->prompts) {
    prompts.push_back({{"text", prompt.text},
                       {"tag", prompt.labels.at("tag")},
                       {"held_out", prompt.labels.value("held_out", false)}});
    if (is_reworded(prompt)) prompts.back()["reworded"] = true;
  }
  return prompts;
}

template <typename RegistryType>
std::string title_of(const std::string& own, const std::string& plugin) {
  if (!own.empty() || !RegistryType::instance().contains(plugin)) return own;
  return RegistryType::instance().find(plugin).display.title;
}

/// How a row's model or codec is told from the others.   @param name  of the row's; "" = the first.
std::string arm_title(const std::vector<PluginChoice>& choices, const std::string& name) {
  // The first is what the suite speaks of anyway, and is named only where the suite has a word for it.
  if (name.empty()) return choices.size() > 1 ? choices.front().title : "";
  const auto found =
      std::find_if(choices.begin(), choices.end(), [&](const PluginChoice& choice) { return choice.name == name; });
  return found == choices.end() || found->title.empty() ? name : found->title;
}

/// How the suite's names are shown to people.
Json gather_names(const SuiteGraph& graph) {
  const SuiteSpec& spec = graph.spec;
  Json encoders = Json::object(), objectives = Json::object(), probes = Json::object(), pretrainings = Json::object();
  for (const EncoderChoice& choice : spec.encoders) {
    const auto parsed = parse_encoder_spec(choice.encoder);
    // An option or a wrapper makes another encoder of it: only a plain one bears the registered title.
    const bool plain = choice.name == choice.encoder && parsed->argument.empty();
    const std::string title = title_of<EncoderRegistry>(choice.title, plain ? parsed->plugin : "");
    if (!title.empty()) encoders[choice.name] = {{"title", title}};
  }
  for (const Row& row : graph.rows) {
    if (objectives.contains(row.objective)) continue;
    const PluginChoice& choice = row.trained_by;
    const Display& display = ObjectiveRegistry::instance().find(choice.plugin).display;
    // A second reading of an objective shows its own name: under the registered title it would look like the
    // first.
    std::string title = choice.title;
    if (title.empty()) title = choice.name == choice.plugin ? display.title : choice.name;
    for (const std::string& part : {arm_title(spec.models, row.model_name), arm_title(spec.codecs, row.codec_name)}) {
      if (!part.empty()) title += ", " + part;
    }
    Json shown = {{"title", title}, {"starts_from", row.starts_from}};
    // Colour and dash belong to the plain objective. Its variants get others from the report, or their lines
    // could not be told apart.
    if (row.objective == choice.plugin) {
      shown.update({{"color", display.color}, {"dash", display.dash}, {"mark", display.mark}});
    }
    objectives[row.objective] = std::move(shown);
  }
  for (const ProbeSpec& probe : spec.probes) {
    probes[probe.probe] = {{"title", ProbeRegistry::instance().find(probe.probe).display.title}};
  }
  for (const PretrainingRow& row : graph.pretrainings) {
    pretrainings[row.objective] = {{"title", PretrainingRegistry::instance().find(row.objective).display.title}};
  }
  return {{"encoder", encoders}, {"objective", objectives}, {"probe", probes}, {"pretraining", pretrainings}};
}

/// Names of the values that a metric gave, without their parts.
std::set<std::string> value_names(const SuiteGraph& graph, const SuiteMetric& metric) {
  std::set<std::string> names;
  for (const Cell& cell : graph.cells) {
    for (const CellScore& score : cell.scores) {
      if (&graph.metrics[score.metric] != &metric || !finished(score.stage)) continue;
      const Json result = score.stage->folder->result();
      for (const Json& value : result.at("metrics")) {
        const std::string name = value.at("name");
        names.insert(name.substr(0, name.find('/')));
      }
    }
  }
  return names;
}

/// What each metric's values are called, and which way is better.
Json gather_metrics(const SuiteGraph& graph) {
  Json metrics = Json::object();
  for (const SuiteMetric& metric : graph.metrics) {
    const Display& display = MetricRegistry::instance().find(metric.plan.metric).display;
    std::string title = metric.choice.title.empty() ? display.title : metric.choice.title;
    // "Frechet distance" alone would be read as the one on Inception.
    if (metric.plan.backbone && metric.choice.title.empty() && !metric.official && !title.empty()) {
      const std::string network = metric.plan.backbone->backbone().short_name();
      title += fmt::format(" on {} features", network.empty() ? metric.choice.backbone : network);
    }
    // A plugin that was registered without words, and the second metric of one plugin, are told by their names.
    const bool taken =
        std::any_of(metrics.begin(), metrics.end(), [&](const Json& other) { return other.at("title") == title; });
    if (title.empty()) title = metric.plan.name;
    if (taken && title != metric.plan.name) title += fmt::format(" ({})", metric.plan.name);
    Json shown = {{"title", title},
                  {"metric", metric.plan.metric},
                  {"higher_is_better", metric.higher_is_better},
                  {"official", metric.official},
                  {"parts", Json::object()}};
    for (const auto& [part, words] : display.parts) shown["parts"][part] = words;
    if (metric.plan.backbone) {
      shown["backbone"] = metric.choice.backbone;
      shown["identity"] = metric.plan.backbone->identity();
    }
    metrics[metric.plan.name] = shown;
    // Values that a plugin names itself, such as precision and recall of one metric, are shown as its own.
    for (const std::string& name : value_names(graph, metric)) {
      if (metrics.contains(name)) continue;
      metrics[name] = shown;
      metrics[name]["title"] = name;
    }
  }
  return metrics;
}

}  // namespace

std::shared_ptr<RunFolder> suite_folder(const SuiteGraph& graph) {
  // The hash covers names, claims and all stages: a suite that changes in any of them has a record of its own,
  // while the stages that stayed equal are shared.
  Json spec = {{"version", 3},
               {"suite", graph.spec.name},
               {"question", graph.spec.question},
               {"main_metric", graph.spec.main_metric},
               {"main_objective", graph.spec.main_objective},
               {"claims", Json::array()},
               {"names", gather_names(graph)},
               {"stages", Json::array()}};
  if (!graph.spec.paper.empty()) spec["paper"] = graph.spec.paper;
  for (const Claim& claim : graph.spec.claims) spec["claims"].push_back(claim.to_json());
  // Names of rows are no part of their stages, but of the record.
  spec["rows"] = Json::array();
  for (const Row& row : graph.rows) spec["rows"].push_back({row.encoder, row.objective, row.seed});
  for (const StagePointer& stage : graph.stages) spec["stages"].push_back(stage->hash());
  return std::make_shared<RunFolder>(graph.store, "suite", spec);
}

Json gather_result(const SuiteGraph& graph, const ScheduleSummary& summary) {
  Json curves = Json::array();
  const Json budgets = gather_budgets(graph, curves);
  const ClaimEvidence evidence = gather_evidence(graph);
  // A suite of probes has no metric.
  const SeedScores seeds =
      graph.metrics.empty() ? SeedScores() : evidence.metrics.at(graph.metrics[graph.main_metric].plan.name).seeds;
  Json result = {
      {"schema", "emf.result/1"},
      {"kind", "suite"},
      {"suite", graph.spec.name},
      {"question", graph.spec.question},
      {"spec_hash", suite_folder(graph)->hash()},
      {"config", graph.spec.config.values},
      {"names", gather_names(graph)},
      {"prompts", gather_prompts(graph)},
      {"rows", gather_rows(graph, seeds)},
      {"probes", gather_probes(graph)},
      {"pretrainings", gather_pretrainings(graph)},
      {"budgets", budgets},
      {"curves", curves},
      {"comparisons", Json::array()},
      {"claims", judge_claims(evidence, graph.spec.claims, claim_axes(graph))},
      {"samples", gather_samples(graph)},
      {"sample_grid", {{"tile", graph.dataset->height()}, {"columns", kGridColumns}, {"pictures", kGridPictures}}},
      {"instruments", graph.instruments},
      {"attributions", gather_attributions(graph)},
      {"failed", summary.failed}};
  // Left out where it says nothing, so that records of square pictures keep their bytes.
  if (graph.dataset->width() != graph.dataset->height()) result["sample_grid"]["tile_width"] = graph.dataset->width();
  if (graph.judged->num_beyond > 0) result["prompts_beyond_world"] = graph.judged->num_beyond;
  if (finished(graph.calibration)) result["judge_calibration"] = graph.calibration->folder->result();
  if (finished(graph.mush)) result["judge_mush"] = graph.mush->folder->result();
  if (graph.spec.only_probes()) return result;
  // What follows is about pictures, and a suite of probes has none.
  const std::string& main = graph.metrics[graph.main_metric].plan.name;
  std::vector<ComparedArm> arms;
  for (const Row& row : graph.rows) {
    const bool known =
        std::any_of(arms.begin(), arms.end(), [&](const ComparedArm& arm) { return arm.name == row.objective; });
    if (!known) arms.push_back({row.objective, row.trained_by.name, row.model_name, row.codec_name});
  }
  result["main_metric"] = main;
  result["main_objective"] = graph.spec.main_objective;
  result["metrics"] = gather_metrics(graph);
  result["comparisons"] =
      compare_cells(evidence.metrics.at(main).items, seeds,
                    {main, graph.spec.encoder_names(), arms, graph.spec.main_objective, graph.spec.steps});
  if (Json items = gather_items(graph); !items.empty()) result["items"] = std::move(items);
  if (Json paths = gather_trajectories(graph); !paths.empty()) result["trajectories"] = std::move(paths);
  const Json audit = gather_template_audit(graph);
  if (!audit.is_null()) result["template_audit"] = audit;
  return result;
}

void require_encoders(const SuiteGraph& graph) {
  for (const auto& [name, source] : graph.encoders) {
    const std::shared_ptr<Encoder> encoder = source.untrained();
    const Json fingerprint = encoder->fingerprint();
    // Only for encoders with work left: a finished suite can be reported where the weights are not.
    const bool needed = std::any_of(graph.stages.begin(), graph.stages.end(), [&](const StagePointer& stage) {
      const Json& spec = stage->folder->spec();
      return spec.contains("encoder") && spec.at("encoder") == fingerprint && !stage->done();
    });
    // Absent or damaged weights are found here, before anything is trained, and not when the first stage that
    // needs them begins.
    if (needed) encoder->prepare({graph.first_prompt});
  }
}

SuiteOutcome run_suite(const SuiteGraph& graph, int jobs, const std::vector<std::string>& words, DamagePolicy policy) {
  const std::string started = utc_now();
  SuiteOutcome outcome;
  outcome.folder = suite_folder(graph);
  // Two runs of one suite share their stages, but only one may write the record.
  std::optional<StageLock> lock(std::in_place, *outcome.folder, "run " + graph.spec.name);
  if (set_damaged_aside(*outcome.folder, policy)) lock.emplace(*outcome.folder);
  note_absent_stages(graph, *outcome.folder);
  outcome.folder->begin();
  for (const std::string& note : graph.notes) say("note: " + note);
  // Before any stage runs, so that what is claimed cannot follow from what is found.
  const Json claims = fix_claims(graph);
  const int64_t pictures = graph.judged ? static_cast<int64_t>(graph.judged->size()) : 0;
  const std::filesystem::path told = outcome.folder->file(kToldFile);
  outcome.summary = run_stages(graph.stages, jobs, policy, {pictures, told});
  // Only of a run that is at work, or was stopped.
  std::error_code absent;
  std::filesystem::remove(told, absent);
  const Json result = gather_result(graph, outcome.summary);
  Json gathered = gather_provenance(graph, words, started);
  if (!claims.is_null()) gathered["claims"] = claims;
  const Json provenance = with_earlier_calls(std::move(gathered), outcome.folder->file("provenance.json"),
                                             outcome.summary.finished, outcome.summary.failed.empty());
  // With failures the record is written all the same, so that there is a report of what did finish; the mark
  // says that the suite is to be run again.
  if (outcome.summary.failed.empty()) {
    outcome.folder->finish(result, provenance);
  } else {
    write_json(outcome.folder->file("result.json"), result);
    write_json(outcome.folder->file("provenance.json"), provenance);
    outcome.folder->fail_sealed(fmt::format("{} stages failed", outcome.summary.failed.size()));
  }
  return outcome;
}

}  // namespace emf
