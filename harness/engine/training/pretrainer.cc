// SPDX-License-Identifier: Apache-2.0
#include "harness/engine/training/pretrainer.h"

#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/base/random.h"
#include "harness/engine/text/encoder_source.h"
#include "harness/engine/training/checkpoint.h"
#include "harness/engine/training/loop.h"
#include "harness/tensor/picture_tensor.h"

namespace emf {
namespace {

constexpr uint64_t kSecondWording = uint64_t{1} << 40;  // added to a caption's index: another draw than its own words

}  // namespace

Corpus::Corpus(std::vector<std::shared_ptr<const Dataset>> datasets, double paraphrase, uint64_t seed)
    : datasets_(std::move(datasets)), paraphrase_(paraphrase), seed_(seed) {
  for (const auto& dataset : datasets_) {
    // The pictures of a batch come from all datasets and are one tensor.
    const Dataset& first = *datasets_.front();
    if (dataset->height() != first.height() || dataset->width() != first.width()) {
      fail_input("pretraining.data: pictures of {} are {}x{}, those of {} {}x{}; give all the same size", first.name(),
                 first.height(), first.width(), dataset->name(), dataset->height(), dataset->width());
    }
  }
}

Json Corpus::fingerprint() const {
  Json datasets = Json::array();
  for (const auto& dataset : datasets_) datasets.push_back(dataset->fingerprint());
  return {{"datasets", datasets}, {"paraphrase", paraphrase_}, {"seed", seed_}};
}

PretrainingBatch Corpus::batch(int64_t first, int64_t count, const Pretraining& pretraining) const {
  PretrainingBatch batch;
  batch.keys.seed = seed_;
  std::vector<Sample> samples;
  for (int64_t i = first; i < first + count; ++i) {
    const auto index = static_cast<uint64_t>(i);
    // In turn, so that every batch holds as much of each dataset, and a larger budget moves no caption to
    // another place.
    const Dataset& dataset = *datasets_[index % datasets_.size()];
    const uint64_t place = index / datasets_.size();
    // Keyed by the caption's number, so that every encoder and every resumed run reads it in the same words.
    Random random(seed_, "pretraining/wording", index);
    Prompt caption = dataset.prompt(place);
    if (random.uniform() < paraphrase_) caption = dataset.paraphrase(caption, index);
    batch.keys.samples.push_back(index);
    if (pretraining.needs_paraphrases())
      batch.paraphrases.push_back(dataset.paraphrase(caption, index + kSecondWording));
    batch.captions.push_back(std::move(caption));
    if (pretraining.needs_pictures()) samples.push_back(dataset.sample(place));
  }
  if (pretraining.needs_pictures())
    batch.pictures = picture_tensor(samples, datasets_.front()->height(), datasets_.front()->width()).contiguous();
  return batch;
}

Json pretrain_encoder(const Encoder& encoder, const Pretraining& pretraining, const Corpus& corpus,
                      const TrainOptions& options, uint64_t seed, const std::string& label, const RunFolder& folder,
                      const Placement& placement) {
  // A contrastive loss compares a caption with its whole batch, so a batch is not divided among peers.
  ensure(placement.peers->count() == 1, "encoders are pretrained by one process, not {}", placement.peers->count());
  NamedParameters parameters;
  int64_t num_parameters = 0;
  for (const auto& [name, tensor] : encoder.parameters()) {
    parameters.emplace_back(kEncoderPrefix + name, tensor);
    num_parameters += tensor.numel();
  }
  ensure(!parameters.empty(), "encoder {} has nothing to train", encoder.info().name);
  for (const auto& [name, tensor] : pretraining.parameters()) parameters.emplace_back("beside." + name, tensor);
  LoopPlan plan = plan_of(options, parameters);
  plan.label = label;
  plan.unit = "captions";
  plan.knob = "pretraining.learning_rate";
  plan.to = plan.total = plan.phase_to = options.pictures;
  TrainingLoop loop(std::move(plan), parameters, folder, placement);
  loop.resume();
  Json result = loop.run([&](int64_t first, double) -> TrainingStep {
    PretrainingBatch batch = corpus.batch(first, options.batch, pretraining);
    // The corpus draws by the data's seed, the same for all encoders; what the loss draws beside it follows the
    // encoder's own.
    batch.keys.seed = seed;
    if (batch.pictures.defined()) batch.pictures = to_device(batch.pictures, placement.device);
    // A backward pass costs about two forwards. What stands beside the encoder is thrown away later and not
    // counted.
    const double flops = 3 * encoder.forward_flops(encoder.prepare(batch.captions));
    return {pretraining.loss(encoder, batch), flops};
  });
  write_safetensors(folder.file(kEncoderValues), trained_encoder_values(folder.file(kFinalCheckpoint)));
  result["parameters_beside"] = result["parameters"].get<int64_t>() - num_parameters;
  result["parameters"] = num_parameters;
  result["accuracy"] = read_json_lines(folder.file("events.jsonl")).back().at("accuracy");
  return result;
}

}  // namespace emf
