#include "harness/engine/evaluator.h"

#include <torch/torch.h>

#include <algorithm>

#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/models/autoencoder.h"
#include "harness/models/detector.h"
#include "harness/models/efficientnet_lite0.h"
#include "harness/models/instrument_file.h"

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
  std::unique_ptr<Detector> detector;
  std::unique_ptr<EfficientNetLite0> backbone;
};

Judges::Judges(int side, bool needs_detector, bool needs_features)
    : loaded_(std::make_unique<Loaded>(Loaded{side, nullptr, nullptr})) {
  if (needs_detector) loaded_->detector = std::make_unique<Detector>(detector_path(side));
  if (needs_features) loaded_->backbone = std::make_unique<EfficientNetLite0>();
}

Judges::~Judges() = default;

Json Judges::detector_fingerprint() const {
  return {
      {"name", "detector"}, {"sha256", loaded_->detector->sha256()}, {"options", loaded_->detector->geneval_options()}};
}

Json Judges::backbone_fingerprint() const {
  ensure(loaded_->backbone != nullptr, "the backbone was not loaded ({} asked)", "features");
  return loaded_->backbone->identity();
}

Json Judges::instruments() const {
  Json used = Json::array();
  if (!loaded_->detector) return used;
  const Json index = read_json(instruments_folder() / "instruments.json");
  for (const Json& row : index.at("instruments")) {
    if (row.at("side") == loaded_->side) used.push_back(row);
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

Json score_pictures(const Judges& judges, const at::Tensor& pictures, const std::vector<Prompt>& prompts,
                    const FeatureReference& reference, uint64_t seed, const RunFolder& folder) {
  const std::vector<Json> judged = judges.detect(pictures, prompts);
  write_atomically(folder.file("items/detections.jsonl"), json_lines(judged));
  MetricInput input;
  input.judged = &judged;
  input.seed = seed;
  const auto geneval = MetricRegistry::instance().make("geneval");
  write_atomically(folder.file("items/geneval.jsonl"), json_lines(geneval->items(input)));
  Json result = {{"correct", geneval->item_scores(input)}};
  Json metrics = Json::array();
  // Prompts in words that training does not have are another score; they stand behind the plain ones.
  const auto first_reworded = std::find_if(prompts.begin(), prompts.end(),
                                           [](const Prompt& prompt) { return prompt.labels.value("reworded", false); });
  const auto num_plain = first_reworded - prompts.begin();
  const std::vector<Json> plain(judged.begin(), judged.begin() + num_plain),
      reworded(judged.begin() + num_plain, judged.end());
  input.judged = &plain;
  for (const MetricValue& value : geneval->score(input)) metrics.push_back(to_json(value));
  if (!reworded.empty()) {
    input.judged = &reworded;
    input.options = {{"name", "geneval/held_out_template"}};
    metrics.push_back(to_json(geneval->score(input).front()));
  }

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
