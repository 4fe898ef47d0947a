#include "harness/engine/suite/suite_tables.h"

#include <fmt/ranges.h>

#include <algorithm>

#include "harness/api/objective.h"
#include "harness/api/pretraining.h"
#include "harness/base/error.h"

namespace emf {
namespace {

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

void require_whole_steps(ConfigReader& reader, const std::string& budget, const TrainOptions& train) {
  // A last batch of another size would be a step of another weight, and segments could not be cut at steps.
  if (train.pictures % train.batch == 0) return;
  fail_input("{}: {} {} is no whole number of steps of {} ({})", reader.place(budget), budget, train.pictures,
             train.batch, "batch");
}

}  // namespace

TrainOptions read_train(const Config& config) {
  ConfigReader reader(config, "train");
  TrainOptions train = read_training(reader, "pictures", TrainOptions());
  // Read behind the budget, which is its default: every sample is then shown once.
  train.pool = reader.integer("pool", train.pictures, 1, int64_t{1} << 40);
  reader.finish();
  require_whole_steps(reader, "pictures", train);
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
  if (!data.is_null() && pretraining.data.empty()) {
    fail_input("{}: 'data' is a list of tables, each as [data] is", reader.place("data"));
  }
  // The suite's own world, so that a pretraining without a word more is about the captions that the generator
  // will read.
  if (pretraining.data.empty()) pretraining.data.push_back(config.values.value("data", Json::object()));
  // Each of these tables is read by its pretraining, and may stand here though no encoder of this suite asks
  // for it.
  for (const std::string& known : PretrainingRegistry::instance().names()) reader.raw(known);
  reader.finish();
  require_whole_steps(reader, "captions", pretraining.train);
  return pretraining;
}

EvaluationOptions read_evaluation(const Config& config, const std::vector<int64_t>& steps,
                                  const std::vector<PluginChoice>& objectives) {
  ConfigReader reader(config, "evaluation");
  EvaluationOptions evaluation;
  JudgingOptions& judging = evaluation.judging;
  judging.prompts = reader.integer("prompts", judging.prompts, 1, 1 << 20);
  judging.pictures_per_prompt = reader.integer("pictures_per_prompt", judging.pictures_per_prompt, 1, 1000);
  judging.metadata = reader.text("metadata", "");
  judging.questions = reader.text("questions", "");
  judging.reworded = reader.integer("reworded", judging.reworded, 0, judging.prompts);
  judging.compositions = reader.integer("compositions", judging.compositions, 0, 1 << 20);
  judging.seed = static_cast<uint64_t>(reader.integer("seed", 0, 0, int64_t{1} << 40));
  const double guidance = reader.number("guidance", 2, 0, 100);
  // What a name of the suite's is not given is that of the objective behind it.
  for (const PluginChoice& choice : objectives) {
    const double registered = reader.number("guidance_" + choice.plugin, guidance, 0, 100);
    evaluation.guidance_of[choice.name] = reader.number("guidance_" + choice.name, registered, 0, 100);
  }
  // A command line may leave an objective out; the guidance that the file gives it is then no mistake.
  for (const std::string& known : ObjectiveRegistry::instance().names()) reader.number("guidance_" + known, 0, 0, 100);
  evaluation.reference_pictures = reader.integer("reference_pictures", evaluation.reference_pictures, 2, 1 << 22);
  std::vector<int64_t> ends = {steps.front()};
  if (steps.size() > 1) ends.push_back(steps.back());
  for (const int64_t wanted : reader.distinct_integers("feature_steps", ends, 1, 100000)) {
    if (std::find(steps.begin(), steps.end(), wanted) != steps.end()) {
      evaluation.feature_steps.push_back(wanted);
      continue;
    }
    // A file's own wish yields to a command line that paints with other step counts.
    const std::string place = reader.place("feature_steps");
    if (config.place("steps") != "command line" || place == "command line") {
      fail_input(
          "{}: 'evaluation.feature_steps' holds {}, and 'steps' does not: {}; distances are of pictures that are "
          "painted",
          place, wanted, fmt::join(steps, ", "));
    }
    evaluation.dropped_feature_steps.push_back(wanted);
  }
  reader.finish();
  return evaluation;
}

std::vector<Claim> read_claims(const Config& config, const Json& raw, const std::string& main_metric) {
  std::vector<Claim> claims;
  if (!raw.is_null() && !raw.is_array()) {
    fail_input("{}: 'claims' must be a list of tables; write [[claims]] above each", config.place("claims"));
  }
  for (size_t i = 0; raw.is_array() && i < raw.size(); ++i) {
    ConfigReader reader(config, "claims." + std::to_string(i));
    Claim claim;
    claim.name = reader.required_text("name");
    claim.metric = reader.text("metric", main_metric);
    claim.left = reader.required_text("left");
    claim.right = reader.required_text("right");
    claim.factor = reader.number("factor", 1, 0, 1e6);
    claim.reported = reader.text("reported", "");
    reader.finish();
    claims.push_back(claim);
  }
  return claims;
}

void refuse_training_keys(const Config& config) {
  for (const char* key : {"model", "train", "evaluation", "objective", "claims", "codec", "metric", "steps",
                          "checkpoints", "latent", "metrics", "models", "judge", "main_metric", "main_objective"}) {
    if (config.values.contains(key)) {
      fail_input("{}: a suite with 'objectives = []' only probes, so '{}' has no meaning; leave it out",
                 config.place(key), key);
    }
  }
}

}  // namespace emf
