#include "harness/instruments/instrument_training.h"
#include "harness/tensor/picture_tensor.h"

#include <ATen/ATen.h>
#include <ATen/autocast_mode.h>

#include <chrono>
#include <cmath>
#include <map>
#include <numbers>

#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/base/interrupt.h"
#include "harness/base/progress.h"
#include "harness/engine/training/optimizer.h"

namespace emf {
namespace {

/// Convolutions inside run in bfloat16 while this lives.
class Autocast {
 public:
  explicit Autocast(bool enabled)
      : enabled_(at::autocast::is_autocast_enabled(at::kCPU)), cached_(at::autocast::is_autocast_cache_enabled()) {
    at::autocast::set_autocast_dtype(at::kCPU, at::kBFloat16);
    at::autocast::set_autocast_cache_enabled(false);  // every weight is used once a step, and a cache would go stale
    at::autocast::set_autocast_enabled(at::kCPU, enabled);
  }
  ~Autocast() {
    at::autocast::set_autocast_enabled(at::kCPU, enabled_);
    at::autocast::set_autocast_cache_enabled(cached_);
  }
  Autocast(const Autocast&) = delete;
  Autocast& operator=(const Autocast&) = delete;

 private:
  bool enabled_, cached_;
};

double learning_rate_at(const InstrumentTraining& options, double share) {
  if (share < options.warm_up) return options.learning_rate * (share + 1e-3 * options.warm_up) / options.warm_up;
  const double rest = (share - options.warm_up) / (1 - options.warm_up);
  return options.learning_rate * (0.01 + 0.99 * (1 + std::cos(std::numbers::pi * rest)) / 2);
}

}  // namespace

InstrumentTraining InstrumentTraining::read(ConfigReader& reader) {
  InstrumentTraining options;
  options.pictures = reader.integer("pictures", 100000, 1, int64_t{1} << 40);
  options.batch = reader.integer("batch", options.batch, 1, 4096);
  options.learning_rate = reader.number("learning_rate", options.learning_rate, 1e-8, 1);
  options.warm_up = reader.number("warm_up", options.warm_up, 1e-6, 0.9);
  options.weight_decay = reader.number("weight_decay", options.weight_decay, 0, 1);
  options.clip_norm = reader.number("clip_norm", options.clip_norm, 0, 1e6);
  options.ema_half_life = reader.number("ema_half_life", options.ema_half_life, 1e-6, 1);
  options.checkpoint_s = reader.number("checkpoint_s", options.checkpoint_s, 0, 1e6);
  options.bfloat16 = reader.choice("precision", "bf16", {"bf16", "fp32"}) == "bf16";
  options.seed = static_cast<uint64_t>(reader.integer("seed", 0, 0, int64_t{1} << 52));
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

PictureBatch draw_batch(const Dataset& dataset, uint64_t first, int64_t count) {
  PictureBatch batch;
  for (int64_t i = 0; i < count; ++i) {
    batch.indices.push_back(first + static_cast<uint64_t>(i));
    batch.samples.push_back(dataset.sample(batch.indices.back()));
  }
  batch.pictures = picture_tensor(batch.samples, dataset.side(), dataset.side());
  for (Sample& sample : batch.samples) sample.picture = {};
  return batch;
}

NamedTensors train_instrument(torch::nn::Module& network, const Dataset& dataset, const InstrumentTraining& options,
                              const BatchLoss& loss, const std::string& label, const RunFolder& folder) {
  NamedParameters parameters;
  for (const auto& item : network.named_parameters()) parameters.emplace_back(item.key(), item.value());
  const double decay = std::pow(
      0.5, static_cast<double>(options.batch) / (options.ema_half_life * static_cast<double>(options.pictures)));
  Optimizer optimizer(parameters, options.weight_decay, options.clip_norm, decay);

  const auto latest = folder.file("checkpoints/latest.safetensors");
  int64_t pictures = 0;
  if (std::filesystem::exists(latest)) {
    TensorMetadata metadata;
    optimizer.load(read_safetensors(latest, &metadata), false, latest.string());
    pictures = std::stoll(metadata.at("pictures"));
    folder.cut_events(std::stoull(metadata.at("events_bytes")));
  } else {
    folder.cut_events(0);
  }
  const auto save = [&] {
    write_safetensors(latest, optimizer.state(),
                      {{"pictures", std::to_string(pictures)}, {"events_bytes", std::to_string(folder.events_size())}});
  };

  using Clock = std::chrono::steady_clock;
  Clock::time_point saved = Clock::now();
  const int64_t event_every = std::max<int64_t>(1, options.pictures / options.batch / 100);
  std::map<std::string, double> sums;
  int64_t summed = 0;
  Progress progress(label, options.pictures, "pictures");
  network.train();
  for (int64_t step = pictures / options.batch; pictures < options.pictures; ++step) {
    const PictureBatch batch = draw_batch(dataset, static_cast<uint64_t>(pictures), options.batch);
    LossResult result;
    {
      const Autocast autocast(options.bfloat16);
      result = loss(batch);
    }
    const double value = result.loss.item<double>();
    if (!std::isfinite(value)) {
      fail_input("{}: the loss is {} at step {}; lower its learning_rate", label, value, step);
    }
    result.loss.backward();
    const double rate =
        learning_rate_at(options, static_cast<double>(pictures) / static_cast<double>(options.pictures));
    const double norm = optimizer.step(rate);
    if (!std::isfinite(norm))
      fail_input("{}: the gradient is not finite at step {}; lower its learning_rate", label, step);
    pictures += options.batch;

    for (const auto& [name, number] : result.numbers) sums[name] += number;
    sums["gradient_norm"] += norm;
    ++summed;
    if ((step + 1) % event_every == 0 || pictures >= options.pictures) {
      Json line = {{"pictures", pictures}, {"learning_rate", rate}};
      std::string note;
      for (const auto& [name, sum] : sums) {
        line[name] = sum / static_cast<double>(summed);
        if (name != "gradient_norm") note += fmt::format("{} {:.4f} ", name, sum / static_cast<double>(summed));
      }
      folder.event(line);
      progress.update(pictures, note);
      sums.clear();
      summed = 0;
    }
    const bool due = std::chrono::duration<double>(Clock::now() - saved).count() > options.checkpoint_s;
    if (interrupted() || due) {
      save();
      saved = Clock::now();
      if (interrupted() && pictures < options.pictures) stop_interrupted();
    }
  }
  const NamedTensors averages = averaged_weights(optimizer.state());
  NamedTensors copies;
  for (const auto& [name, value] : averages) copies[name] = value.contiguous().clone();
  return copies;
}

}  // namespace emf
