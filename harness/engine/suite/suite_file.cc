// SPDX-License-Identifier: Apache-2.0
#include "harness/engine/suite/suite_file.h"

#include <algorithm>
#include <set>

#include "harness/api/objective.h"
#include "harness/base/bounded.h"
#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/base/near_name.h"
#include "harness/base/paths.h"
#include "harness/base/run_name.h"
#include "harness/engine/suite/suite_grid.h"
#include "harness/engine/suite/suite_tables.h"

namespace emf {
namespace {

/// Every name once: a second of the same would be the same rows again.
void refuse_repeats(const std::vector<std::string>& names, ConfigReader& reader, const std::string& key) {
  std::set<std::string> seen;
  for (const std::string& name : names) {
    if (!seen.insert(name).second) fail_input("{}: '{}' names '{}' twice", reader.place(key), key, name);
  }
}

std::vector<std::string> read_names(ConfigReader& reader, const std::string& key, std::vector<std::string> fallback,
                                    const char* meaning) {
  std::vector<std::string> names = reader.texts(key, std::move(fallback), meaning);
  refuse_repeats(names, reader, key);
  return names;
}

void read_encoders(SuiteSpec& spec, ConfigReader& reader) {
  const std::vector<std::string> names =
      read_names(reader, "encoders", {"class_label"},
                 "encoders that are compared: registered, or explained by [encoder.NAME] tables");
  if (names.empty()) fail_input("{}: 'encoders' is empty", reader.place("encoders"));
  for (const std::string& name : names) spec.encoders.push_back(read_encoder_choice(spec.config, reader, name));
  refuse_unlisted(spec.config, "encoder", names);
  ConfigReader seeds(spec.config, "encoder_seeds");
  for (const std::string& name : names) {
    const auto own = seeds.distinct_integers(name, {}, 0, int64_t{1} << 40,
                                             "seeds of this encoder's rows; absent: those of the suite");
    if (!own.empty()) spec.encoder_seeds[name] = own;
  }
  seeds.finish();
}

void read_objectives(SuiteSpec& spec, ConfigReader& reader) {
  const std::vector<std::string> names =
      read_names(reader, "objectives", {"flow_matching", "mean_flow"},
                 "objectives that are compared, likewise; [] = nothing is trained, the suite only probes");
  for (const std::string& name : names) spec.objectives.push_back(read_objective_choice(spec.config, reader, name));
  // An objective that others start from may have a table without a row of its own.
  if (!names.empty()) refuse_unlisted(spec.config, "objective", names, ObjectiveRegistry::instance().names());
}

/// The protagonist where the suite names none: the first objective that goes on from another's training.
std::string main_objective_of(const std::vector<PluginChoice>& objectives) {
  for (const PluginChoice& choice : objectives) {
    // Asked of the plugin itself, because the engine knows none of them by name.
    const auto made = ObjectiveRegistry::instance().make(choice.plugin, choice.options, {});
    if (!made->wants().starts_from.empty()) return choice.name;
  }
  return objectives.front().name;
}

void read_models_and_codecs(SuiteSpec& spec, ConfigReader& reader) {
  const std::vector<std::string> models =
      read_names(reader, "models", {}, "further models to compare: registered, or explained by [model.NAME] tables");
  std::vector<std::string> tables;
  const Json table = Options(spec.config, {"model"}).values();
  for (const auto& [key, value] : table.items()) {
    // Options of a model are numbers and words, so a table inside [model] can only be a model of its own.
    if (value.is_object()) tables.push_back(key);
  }
  for (const std::string& name : tables) {
    if (std::find(models.begin(), models.end(), name) == models.end()) {
      fail_input("{}: [model.{}] explains a model that 'models' does not list{}", spec.config.place("model." + name),
                 name, models.empty() ? "" : suggestion(name, models));
    }
  }
  spec.models.push_back(read_model_choice(spec.config, reader, "", tables));
  for (const std::string& name : models) {
    const bool explained = std::find(tables.begin(), tables.end(), name) != tables.end();
    if (!explained && name == spec.models.front().plugin) continue;  // [model] itself
    spec.models.push_back(read_model_choice(spec.config, reader, name, tables));
  }
  const std::string precision =
      reader.choice("precision", "fp32", {"fp32", "bf16"},
                    "of the products of every model that does not say its own, in training and painting");
  for (PluginChoice& choice : spec.models) {
    const bool says_so = choice.options.values().contains("precision");
    // fp32 is what a model does anyway; one that knows of no other may be asked for it.
    if (precision != "fp32" && !says_so) choice.options = choice.options.with("precision", precision);
  }
  const std::vector<std::string> codecs = read_names(
      reader, "latent", {"autoencoder"}, "codecs that are compared: registered, or explained by [codec.NAME] tables");
  if (codecs.empty()) fail_input("{}: 'latent' is empty", reader.place("latent"));
  for (const std::string& name : codecs) spec.codecs.push_back(read_codec_choice(spec.config, reader, name));
  refuse_unlisted(spec.config, "codec", codecs);
}

void read_metrics(SuiteSpec& spec, ConfigReader& reader) {
  const std::string judge =
      reader.text("judge", "detector", "what looks at pictures for metrics of facts, or name:path");
  spec.backbone =
      reader.text("backbone", "lite0", "the network whose features distances and probes read, or name:path");
  const std::vector<std::string> names = read_names(reader, "metrics", {"geneval"},
                                                    "what pictures are scored by: registered metrics, fd_NAME and "
                                                    "kid_NAME of a backbone, or names of [metric.NAME] tables");
  if (names.empty() && !spec.only_probes()) {
    fail_input("{}: 'metrics' is empty: nothing would be said of the pictures", reader.place("metrics"));
  }
  for (const std::string& name : names) {
    spec.metrics.push_back(read_metric_choice(spec.config, reader, name, judge, spec.backbone));
  }
  refuse_unlisted(spec.config, "metric", names);
  if (!names.empty())
    spec.main_metric = reader.choice("main_metric", names.front(), names,
                                     "the metric that orders tables, plots and claims; absent: the first of metrics");
}

/// A slip such as seeds = 0..100000 ends here, and not where memory does.
void require_few_cells(const SuiteSpec& spec) {
  constexpr size_t kMostCells = 20'000;
  const auto seeds_of = [&](const EncoderChoice& choice) { return spec.seeds_of(choice.name).size(); };
  size_t rows = 0;
  const EncoderChoice* most = &spec.encoders.front();
  for (const EncoderChoice& choice : spec.encoders) {
    rows += seeds_of(choice) * spec.objectives.size() * spec.models.size() * spec.codecs.size();
    if (seeds_of(choice) > seeds_of(*most)) most = &choice;
  }
  const size_t cells = rows * spec.steps.size() * (1 + spec.checkpoints.size());
  if (cells <= kMostCells) return;
  // What is longest is most likely the slip.
  const bool own = spec.encoder_seeds.count(most->name) > 0;
  const std::vector<std::pair<size_t, std::string>> lists = {
      {seeds_of(*most), own ? "encoder_seeds." + most->name : "seeds"},
      {spec.steps.size(), "steps"},
      {spec.checkpoints.size(), "checkpoints"}};
  const auto& [count, key] = *std::max_element(lists.begin(), lists.end());
  fail_input("{}: {} rows with {} cells, more than {}: '{}' holds {}; make several suites of it",
             spec.config.place(key), rows, cells, kMostCells, key, count);
}

}  // namespace

std::string arm_name(const std::string& objective, const std::string& model, const std::string& codec) {
  return objective + (model.empty() ? "" : "+" + model) + (codec.empty() ? "" : "+" + codec);
}

PluginChoice SuiteSpec::objective(const std::string& wanted) const {
  for (const PluginChoice& choice : objectives) {
    if (choice.name == wanted) return choice;
  }
  if (ObjectiveRegistry::instance().contains(wanted)) {
    return {wanted, wanted, "", Options(config, {"objective", wanted}, {"objective", "title"})};
  }
  fail_input("{}: an objective starts from '{}', which is not registered{}", config.place("objectives"), wanted,
             suggestion(wanted, ObjectiveRegistry::instance().names()));
}

std::vector<std::string> SuiteSpec::encoder_names() const {
  std::vector<std::string> names;
  for (const EncoderChoice& choice : encoders) names.push_back(choice.name);
  return names;
}

std::vector<std::string> suite_names() {
  std::vector<std::string> names;
  const std::filesystem::path folder = project_root() / "experiments";
  if (!is_folder(folder)) {
    fail_missing("{} is no folder: EMFBENCH_ROOT must name the tree of emfbench, or be unset", folder.string());
  }
  for (const std::filesystem::path& entry : files_in(folder)) {
    if (entry.extension() == ".toml") names.push_back(entry.stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

Config load_suite_file(const std::string& name_or_path, const std::vector<std::string>& overrides) {
  std::filesystem::path path = name_or_path;
  if (path.extension() != ".toml") {
    // Without an ending it is the name of a suite of the tree, wherever the command is given.
    path = project_root() / "experiments" / (name_or_path + ".toml");
    if (!path_exists(path)) {
      fail_input("no suite '{}'{} (see: emfbench list suites; or name a .toml file)", name_or_path,
                 suggestion(name_or_path, suite_names()));
    }
  }
  Config config = load_config(path);
  for (const std::string& word : overrides) apply_override(config, word);
  return config;
}

SuiteSpec load_suite(const std::string& name_or_path, const std::vector<std::string>& overrides) {
  return read_suite(load_suite_file(name_or_path, overrides));
}

SuiteSpec read_suite(Config config) {
  SuiteSpec spec;
  spec.config = std::move(config);
  // Before anything is read, so that what a grid makes is read as if the file itself had said it.
  expand_grids(spec.config);
  ConfigReader suite(spec.config, "suite");
  spec.name =
      suite.required_text("name", "what the suite, its record and its report are called: letters, digits, _ and -");
  require_suite_name(spec.name, suite.place("name"));
  spec.question = suite.required_text("question", "what the suite answers, in a sentence");
  spec.paper = suite.choice("paper", "", {"", "emf"}, "the paper whose tables stand beside this suite's; \"\" = none");
  suite.finish();

  ConfigReader reader(spec.config, "");
  for (const char* table : {"suite", "data", "model", "train", "evaluation", "objective", "encoder", "encoder_seeds",
                            "probe", "pretraining", "codec", "metric"}) {
    // These tables have readers of their own; asked for here, they are no unknown keys of the file.
    reader.raw(table);
  }
  read_encoders(spec, reader);
  read_objectives(spec, reader);
  read_models_and_codecs(spec, reader);
  read_metrics(spec, reader);
  const std::vector<std::string> probes =
      read_names(reader, "probes", {},
                 "what encoders are asked before any training: registered, or explained by [probe.NAME] tables");
  for (const std::string& name : probes) {
    spec.probes.push_back(read_probe_choice(spec.config, reader, name, spec.backbone));
  }
  if (spec.only_probes() && probes.empty()) {
    fail_input("{}: neither 'objectives' nor 'probes' names anything to do", reader.place("objectives"));
  }
  refuse_unlisted(spec.config, "probe", probes);
  spec.steps = reader.distinct_integers("steps", {1, 2, 4, 25}, 1, 100000,
                                        "steps of the sampler that rows are painted with, each once [steps]");
  // Neighbours are compared, and the first and the last get distances: both mean the fewest and the most steps.
  std::sort(spec.steps.begin(), spec.steps.end());
  spec.seeds =
      reader.distinct_integers("seeds", {0}, 0, int64_t{1} << 40, "seeds that every row is trained with, each once");
  spec.checkpoints = reader.distinct_integers("checkpoints", {}, 1, int64_t{1} << 40,
                                              "pictures at which a row's weights are kept and scored too [pictures]");
  spec.trajectory_steps = reader.integer(
      "trajectories", 0, 0, 1000,
      "steps in which the paths from noise to picture are looked at, for their straightness; 0 = not at all [steps]");
  spec.data_seed =
      static_cast<uint64_t>(reader.integer("data_seed", 0, 0, int64_t{1} << 40, "seed of the data set's draws"));
  spec.placement = read_placement(
      reader.text("device", "cpu",
                  "what encodes, trains, paints and judges: cpu, cuda or cuda:N (the N-th card, from 0)"),
      reader.place("device"));
  spec.bfloat16_instruments =
      reader.choice("instrument_precision", "fp32", {"fp32", "bf16"},
                    "of the products of codecs, judges and backbones: bf16 measures faster, and not quite the same") ==
      "bf16";
  spec.placement.tf32 =
      reader.flag("tf32", false, "on a CUDA device, round factors of float32 products to TF32: faster, 3 digits");
  const Json claims = reader.raw("claims", "sentences that the suite must show, a table each");
  if (spec.steps.empty() || spec.seeds.empty()) {
    fail_input("{}: 'steps' and 'seeds' must not be empty", spec.config.origin);
  }
  if (!spec.only_probes()) {
    std::vector<std::string> objectives;
    for (const PluginChoice& choice : spec.objectives) objectives.push_back(choice.name);
    spec.main_objective =
        reader.choice("main_objective", main_objective_of(spec.objectives), objectives,
                      "the objective that others are compared with; absent: the first that starts from another");
  }
  reader.finish();

  spec.pretraining = read_pretraining(spec.config);
  if (spec.only_probes()) {
    // Defaults of training and evaluation mean nothing here, and a suite that sets them expects something that
    // would not happen.
    refuse_training_keys(spec.config);
    return spec;
  }
  require_few_cells(spec);
  spec.train = read_train(spec.config);
  spec.evaluation = read_evaluation(spec.config, spec.steps, spec.objectives);
  spec.claims = read_claims(spec.config, claims, spec.main_metric);
  return spec;
}

}  // namespace emf
