#include "harness/engine/scoring/scoring.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "harness/backbones/efficientnet_lite0.h"
#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/base/interrupt.h"
#include "harness/codecs/autoencoder.h"
#include "harness/engine/text/prompt_table.h"
#include "harness/rules/answers.h"
#include "harness/tensor/instrument_file.h"

namespace emf {
namespace {

Json to_json(const MetricValue& metric) {
  Json json = {{"name", metric.name}, {"n", metric.n}};
  json["value"] = metric.value ? Json(*metric.value) : Json();
  json["ci95"] = metric.ci95 ? Json{(*metric.ci95)[0], (*metric.ci95)[1]} : Json();
  if (!metric.why.empty()) json["why"] = metric.why;
  if (!metric.warnings.empty()) json["warnings"] = metric.warnings;
  if (!metric.details.empty()) json["details"] = metric.details;
  return json;
}

}  // namespace

struct Judges::Loaded {
  int side;
  std::unique_ptr<Judge> detector;
  std::unique_ptr<EfficientNetLite0> backbone;
};

Judges::Judges(int side, bool needs_detector, bool needs_features)
    : loaded_(std::make_unique<Loaded>(Loaded{side, nullptr, nullptr})) {
  if (needs_detector) loaded_->detector = make_judge("detector", side);
  if (needs_features) loaded_->backbone = std::make_unique<EfficientNetLite0>();
}

Judges::~Judges() = default;

const Judge& Judges::detector() const {
  ensure(loaded_->detector != nullptr, "no judge was loaded ({} asked)", "verdicts");
  return *loaded_->detector;
}

Json Judges::backbone_fingerprint() const {
  ensure(loaded_->backbone != nullptr, "the backbone was not loaded ({} asked)", "features");
  return loaded_->backbone->identity();
}

Json Judges::instruments() const {
  Json used = Json::array();
  if (!loaded_->detector) return used;
  const Json index = read_json(instruments_folder() / "instruments.json");
  for (Json row : index.at("instruments")) {
    if (row.at("side") != loaded_->side) continue;
    // The suite calibrates the judge in its own world; what it does in others, kind by kind, would only swell the record.
    for (auto& [world, measured] : row["measured"].items()) {
      if (measured.is_object()) measured.erase("kinds");
    }
    used.push_back(row);
  }
  return used;
}

std::vector<Json> Judges::detect(const at::Tensor& pictures, const std::vector<Prompt>& prompts) const {
  const std::vector<Json> detections = loaded_->detector->detect(pictures);
  ensure(detections.size() == prompts.size(), "{} pictures of {} prompts", detections.size(), prompts.size());
  std::vector<Json> rows;
  for (size_t i = 0; i < prompts.size(); ++i) {
    rows.push_back({{"metadata", prompts[i].labels},
                    {"detections", detections[i]},
                    {"options", loaded_->detector->geneval_options()}});
  }
  return rows;
}

at::Tensor Judges::features(const at::Tensor& pictures) const {
  ensure(loaded_->backbone != nullptr, "the backbone was not loaded ({} asked)", "features");
  constexpr int64_t kBatch = 16;
  std::vector<at::Tensor> rows;
  for (int64_t begin = 0; begin < pictures.size(0); begin += kBatch) {
    if (interrupted()) stop_interrupted();
    rows.push_back(loaded_->backbone->features(pictures.narrow(0, begin, std::min(kBatch, pictures.size(0) - begin))));
  }
  return at::cat(rows);
}

FeatureMatrix to_matrix(const at::Tensor& features, const Json& identity) {
  const at::Tensor rows = features.to(at::kDouble).contiguous();
  FeatureMatrix matrix;
  matrix.rows = rows.size(0);
  matrix.columns = rows.size(1);
  matrix.values.assign(rows.data_ptr<double>(), rows.data_ptr<double>() + rows.numel());
  matrix.identity = identity;
  return matrix;
}

namespace {

/// Answers the questions of compositions from the judge's boxes and scores them by DPG-Bench's rule; writes
/// items/questions.jsonl, which `score question_graph`'s metric reads.
/// @param rows     what the judge said.   @param correct  gets a score a picture, 0..1.
std::vector<Json> score_compositions(const std::vector<Json>& rows, uint64_t seed, const RunFolder& folder,
                                     std::vector<double>& correct) {
  std::vector<Json> answered;
  for (const Json& row : rows) {
    const Json& labels = row.at("metadata");
    const std::string text = labels.at("prompt");
    const PictureAnswers answers =
        answer_questions(composition_from_labels(labels), geneval_detections(row.at("detections"), text),
                         geneval_options(row.at("options"), text));
    Json by_id = Json::object();
    for (const auto& [id, answer] : answers) by_id[std::to_string(id)] = answer;
    answered.push_back({{"item_id", text}, {"questions", labels.at("questions")}, {"answers", by_id}});
  }
  write_atomically(folder.file("items/questions.jsonl"), json_lines(answered));
  MetricInput input;
  input.judged = &answered;
  input.seed = seed;
  const auto metric = MetricRegistry::instance().make("question_graph");
  const std::vector<double> scores = metric->item_scores(input);
  correct.insert(correct.end(), scores.begin(), scores.end());
  const MetricValue overall = metric->score(input).front();
  std::vector<Json> metrics;
  for (const auto& [name, category] : overall.details.at("categories").items()) {
    metrics.push_back({{"name", "question_graph/" + name},
                       {"value", category.at("score")},
                       {"ci95", nullptr},
                       {"n", category.at("answers")}});
  }
  Json whole = to_json(overall);
  whole.erase("details");  // every item again
  metrics.insert(metrics.begin(), whole);
  return metrics;
}

}  // namespace

Json score_pictures(const Judges& judges, const at::Tensor& pictures, const std::vector<Prompt>& prompts,
                    const FeatureReference& reference, uint64_t seed, const RunFolder& folder) {
  const std::vector<Json> judged = judges.detect(pictures, prompts);
  write_atomically(folder.file("items/detections.jsonl"), json_lines(judged));
  // Plain prompts first, then some of them in words that training does not have, then compositions: three scores.
  const auto is_reworded = [](const Prompt& prompt) { return prompt.labels.value("reworded", false); };
  const auto num_plain = std::find_if_not(prompts.begin(), prompts.end(), is_plain) - prompts.begin();
  const auto num_facts = std::find_if_not(prompts.begin() + num_plain, prompts.end(), is_reworded) - prompts.begin();
  const std::vector<Json> facts(judged.begin(), judged.begin() + num_facts);
  MetricInput input;
  input.judged = &facts;
  input.seed = seed;
  const auto geneval = MetricRegistry::instance().make("geneval");
  write_atomically(folder.file("items/geneval.jsonl"), json_lines(geneval->items(input)));
  std::vector<double> correct = geneval->item_scores(input);
  Json metrics = Json::array();
  const std::vector<Json> plain(judged.begin(), judged.begin() + num_plain),
      reworded(judged.begin() + num_plain, judged.begin() + num_facts);
  input.judged = &plain;
  for (const MetricValue& value : geneval->score(input)) metrics.push_back(to_json(value));
  if (!reworded.empty()) {
    input.judged = &reworded;
    input.options = {{"name", "geneval/held_out_template"}};
    metrics.push_back(to_json(geneval->score(input).front()));
  }
  if (num_facts < static_cast<int64_t>(judged.size())) {
    const std::vector<Json> composed(judged.begin() + num_facts, judged.end());
    for (Json& metric : score_compositions(composed, seed, folder, correct)) metrics.push_back(std::move(metric));
  }
  Json result = {{"correct", correct}};

  if (reference.real != nullptr) {
    const FeatureMatrix generated =
        to_matrix(judges.features(pictures.narrow(0, 0, num_plain)), reference.real->identity);
    for (const std::string& name : reference.metrics) {
      MetricInput features;
      features.real = reference.real;
      features.generated = &generated;
      features.options = {{"name", name}};
      features.seed = seed;
      const auto metric = MetricRegistry::instance().make(name == "kid_lite0" ? "kid" : "frechet");
      for (const MetricValue& value : metric->score(features)) metrics.push_back(to_json(value));
    }
  }
  result["metrics"] = metrics;
  return result;
}

}  // namespace emf
