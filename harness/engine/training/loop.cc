#include "harness/engine/training/loop.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/base/interrupt.h"
#include "harness/base/progress.h"

namespace emf {
namespace {

constexpr const char* kLatest = "checkpoints/latest.safetensors";
constexpr const char* kFinal = "checkpoints/final.safetensors";

/// Averages of an event line's numbers since the last one.
class Averages {
 public:
  /// All numbers of one step.
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

 private:
  std::map<std::string, double> sums_;
  int count_ = 0;
};

Json curve_of(const RunFolder& folder, const std::string& unit) {
  Json points = Json::array();
  for (const Json& event : read_json_lines(folder.file("events.jsonl"))) {
    points.push_back({event.at(unit), event.at("residual")});
  }
  return points;
}

int64_t count_of(const NamedParameters& parameters) {
  int64_t count = 0;
  for (const auto& [name, tensor] : parameters) count += tensor.numel();
  return count;
}

/// Encoders that are tuned may learn more slowly than the generator beside them.
std::vector<double> rate_shares(const TrainOptions& options, const NamedParameters& parameters) {
  std::vector<double> shares;
  if (options.encoder_learning_rate == 0 || options.learning_rate == 0) return shares;
  for (const auto& [name, tensor] : parameters) {
    const bool of_encoder = name.rfind(kEncoderPrefix, 0) == 0;
    shares.push_back(of_encoder ? options.encoder_learning_rate / options.learning_rate : 1);
  }
  return shares;
}

double ema_decay(const TrainOptions& options, const TrainingSpan& span) {
  return std::pow(0.5, static_cast<double>(options.batch) / (options.ema_half_life * static_cast<double>(span.total)));
}

}  // namespace

TrainingLoop::TrainingLoop(const TrainOptions& options, TrainingSpan span, const NamedParameters& parameters,
                           const RunFolder& folder)
    : options_(options),
      span_(std::move(span)),
      num_parameters_(count_of(parameters)),
      optimizer_(parameters, options.weight_decay, options.clip_norm, ema_decay(options, span_),
                 rate_shares(options, parameters)),
      folder_(folder),
      samples_(span_.from) {}

bool TrainingLoop::resume() {
  const auto latest = folder_.file(kLatest);
  if (!std::filesystem::exists(latest)) {
    folder_.cut_events(0);
    return false;
  }
  TensorMetadata metadata;
  optimizer_.load(read_safetensors(latest, &metadata), false, latest.string());
  samples_ = std::stoll(metadata.at("pictures"));
  flops_ = std::stod(metadata.at("flops"));
  folder_.cut_events(std::stoull(metadata.at("events_bytes")));
  return true;
}

void TrainingLoop::save(const std::string& file) const {
  write_safetensors(folder_.file(file), optimizer_.state(),
                    {{"pictures", std::to_string(samples_)},
                     {"flops", fmt::format("{}", flops_)},
                     {"events_bytes", std::to_string(folder_.events_size())}});
}

/// Linear warm-up, then half a cosine down to a twentieth, over the whole budget.
double TrainingLoop::learning_rate() const {
  const double share = static_cast<double>(samples_) / static_cast<double>(span_.total);
  if (share < options_.warm_up) return options_.learning_rate * (share + 1e-9) / options_.warm_up;
  const double rest = (share - options_.warm_up) / (1 - options_.warm_up);
  return options_.learning_rate * (0.05 + 0.95 * (1 + std::cos(std::numbers::pi * rest)) / 2);
}

Json TrainingLoop::run(const std::function<TrainingStep(int64_t, double)>& step_of) {
  const int64_t total_steps = span_.total / options_.batch;
  const int64_t event_every = std::max<int64_t>(1, total_steps / 100);
  const int64_t checkpoint_every =
      std::max<int64_t>(event_every, total_steps / options_.checkpoints / event_every * event_every);
  const double length = static_cast<double>(span_.to - span_.from);
  Averages averages;
  Progress progress(span_.label, span_.to, span_.unit);
  for (int64_t step = samples_ / options_.batch; samples_ < span_.to; ++step) {
    const TrainingStep done = step_of(samples_, static_cast<double>(samples_ - span_.from) / length);
    const double value = done.loss.loss.item<double>();
    if (!std::isfinite(value)) {
      fail_input("{}: the loss is {} at step {} ({} {}); lower {}", span_.label, value, step, samples_, span_.unit,
                 span_.knob);
    }
    done.loss.loss.backward();
    const double rate = learning_rate();
    const double gradient_norm = optimizer_.step(rate);
    if (!std::isfinite(gradient_norm)) {
      fail_input("{}: the gradient is not finite at step {} ({} {}); lower {}", span_.label, step, samples_, span_.unit,
                 span_.knob);
    }
    samples_ += options_.batch;
    flops_ += done.flops;

    std::vector<std::pair<std::string, double>> numbers = done.loss.numbers;
    numbers.insert(numbers.end(), {{"loss", value}, {"gradient_norm", gradient_norm}});
    averages.add(numbers);
    if ((step + 1) % event_every == 0 || samples_ >= span_.to) {
      Json line = averages.take();
      progress.update(samples_, fmt::format("residual {:.4f}", line.at("residual").get<double>()));
      line[span_.unit] = samples_;
      line["learning_rate"] = rate;
      folder_.event(line);
      const bool stop = interrupted();
      if (samples_ < span_.to && (stop || (step + 1) % checkpoint_every == 0)) save(kLatest);
      if (stop && samples_ < span_.to) stop_interrupted();
    }
  }
  save(kFinal);
  const Json result = {{span_.unit, span_.to - span_.from},
                       {span_.unit + "_before", span_.from},
                       {"flops", flops_},
                       {"parameters", num_parameters_},
                       {"curve", curve_of(folder_, span_.unit)}};
  std::filesystem::remove(folder_.file(kLatest));
  return result;
}

NamedTensors trained_encoder_values(const std::filesystem::path& checkpoint) {
  NamedTensors values;
  for (auto& [name, value] : averaged_weights(read_safetensors(checkpoint))) {
    if (name.rfind(kEncoderPrefix, 0) == 0)
      values[name.substr(std::string(kEncoderPrefix).size())] = value.contiguous();
  }
  if (values.empty()) fail_input("{}: no encoder was trained there", checkpoint.string());
  return values;
}

}  // namespace emf
