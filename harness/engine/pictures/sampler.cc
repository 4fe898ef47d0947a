#include "harness/engine/pictures/sampler.h"
#include "harness/base/interrupt.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <chrono>

#include "harness/engine/pictures/picture_file.h"
#include "harness/tensor/random_rows.h"
#include "harness/tensor/safetensors.h"

namespace emf {

Painted paint(const Objective& objective, Model& model, const TextConditions& conditions,
              const std::function<Condition(int64_t begin, int64_t count)>& condition_of, int64_t count,
              const LatentCodec& codec, int side, int64_t steps, double guidance, uint64_t seed) {
  constexpr int64_t kBatch = 50;
  const at::NoGradGuard no_grad;
  const std::vector<int64_t> shape = codec.shape(side);
  Painted painted;
  std::vector<at::Tensor> pictures;
  for (int64_t begin = 0; begin < count; begin += kBatch) {
    if (interrupted()) stop_interrupted();
    const int64_t rows = std::min(kBatch, count - begin);
    std::vector<uint64_t> indices;
    for (int64_t i = 0; i < rows; ++i) indices.push_back(static_cast<uint64_t>(begin + i));
    SamplerRequest request;
    request.noise = normal_rows(seed, "sample/noise", indices, shape);
    request.condition = condition_of(begin, rows);
    request.null_condition = conditions.none(rows);
    request.steps = steps;
    request.guidance = guidance;
    const auto start = std::chrono::steady_clock::now();
    const SamplerResult result = objective.sample(model, request);
    painted.seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    painted.network_evaluations = result.network_evaluations;
    pictures.push_back(codec.decode(result.x));
  }
  painted.pictures = at::cat(pictures);
  return painted;
}

Json sample_prompts(const Objective& objective, Model& model, const TextConditions& conditions,
                    const LatentCodec& codec, int side, const at::Tensor& prompt_rows, int64_t steps, double guidance,
                    uint64_t seed, const RunFolder& folder, Json& provenance) {
  const int64_t count = prompt_rows.size(0);
  const auto condition_of = [&](int64_t begin, int64_t rows) {
    return conditions.gather(prompt_rows.narrow(0, begin, rows));
  };
  const Painted painted = paint(objective, model, conditions, condition_of, count, codec, side, steps, guidance, seed);
  write_safetensors(folder.file("pictures.safetensors"), {{"pictures", painted.pictures}});
  write_picture_grid(folder.file("samples/grid.png"), painted.pictures, kGridColumns, kGridPictures);
  provenance["seconds_per_picture"] = painted.seconds / static_cast<double>(count);
  return {{"network_evaluations", painted.network_evaluations},
          {"guidance", guidance},
          {"steps", steps},
          {"pictures", count}};
}

at::Tensor read_pictures(const RunFolder& folder) {
  return read_safetensors(folder.file("pictures.safetensors")).at("pictures");
}

}  // namespace emf
