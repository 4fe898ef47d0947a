#include "harness/engine/trainer.h"

#include <torch/torch.h>

#include <cmath>
#include <numbers>

#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/base/progress.h"
#include "harness/engine/optimizer.h"

namespace emf {
namespace {

NamedParameters trained_parameters(Model& model, const TextConditions& conditions) {
  NamedParameters parameters;
  for (const auto& item : model.named_parameters()) parameters.emplace_back("model." + item.key(), item.value());
  for (const auto& [name, tensor] : conditions.parameters()) parameters.emplace_back("encoder." + name, tensor);
  return parameters;
}

/// Linear warm-up, then half a cosine down to a twentieth, over the row's whole budget.
double learning_rate_at(const TrainOptions& options, double share) {
  if (share < options.warm_up) return options.learning_rate * (share + 1e-9) / options.warm_up;
  const double rest = (share - options.warm_up) / (1 - options.warm_up);
  return options.learning_rate * (0.05 + 0.95 * (1 + std::cos(std::numbers::pi * rest)) / 2);
}

/// Averages of an event line's numbers since the last one.
class Averages {
 public:
  void add(const std::vector<std::pair<std::string, double>>& numbers) {
    for (const auto& [name, value] : numbers) sums_[name] += value;
    ++count_;
  }
  Json take() {
    Json means = Json::object();
    for (const auto& [name, sum] : sums_) means[name] = sum / count_;
    sums_.clear();
    count_ = 0;
    return means;
  }
  bool empty() const { return count_ == 0; }

 private:
  std::map<std::string, double> sums_;
  int count_ = 0;
};

Json curve_of(const RunFolder& folder) {
  Json points = Json::array();
  for (const Json& event : read_json_lines(folder.file("events.jsonl"))) {
    points.push_back({event.at("pictures"), event.at("residual")});
  }
  return points;
}

}  // namespace

Json train_segment(const Objective& objective, Model& model, const TextConditions& conditions, const TrainingSet& data,
                   const TrainOptions& options, const Segment& segment, uint64_t seed, const std::string& label,
                   const RunFolder& folder) {
  const double total = static_cast<double>(segment.total), length = static_cast<double>(segment.to - segment.from);
  const double ema_decay = std::pow(0.5, static_cast<double>(options.batch) / (options.ema_half_life * total));
  const NamedParameters parameters = trained_parameters(model, conditions);
  Optimizer optimizer(parameters, options.weight_decay, options.clip_norm, ema_decay);

  const auto latest = folder.file("checkpoints/latest.safetensors"), final = folder.file("checkpoints/final.safetensors");
  int64_t pictures = segment.from;
  double flops = 0;
  if (std::filesystem::exists(latest)) {
    TensorMetadata metadata;
    optimizer.load(read_safetensors(latest, &metadata), false, latest.string());
    pictures = std::stoll(metadata.at("pictures"));
    flops = std::stod(metadata.at("flops"));
    folder.cut_events(std::stoull(metadata.at("events_bytes")));
  } else {
    folder.cut_events(0);
    if (!segment.start.empty()) {
      optimizer.load(read_safetensors(segment.start), !segment.same_objective, segment.start.string());
      if (!segment.same_objective) objective.start_from_flow_matching(model);
    }
  }
  const auto save = [&](const std::filesystem::path& path) {
    write_safetensors(path, optimizer.state(),
                      {{"pictures", std::to_string(pictures)},
                       {"flops", fmt::format("{}", flops)},
                       {"events_bytes", std::to_string(folder.events_size())}});
  };

  const int64_t total_steps = segment.total / options.batch;
  const int64_t event_every = std::max<int64_t>(1, total_steps / 100);
  const int64_t checkpoint_every = std::max<int64_t>(event_every, total_steps / options.checkpoints / event_every * event_every);
  const int64_t pool = data.x.size(0);
  const double row_flops = model.forward_flops_per_row(conditions.length());
  Averages averages;
  Progress progress(label, segment.to, "pictures");
  for (int64_t step = pictures / options.batch; pictures < segment.to; ++step) {
    RowKeys keys{seed, {}};
    at::Tensor rows = at::empty({options.batch}, at::kLong);
    for (int64_t i = 0; i < options.batch; ++i) {
      keys.samples.push_back(static_cast<uint64_t>(pictures + i));
      rows.data_ptr<int64_t>()[i] = (pictures + i) % pool;
    }
    const double own_progress = static_cast<double>(pictures - segment.from) / length;
    const at::Tensor x = data.x.index_select(0, rows);
    const Draw draw = objective.draw(keys, x.sizes().slice(1), own_progress);
    const LossResult loss =
        objective.loss(model, x, conditions.gather(data.prompt_index.index_select(0, rows)), draw);
    const double value = loss.loss.item<double>();
    if (!std::isfinite(value)) {
      fail_input("{}: the loss is {} at step {} ({} pictures); lower train.learning_rate", label, value, step, pictures);
    }
    loss.loss.backward();
    const double rate = learning_rate_at(options, static_cast<double>(pictures) / total);
    const double gradient_norm = optimizer.step(rate);
    if (!std::isfinite(gradient_norm)) {
      fail_input("{}: the gradient is not finite at step {} ({} pictures); lower train.learning_rate", label, step, pictures);
    }
    pictures += options.batch;
    flops += row_flops * objective.forwards_per_picture(own_progress) * static_cast<double>(options.batch);

    averages.add(loss.numbers);
    averages.add({{"loss", value}, {"gradient_norm", gradient_norm}});
    if ((step + 1) % event_every == 0 || pictures >= segment.to) {
      Json line = averages.take();
      progress.update(pictures, fmt::format("residual {:.4f}", line.at("residual").get<double>()));
      line["pictures"] = pictures;
      line["learning_rate"] = rate;
      folder.event(line);
      const bool stop = interrupted();
      if (pictures < segment.to && (stop || (step + 1) % checkpoint_every == 0)) save(latest);
      if (stop && pictures < segment.to) stop_interrupted();
    }
  }
  save(final);
  int64_t num_parameters = 0;
  for (const auto& [name, tensor] : parameters) num_parameters += tensor.numel();
  const Json result = {{"pictures", segment.to - segment.from},
                       {"pictures_before", segment.from},
                       {"flops", flops},
                       {"parameters", num_parameters},
                       {"curve", curve_of(folder)}};
  std::filesystem::remove(latest);
  return result;
}

void load_averaged(const std::filesystem::path& checkpoint, Model& model, const TextConditions& conditions) {
  const torch::NoGradGuard no_grad;
  const NamedTensors averages = averaged_weights(read_safetensors(checkpoint));
  for (auto& [name, tensor] : trained_parameters(model, conditions)) {
    const auto found = averages.find(name);
    if (found == averages.end()) fail_input("{}: no averaged weights of '{}'", checkpoint.string(), name);
    tensor.copy_(found->second);
  }
}

}  // namespace emf
