#include "harness/engine/suite/suite_file.h"

#include <algorithm>

#include "harness/api/encoder.h"
#include "harness/api/metric.h"
#include "harness/api/objective.h"
#include "harness/api/pretraining.h"
#include "harness/api/probe.h"
#include "harness/base/near_name.h"
#include "harness/base/paths.h"

namespace emf {
namespace {

/// Every name must be registered; else the line, the word and its nearest neighbour.
template <typename RegistryType>
void check_names(const std::vector<std::string>& words, ConfigReader& reader, const std::string& key) {
  for (const std::string& word : words) {
    if (!RegistryType::instance().contains(word)) {
      fail_input("{}: '{}' names '{}', which is not registered{}", reader.place(key), key, word,
                 suggestion(word, RegistryType::instance().names()));
    }
  }
  if (words.empty()) fail_input("{}: '{}' is empty", reader.place(key), key);
}

/// The encoders by name, and nothing in [encoder.*] that no list names.
std::map<std::string, EncoderChoice> read_encoders(const Config& config, ConfigReader& reader,
                                                   const std::vector<std::string>& names) {
  if (names.empty()) fail_input("{}: 'encoders' is empty", reader.place("encoders"));
  std::map<std::string, EncoderChoice> choices;
  for (const std::string& name : names) choices[name] = read_encoder_choice(config, reader, name);
  const Json tables = config.values.value("encoder", Json::object());
  for (const auto& [name, table] : tables.items()) {
    if (choices.count(name) > 0) continue;
    fail_input("{}: [encoder.{}] explains an encoder that 'encoders' does not list{}", config.place("encoder." + name),
               name, suggestion(name, names));
  }
  return choices;
}

/// What trainings of generators and of encoders share; the budget is read under its own name.
TrainOptions read_training(ConfigReader& reader, const std::string& budget, TrainOptions train) {
  train.batch = reader.integer("batch", train.batch, 1, 1 << 20);
  train.pictures = reader.integer(budget, train.pictures, 1, int64_t{1} << 40);
  train.learning_rate = reader.number("learning_rate", train.learning_rate, 0, 1);
  train.warm_up = reader.number("warm_up", train.warm_up, 0, 1);
  train.weight_decay = reader.number("weight_decay", train.weight_decay, 0, 10);
  train.clip_norm = reader.number("clip_norm", train.clip_norm, 0, 1e9);
  train.ema_half_life = reader.number("ema_half_life", train.ema_half_life, 1e-6, 1);
  train.checkpoints = reader.integer("checkpoints", train.checkpoints, 1, 10000);
  return train;
}

TrainOptions read_train(const Config& config) {
  ConfigReader reader(config, "train");
  TrainOptions train = read_training(reader, "pictures", TrainOptions());
  train.pool = reader.integer("pool", train.pictures, 1, int64_t{1} << 40);
  reader.finish();
  if (train.pictures % (2 * train.batch) != 0) {
    // MeanFlow starts from the flow-matching network at half the budget, so half must be a whole number of steps.
    fail_input("{}: train.pictures {} must be a multiple of twice train.batch ({})", reader.place("pictures"),
               train.pictures, 2 * train.batch);
  }
  return train;
}

PretrainingOptions read_pretraining(const Config& config) {
  ConfigReader reader(config, "pretraining");
  PretrainingOptions pretraining;
  pretraining.train.pictures = 131072;
  pretraining.train.batch = 64;
  pretraining.train = read_training(reader, "captions", pretraining.train);
  pretraining.paraphrase = reader.number("paraphrase", pretraining.paraphrase, 0, 1);
  const Json data = reader.raw("data");
  for (const Json& table : data.is_array() ? data : Json::array()) {
    if (!table.is_object()) fail_input("{}: 'data' is a list of tables, each as [data] is", reader.place("data"));
    pretraining.data.push_back(table);
  }
  if (!data.is_null() && pretraining.data.empty())
    fail_input("{}: 'data' is a list of tables, each as [data] is", reader.place("data"));
  if (pretraining.data.empty()) pretraining.data.push_back(config.values.value("data", Json::object()));
  for (const std::string& known : PretrainingRegistry::instance().names()) reader.raw(known);
  reader.finish();
  if (pretraining.train.pictures % pretraining.train.batch != 0) {
    fail_input("{}: pretraining.captions {} must be a multiple of pretraining.batch ({})", reader.place("captions"),
               pretraining.train.pictures, pretraining.train.batch);
  }
  return pretraining;
}

EvaluationOptions read_evaluation(const Config& config, const std::vector<int64_t>& steps,
                                  const std::vector<std::string>& objectives) {
  ConfigReader reader(config, "evaluation");
  EvaluationOptions evaluation;
  JudgingOptions& judging = evaluation.judging;
  judging.prompts = reader.integer("prompts", judging.prompts, 6, 1 << 20);
  judging.pictures_per_prompt = reader.integer("pictures_per_prompt", judging.pictures_per_prompt, 1, 1000);
  judging.metadata = reader.text("metadata", "");
  judging.reworded = reader.integer("reworded", judging.reworded, 0, judging.prompts);
  judging.compositions = reader.integer("compositions", judging.compositions, 0, 1 << 20);
  judging.seed = static_cast<uint64_t>(reader.integer("seed", 0, 0, int64_t{1} << 40));
  evaluation.guidance = reader.number("guidance", evaluation.guidance, 0, 100);
  for (const std::string& objective : objectives) {
    evaluation.guidance_of.emplace_back(objective, reader.number("guidance_" + objective, evaluation.guidance, 0, 100));
  }
  for (const std::string& known : ObjectiveRegistry::instance().names()) reader.number("guidance_" + known, 0, 0, 100);
  evaluation.reference_pictures = reader.integer("reference_pictures", evaluation.reference_pictures, 2, 1 << 22);
  evaluation.feature_steps = reader.integers("feature_steps", {steps.front(), steps.back()}, 1, 100000);
  reader.finish();
  return evaluation;
}

std::vector<Claim> read_claims(const Config& config, const Json& raw) {
  std::vector<Claim> claims;
  for (size_t i = 0; raw.is_array() && i < raw.size(); ++i) {
    ConfigReader reader(config, "claims." + std::to_string(i));
    Claim claim;
    claim.name = reader.required_text("name");
    claim.metric = reader.text("metric", "geneval");
    claim.left = reader.required_text("left");
    claim.right = reader.required_text("right");
    claim.factor = reader.number("factor", 1, 0, 1e6);
    reader.finish();
    claims.push_back(claim);
  }
  return claims;
}

/// One name of the suite's `probes`, with its table [probe.NAME] where there is one.
ProbeSpec read_probe(const Config& config, ConfigReader& suite, const std::string& name) {
  const std::string table = "probe." + name;
  ConfigReader reader(config, table);
  ProbeSpec spec;
  spec.name = name;
  spec.probe = reader.text("probe", name);
  if (!ProbeRegistry::instance().contains(spec.probe)) {
    const bool named = reader.has("probe");
    fail_input("{}: '{}' names '{}', which is not registered{}", named ? reader.place("probe") : suite.place("probes"),
               named ? table + ".probe" : "probes", spec.probe,
               suggestion(spec.probe, ProbeRegistry::instance().names()));
  }
  spec.title = reader.text("title", "");
  spec.query_words = reader.text("query_words", "");
  spec.candidate_words = reader.text("candidate_words", "");
  spec.captions = reader.integer("captions", spec.captions, 2, 1 << 20);
  const Json data = reader.raw("data");
  if (data.is_object()) spec.data = data;
  // What is left is the probe's own to check: a typo is refused when the probe reads its options.
  const Json probes = config.values.value("probe", Json::object()), whole = probes.value(name, Json::object());
  for (const auto& [key, value] : whole.items()) {
    const std::vector<std::string> read = {"probe", "title", "query_words", "candidate_words", "captions", "data"};
    if (std::find(read.begin(), read.end(), key) == read.end()) spec.options[key] = value;
  }
  return spec;
}

/// Tables that say nothing where nothing is trained are refused: they would be silently ignored.
void refuse_training_tables(const Config& config) {
  for (const char* table : {"model", "train", "evaluation", "objective", "claims"}) {
    if (config.values.contains(table)) {
      fail_input("{}: a suite with 'objectives = []' only probes, so '{}' has no meaning; leave it out",
                 config.place(table), table);
    }
  }
}

}  // namespace

std::vector<std::string> suite_names() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(project_root() / "experiments")) {
    if (entry.path().extension() == ".toml") names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

Config load_suite_file(const std::string& name_or_path, const std::vector<std::string>& overrides) {
  std::filesystem::path path = name_or_path;
  if (path.extension() != ".toml") {
    path = project_root() / "experiments" / (name_or_path + ".toml");
    if (!std::filesystem::exists(path)) {
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
  ConfigReader suite(spec.config, "suite");
  spec.name = suite.required_text("name");
  spec.question = suite.required_text("question");
  suite.finish();

  ConfigReader reader(spec.config, "");
  for (const char* table : {"suite", "data", "model", "train", "evaluation", "objective", "encoder", "encoder_seeds",
                            "probe", "pretraining"}) {
    reader.raw(table);
  }
  spec.encoders = reader.texts("encoders", {"class_label"});
  spec.objectives = reader.texts("objectives", {"flow_matching", "mean_flow"});
  spec.metrics = reader.texts("metrics", {"geneval"});
  const std::vector<std::string> probes = reader.texts("probes", {});
  spec.steps = reader.integers("steps", {1, 2, 4, 25}, 1, 100000);
  spec.seeds = reader.integers("seeds", {0}, 0, int64_t{1} << 40);
  spec.latent = reader.choice("latent", "autoencoder", {"autoencoder", "none"});
  spec.data_seed = static_cast<uint64_t>(reader.integer("data_seed", 0, 0, int64_t{1} << 40));
  const Json claims = reader.raw("claims");
  spec.encoder_choices = read_encoders(spec.config, reader, spec.encoders);
  if (!spec.only_probes()) check_names<ObjectiveRegistry>(spec.objectives, reader, "objectives");
  if (spec.only_probes() && probes.empty()) {
    fail_input("{}: neither 'objectives' nor 'probes' names anything to do", reader.place("objectives"));
  }
  for (const std::string& name : probes) spec.probes.push_back(read_probe(spec.config, reader, name));
  for (const std::string& metric : spec.metrics) {
    const std::vector<std::string> known = {"geneval", "kid_lite0", "fd_lite0"};
    if (std::find(known.begin(), known.end(), metric) == known.end()) {
      fail_input("{}: unknown metric '{}'{}", reader.place("metrics"), metric, suggestion(metric, known));
    }
  }
  if (spec.steps.empty() || spec.seeds.empty())
    fail_input("{}: 'steps' and 'seeds' must not be empty", spec.config.origin);
  reader.finish();

  ConfigReader encoder_seeds(spec.config, "encoder_seeds");
  for (const std::string& encoder : spec.encoders) {
    const auto own = encoder_seeds.integers(encoder, {}, 0, int64_t{1} << 40);
    if (!own.empty()) spec.encoder_seeds[encoder] = own;
  }
  encoder_seeds.finish();

  ConfigReader objective_tables(spec.config, "objective");
  for (const std::string& known : ObjectiveRegistry::instance().names()) objective_tables.raw(known);
  objective_tables.finish();

  spec.pretraining = read_pretraining(spec.config);
  if (spec.only_probes()) {
    refuse_training_tables(spec.config);
    return spec;
  }
  spec.train = read_train(spec.config);
  spec.evaluation = read_evaluation(spec.config, spec.steps, spec.objectives);
  spec.claims = read_claims(spec.config, claims);
  return spec;
}

}  // namespace emf
