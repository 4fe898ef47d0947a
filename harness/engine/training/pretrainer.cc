#include "harness/engine/training/pretrainer.h"

#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/base/random.h"
#include "harness/engine/pictures/latents.h"
#include "harness/engine/text/encoder_source.h"
#include "harness/engine/training/loop.h"
#include "harness/tensor/picture_tensor.h"

namespace emf {

Corpus::Corpus(std::vector<std::shared_ptr<Dataset>> datasets, double paraphrase, uint64_t seed)
    : datasets_(std::move(datasets)), paraphrase_(paraphrase), seed_(seed) {
  for (const auto& dataset : datasets_) {
    if (dataset->side() != datasets_.front()->side()) {
      fail_input("pretraining.data: pictures of {} have side {}, those of {} {}; give all the same 'side'",
                 datasets_.front()->name(), datasets_.front()->side(), dataset->name(), dataset->side());
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
    const Dataset& dataset = *datasets_[index % datasets_.size()];
    const uint64_t place = index / datasets_.size();
    Random random(seed_, "pretraining/wording", index);
    Prompt caption = dataset.prompt(place);
    if (random.uniform() < paraphrase_) caption = dataset.paraphrase(caption, index);
    batch.keys.samples.push_back(index);
    // Another draw of the other words than the caption's own.
    if (pretraining.needs_paraphrases())
      batch.paraphrases.push_back(dataset.paraphrase(caption, index + (uint64_t{1} << 40)));
    batch.captions.push_back(std::move(caption));
    if (pretraining.needs_pictures()) samples.push_back(dataset.sample(place));
  }
  if (pretraining.needs_pictures())
    batch.pictures = picture_tensor(samples, datasets_.front()->side(), datasets_.front()->side()).contiguous();
  return batch;
}

Json pretrain_encoder(const Encoder& encoder, const Pretraining& pretraining, const Corpus& corpus,
                      const TrainOptions& options, uint64_t seed, const std::string& label, const RunFolder& folder) {
  NamedParameters parameters;
  int64_t num_parameters = 0;
  for (const auto& [name, tensor] : encoder.parameters()) {
    parameters.emplace_back(kEncoderPrefix + name, tensor);
    num_parameters += tensor.numel();
  }
  ensure(!parameters.empty(), "encoder {} has nothing to train", encoder.info().name);
  for (const auto& [name, tensor] : pretraining.parameters()) parameters.emplace_back("beside." + name, tensor);
  TrainingLoop loop(options, {label, "captions", "pretraining.learning_rate", 0, options.pictures, options.pictures},
                    parameters, folder);
  loop.resume();
  Json result = loop.run([&](int64_t first, double) -> TrainingStep {
    PretrainingBatch batch = corpus.batch(first, options.batch, pretraining);
    batch.keys.seed = seed;
    const double flops = 3 * encoder.forward_flops(encoder.prepare(batch.captions));
    return {pretraining.loss(encoder, batch), flops};
  });
  const auto final = folder.file("checkpoints/final.safetensors");
  write_safetensors(folder.file(kEncoderValues), trained_encoder_values(final));
  std::filesystem::remove(final);  // nothing goes on from it
  result["parameters_beside"] = result["parameters"].get<int64_t>() - num_parameters;
  result["parameters"] = num_parameters;
  result["accuracy"] = read_json_lines(folder.file("events.jsonl")).back().at("accuracy");
  return result;
}

}  // namespace emf
