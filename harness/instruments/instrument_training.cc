// SPDX-License-Identifier: Apache-2.0
#include "harness/instruments/instrument_training.h"

#include <ATen/ATen.h>

#include "harness/engine/training/loop.h"
#include "harness/tensor/picture_tensor.h"

namespace emf {
namespace {

/// Every number that the loss reports, on the live line.
std::string note_of(const Json& means) {
  std::string note;
  for (const auto& [name, mean] : means.items()) {
    if (name != "gradient_norm") note += fmt::format("{} {:.4f} ", name, mean.get<double>());
  }
  return note;
}

LoopPlan plan_of_instrument(const InstrumentTraining& options, const std::string& label) {
  LoopPlan plan;
  plan.label = label;
  plan.unit = "pictures";
  plan.knob = "its learning_rate";
  plan.to = plan.total = plan.phase_to = options.pictures;
  plan.batch = options.batch;
  plan.schedule = instrument_schedule(options.learning_rate, options.warm_up);
  plan.weight_decay = options.weight_decay;
  plan.clip_norm = options.clip_norm;
  plan.ema_half_life = options.ema_half_life;
  plan.checkpoints.seconds = options.checkpoint_s;
  plan.bfloat16 = options.bfloat16;
  plan.loss_in_events = false;  // the loss names its parts, and itself where it wants to
  plan.note = note_of;
  return plan;
}

}  // namespace

InstrumentTraining InstrumentTraining::read(ConfigReader& reader) {
  InstrumentTraining options;
  options.pictures = reader.integer("pictures", 100000, 1, int64_t{1} << 40, "pictures that are trained on [pictures]");
  options.batch = reader.integer("batch", options.batch, 1, 4096, "rows of one step of the optimiser [pictures]");
  options.learning_rate = reader.number("learning_rate", options.learning_rate, 1e-8, 1, "peak learning rate");
  options.warm_up =
      reader.number("warm_up", options.warm_up, 1e-6, 0.9, "share of the budget over which the learning rate rises");
  options.weight_decay = reader.number("weight_decay", options.weight_decay, 0, 1, "decoupled weight decay");
  options.clip_norm =
      reader.number("clip_norm", options.clip_norm, 0, 1e6, "gradients of a larger norm are scaled down to it");
  options.ema_half_life = reader.number("ema_half_life", options.ema_half_life, 1e-6, 1,
                                        "half-life of the averaged weights, as a share of the budget");
  options.checkpoint_s = reader.number("checkpoint_s", options.checkpoint_s, 0, 1e6, "between checkpoints [seconds]");
  options.bfloat16 = reader.choice("precision", "bf16", {"bf16", "fp32"}, "of matrix products") == "bf16";
  options.seed = static_cast<uint64_t>(reader.integer("seed", 0, 0, int64_t{1} << 52, "of weights and draws"));
  return options;
}

Json InstrumentTraining::to_json() const {
  return {{"pictures", pictures},
          {"batch", batch},
          {"learning_rate", learning_rate},
          {"warm_up", warm_up},
          {"weight_decay", weight_decay},
          {"clip_norm", clip_norm},
          {"ema_half_life", ema_half_life},
          {"precision", bfloat16 ? "bf16" : "fp32"},
          {"seed", seed},
          {"optimizer", "adamw, cosine decay"}};
}

const FactWorld& world_of(const Dataset& dataset) {
  const FactWorld* world = dataset.world();
  if (world == nullptr) {
    fail_input("dataset {} has no facts behind its pictures, and instruments learn from boxes; use 'scenes'",
               dataset.name());
  }
  return *world;
}

PictureBatch draw_batch(const Dataset& dataset, uint64_t first, int64_t count) {
  PictureBatch batch;
  for (int64_t i = 0; i < count; ++i) {
    batch.indices.push_back(first + static_cast<uint64_t>(i));
    batch.samples.push_back(dataset.sample(batch.indices.back()));
  }
  batch.pictures = picture_tensor(batch.samples, dataset.height(), dataset.width());
  for (Sample& sample : batch.samples) sample.picture = {};
  return batch;
}

NamedTensors train_instrument(torch::nn::Module& network, const Dataset& dataset, const InstrumentTraining& options,
                              const BatchLoss& loss, const std::string& label, const RunFolder& folder,
                              const Placement& placement) {
  // Its loss may be of the whole batch (the autoencoder standardises by it), so a batch is not divided among peers.
  ensure(placement.peers->count() == 1, "instruments are trained by one process, not {}", placement.peers->count());
  NamedParameters parameters;
  for (const auto& item : network.named_parameters()) parameters.emplace_back(item.key(), item.value());
  TrainingLoop loop(plan_of_instrument(options, label), parameters, folder, placement);
  loop.resume();
  network.train();
  loop.run([&](int64_t first, double) -> TrainingStep {
    PictureBatch batch = draw_batch(dataset, static_cast<uint64_t>(first), options.batch);
    batch.pictures = to_device(batch.pictures, placement.device);
    return {loss(batch)};
  });
  NamedTensors copies;
  for (const auto& [name, value] : averaged_weights(loop.optimizer().state()))
    copies[name] = value.cpu().contiguous().clone();
  return copies;
}

}  // namespace emf
