#include "harness/engine/training/trainer.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "harness/base/error.h"
#include "harness/engine/training/loop.h"

namespace emf {
namespace {

NamedParameters trained_parameters(Model& model, const TextConditions& conditions) {
  NamedParameters parameters;
  for (const auto& [name, tensor] : model.parameters()) parameters.emplace_back("model." + name, tensor);
  for (const auto& [name, tensor] : conditions.parameters()) parameters.emplace_back(kEncoderPrefix + name, tensor);
  return parameters;
}

}  // namespace

Json train_segment(const Objective& objective, Model& model, const TextConditions& conditions, const TrainingSet& data,
                   const TrainOptions& options, const Segment& segment, uint64_t seed, const std::string& label,
                   const RunFolder& folder) {
  TrainingLoop loop(options, {label, "pictures", "train.learning_rate", segment.from, segment.to, segment.total},
                    trained_parameters(model, conditions), folder);
  if (!loop.resume() && !segment.start.empty()) {
    loop.optimizer().load(read_safetensors(segment.start), !segment.same_objective, segment.start.string());
    if (!segment.same_objective) objective.start_from_flow_matching(model);
  }
  const int64_t pool = data.x.size(0);
  const double row_flops = model.forward_flops_per_row(conditions.length());
  return loop.run([&](int64_t first, double progress) -> TrainingStep {
    RowKeys keys{seed, {}};
    const at::Tensor rows = at::empty({options.batch}, at::kLong);
    for (int64_t i = 0; i < options.batch; ++i) {
      keys.samples.push_back(static_cast<uint64_t>(first + i));
      rows.data_ptr<int64_t>()[i] = (first + i) % pool;
    }
    const at::Tensor x = data.x.index_select(0, rows), prompts = data.prompt_index.index_select(0, rows);
    const Draw draw = objective.draw(keys, x.sizes().slice(1), progress);
    const double forwards = objective.forwards_per_picture(progress) * static_cast<double>(options.batch);
    // An encoder that trains along runs forward and backward once a picture.
    return {objective.loss(model, x, conditions.gather(prompts), draw),
            row_flops * forwards + 3 * conditions.forward_flops(prompts)};
  });
}

void load_averaged(const std::filesystem::path& checkpoint, Model& model, const TextConditions& conditions) {
  const at::NoGradGuard no_grad;
  const NamedTensors averages = averaged_weights(read_safetensors(checkpoint));
  for (auto& [name, tensor] : trained_parameters(model, conditions)) {
    const auto found = averages.find(name);
    if (found == averages.end()) fail_input("{}: no averaged weights of '{}'", checkpoint.string(), name);
    tensor.copy_(found->second);
  }
}

}  // namespace emf
