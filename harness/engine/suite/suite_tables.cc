// SPDX-License-Identifier: Apache-2.0
#include "harness/engine/suite/suite_tables.h"

#include <fmt/ranges.h>

#include <algorithm>

#include "harness/api/objective.h"
#include "harness/api/pretraining.h"
#include "harness/base/error.h"

namespace emf {
namespace {

constexpr int64_t kMostPictures = int64_t{1} << 40;

/// Whoever thinks in steps says so; both are said where a command line takes the place of a file's word.
int64_t budget_of_steps(ConfigReader& reader, const std::string& budget, int64_t steps, const TrainOptions& train) {
  const std::string place = reader.place("steps");
  if (reader.has(budget)) {
    const bool mine = place == "command line", other = reader.place(budget) == "command line";
    if (mine == other) {
      fail_input("{}: either '{}' or 'steps' says the budget ({} = steps x batch); leave one out", place, budget,
                 budget);
    }
    if (other) return train.pictures;
  }
  if (steps > kMostPictures / train.batch) {
    fail_input("{}: {} steps of {} are more than {} {}", place, steps, train.batch, kMostPictures, budget);
  }
  return steps * train.batch;
}

/// What trainings of generators and of encoders share; the budget is read under its own name.
TrainOptions read_training(ConfigReader& reader, const std::string& budget, TrainOptions train) {
  train.batch = reader.integer("batch", train.batch, 1, 1 << 20, "rows of one step of the optimiser [pictures]");
  train.pictures =
      reader.integer(budget, train.pictures, 1, kMostPictures,
                     "the whole budget of a row or of an encoder: what it is shown, a multiple of batch [pictures]");
  const int64_t steps = reader.integer("steps", 0, 0, kMostPictures,
                                       "the same budget as steps of the optimiser: its pictures are steps x batch; 0 = "
                                       "not given [steps]");
  if (steps > 0) train.pictures = budget_of_steps(reader, budget, steps, train);
  train.learning_rate =
      reader.number("learning_rate", train.learning_rate, 0, 1, "peak learning rate of the optimiser");
  train.warm_up =
      reader.number("warm_up", train.warm_up, 0, 1, "share of the budget over which the learning rate rises");
  train.weight_decay = reader.number("weight_decay", train.weight_decay, 0, 10, "decoupled weight decay");
  train.clip_norm =
      reader.number("clip_norm", train.clip_norm, 0, 1e9, "gradients of a larger norm are scaled down to it");
  train.ema_half_life =
      reader.number("ema_half_life", train.ema_half_life, 1e-6, 1,
                    "half-life of the averaged weights that are sampled from, as a share of the budget");
  train.checkpoints = reader.integer("checkpoints", train.checkpoints, 1, 10000,
                                     "how often in a budget training can be taken up again [times]");
  return train;
}

void require_whole_steps(ConfigReader& reader, const std::string& budget, const TrainOptions& train) {
  // A last batch of another size would be a step of another weight, and segments could not be cut at steps.
  if (train.pictures % train.batch == 0) return;
  fail_input("{}: {} {} is no whole number of steps of {} ({})", reader.place(budget), budget, train.pictures,
             train.batch, "batch");
}

/// Steps as cells have them; "*" = all.
std::vector<std::string> read_claim_steps(ConfigReader& reader) {
  constexpr const char* kMeaning = "steps that the sentence leaves open, or \"*\" for all";
  std::vector<std::string> steps;
  if (reader.raw("steps").is_string()) {
    steps = reader.texts("steps", {}, kMeaning);
  } else {
    for (const int64_t count : reader.distinct_integers("steps", {}, 1, 100000, kMeaning)) {
      steps.push_back(std::to_string(count));
    }
  }
  return steps;
}

/// Cells were named by keys of their own until sentences could say more.
void refuse_sides(ConfigReader& reader) {
  if (!reader.has("left") && !reader.has("right")) return;
  const std::string left = reader.text("left", "A"), right = reader.text("right", "B");
  const double factor = reader.number("factor", 1, 0, 1e6);
  fail_input("{}: a claim is a sentence; write claim = \"{} > {}{}\" for left, right{} (of a distance, <)",
             reader.place(reader.has("left") ? "left" : "right"), left,
             factor == 1 ? "" : fmt::format("{:g} * ", factor), right, factor == 1 ? "" : " and factor");
}

Claim read_claim(const Config& config, const std::string& table, const std::string& main_metric) {
  ConfigReader reader(config, table);
  Claim claim;
  refuse_sides(reader);
  claim.name = reader.required_text("name", "the sentence, for people");
  claim.metric = reader.text("metric", main_metric, "the metric it is about, or METRIC/PART; absent: the main one");
  claim.text = reader.required_text(
      "claim",
      "what must hold: \"mean_flow > flow_matching\", \"llm/mean_flow/1 > 0.5 * ceiling\", \"discriminability ~ "
      "mean_flow\"; cells as encoder/objective/steps, what a sentence leaves out standing in 'at'");
  claim.sentence = parse_claim(claim.text, reader.place("claim"));
  reader.raw("at",
             "what the sentence leaves open: { encoder = [...], objective = [...], steps = [...] }, \"*\" for all");
  ConfigReader at(config, table + ".at");
  claim.encoders = at.texts("encoder", {}, "encoders that the sentence leaves open, or \"*\" for all");
  claim.objectives = at.texts("objective", {}, "objectives that the sentence leaves open, or \"*\" for all");
  claim.steps = read_claim_steps(at);
  at.finish();
  claim.of_mean = reader.choice("test", "each", {"each", "mean"},
                                "of several comparisons: each must hold (Holm), or their mean") == "mean";
  claim.margin = reader.number("margin", 0, 0, 1e9, "by how much at least it must hold");
  const Json along =
      reader.raw("along", "encoders and where they stand on an axis, along which the claim's 'slope' is");
  if (!along.is_null()) {
    ConfigReader places(config, table + ".along");
    const Json listed = along.is_object() ? along : Json::object();
    for (const auto& [encoder, place] : listed.items()) {
      claim.along.emplace_back(encoder, places.number(encoder, 0, -1e9, 1e9, "where an encoder stands on the axis"));
    }
    const auto [low, high] = std::minmax_element(claim.along.begin(), claim.along.end(),
                                                 [](const auto& a, const auto& b) { return a.second < b.second; });
    if (claim.along.size() < 3 || low->second == high->second) {
      fail_input("{}: a slope is of three encoders at least, and not all in one place", reader.place("along"));
    }
  }
  claim.given = reader.text("given", "", "of a correlation: the probe whose share is taken out of it");
  if (!claim.given.empty() && !claim.sentence.correlates()) {
    fail_input("{}: 'given' takes a probe's share out of a correlation (\"probe ~ cell\"), and this is none",
               reader.place("given"));
  }
  claim.reported = reader.text("reported", "", "what a paper says of it, in its words");
  reader.finish();
  return claim;
}

}  // namespace

TrainOptions read_train(const Config& config) {
  ConfigReader reader(config, "train");
  TrainOptions train = read_training(reader, "pictures", TrainOptions());
  train.micro_batch = reader.integer("micro_batch", train.micro_batch, 0, 1 << 20,
                                     "rows of a step whose activations are in memory at once: less memory, a little "
                                     "slower; 0 = all of the batch [pictures]");
  // Every one is encoded and kept; a budget beyond it sees them again.
  constexpr int64_t kMostKept = 100'000'000;
  // Read behind the budget, which is its default: every sample is then shown once.
  train.pool = reader.integer("pool", train.pictures, 1, kMostKept,
                              "distinct pictures that are trained on; absent: as many as pictures [pictures]");
  reader.finish();
  require_whole_steps(reader, "pictures", train);
  if (train.pool > kMostKept) {
    fail_input("{}: {} distinct pictures are more than {}; give train.pool: fewer pictures, seen again and again",
               reader.place(reader.has("steps") ? "steps" : "pictures"), train.pool, kMostKept);
  }
  return train;
}

PretrainingOptions read_pretraining(const Config& config) {
  ConfigReader reader(config, "pretraining");
  PretrainingOptions pretraining;
  pretraining.train.pictures = 131072;
  pretraining.train.batch = 64;
  pretraining.train = read_training(reader, "captions", pretraining.train);
  pretraining.paraphrase = reader.number("paraphrase", pretraining.paraphrase, 0, 1,
                                         "share of captions said in other words than the data set's first");
  const Json data =
      reader.raw("data", "data sets whose captions are shown in turn, a table each as [data] is; absent: [data]");
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
  judging.prompts = reader.integer("prompts", judging.prompts, 1, 1 << 20,
                                   "prompts that pictures are painted of and judged by [prompts]");
  judging.pictures_per_prompt =
      reader.integer("pictures_per_prompt", judging.pictures_per_prompt, 1, 1000, "pictures of each prompt [pictures]");
  judging.metadata = reader.text(
      "metadata", "", "a file of GenEval's metadata lines whose prompts are judged; \"\" = the data set's own");
  judging.questions = reader.text("questions", "",
                                  "a CSV with DSG-1k's columns whose prompts are judged by its questions; \"\" = none");
  judging.reworded =
      reader.integer("reworded", judging.reworded, 0, judging.prompts,
                     "of the prompts, judged once more in words that training's captions do not have [prompts]");
  judging.compositions =
      reader.integer("compositions", judging.compositions, 0, 1 << 20, "long captions, judged by questions [prompts]");
  judging.seed =
      static_cast<uint64_t>(reader.integer("seed", 0, 0, int64_t{1} << 40, "seed of prompts and of real pictures"));
  const double guidance =
      reader.number("guidance", 2, 0, 100, "scale of classifier-free guidance when pictures are painted; 1 = none");
  constexpr const char* kGuidance = "that of one objective, by its name; absent: guidance";
  // What a name of the suite's is not given is that of the objective behind it.
  for (const PluginChoice& choice : objectives) {
    const double registered = reader.number("guidance_" + choice.plugin, guidance, 0, 100, kGuidance);
    evaluation.guidance_of[choice.name] = reader.number("guidance_" + choice.name, registered, 0, 100, kGuidance);
  }
  // A command line may leave an objective out; the guidance that the file gives it is then no mistake.
  for (const std::string& known : ObjectiveRegistry::instance().names()) {
    reader.number("guidance_" + known, 0, 0, 100, kGuidance);
  }
  evaluation.reference_pictures = reader.integer("reference_pictures", evaluation.reference_pictures, 2, 1 << 22,
                                                 "real pictures that distances are taken to [pictures]");
  std::vector<int64_t> ends = {steps.front()};
  if (steps.size() > 1) ends.push_back(steps.back());
  for (const int64_t wanted : reader.distinct_integers(
           "feature_steps", ends, 1, 100000,
           "steps whose pictures get distances; absent: the fewest and the most of steps [steps]")) {
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
    claims.push_back(read_claim(config, "claims." + std::to_string(i), main_metric));
  }
  return claims;
}

Json Claim::to_json() const {
  Json json = {{"name", name}, {"metric", metric}, {"claim", text}};
  Json at = Json::object();
  if (!encoders.empty()) at["encoder"] = encoders;
  if (!objectives.empty()) at["objective"] = objectives;
  if (!steps.empty()) at["steps"] = steps;
  if (!at.empty()) json["at"] = at;
  if (of_mean) json["test"] = "mean";
  if (margin != 0) json["margin"] = margin;
  for (const auto& [encoder, place] : along) json["along"][encoder] = place;
  if (!given.empty()) json["given"] = given;
  if (!reported.empty()) json["reported"] = reported;
  return json;
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
