// SPDX-License-Identifier: Apache-2.0
#include "harness/engine/pictures/sampler.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <chrono>

#include "harness/base/interrupt.h"
#include "harness/engine/pictures/picture_file.h"
#include "harness/tensor/placement.h"
#include "harness/tensor/random_rows.h"
#include "harness/tensor/safetensors.h"

namespace emf {

SamplerRequest sampler_request(const TextConditions& conditions, const ConditionOf& condition_of, int64_t begin,
                               int64_t count, const LatentShape& shape, int64_t steps, double guidance, uint64_t seed,
                               const at::Device& device) {
  std::vector<uint64_t> indices;
  for (int64_t i = 0; i < count; ++i) indices.push_back(static_cast<uint64_t>(begin + i));
  SamplerRequest request;
  // The noise depends on seed and number alone. All rows of a seed start from the same noise, so that a
  // difference between two of them is one of training.
  request.noise = normal_rows(seed, "sample/noise", indices, {shape.channels, shape.height, shape.width});
  request.noise = to_device(request.noise, device);
  request.condition = condition_of(begin, count);
  request.null_condition = conditions.none(count);
  request.steps = steps;
  request.guidance = guidance;
  if (guidance != 1) request.both = with_null(request);
  return request;
}

Painted paint(const Objective& objective, const Model& model, const TextConditions& conditions,
              const ConditionOf& condition_of, int64_t count, const Codec& codec, PictureSides sides, int64_t steps,
              double guidance, uint64_t seed) {
  // Bounds the memory of activations only: a picture's noise is keyed by its number and not by its batch.
  constexpr int64_t kBatch = 50, kBatchOfDevice = 200;
  const at::NoGradGuard no_grad;
  if (const auto [least, most] = objective.guidance_range(); guidance < least || guidance > most) {
    fail_input("guidance {} is none that {} paints with: {} to {}", guidance,
               objective.fingerprint().at("name").get<std::string>(), least, most);
  }
  const LatentShape shape = codec.shape(sides.height, sides.width);
  const at::Device device =
      model.parameters().empty() ? Placement().device : model.parameters().front().second.device();
  const int64_t batch = device.is_cpu() ? kBatch : kBatchOfDevice;
  Painted painted;
  std::vector<at::Tensor> pictures;
  for (int64_t begin = 0; begin < count; begin += batch) {
    if (interrupted()) stop_interrupted();
    const int64_t rows = std::min(batch, count - begin);
    const SamplerRequest request =
        sampler_request(conditions, condition_of, begin, rows, shape, steps, guidance, seed, device);
    // The network alone is timed, without noise, text and codec, because the cost of a step is what is
    // compared.
    synchronize(device);
    const auto start = std::chrono::steady_clock::now();
    const SamplerResult result = objective.sample(model, request);
    synchronize(device);
    painted.seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    painted.network_evaluations = result.network_evaluations;
    pictures.push_back(codec.decode(result.x));
  }
  painted.pictures = at::cat(pictures);
  return painted;
}

Json sample_prompts(const Objective& objective, const Model& model, const TextConditions& conditions,
                    const ConditionOf& condition_of, int64_t count, const Codec& codec, PictureSides sides,
                    int64_t steps, double guidance, uint64_t seed, const RunFolder& folder, Json& provenance) {
  const Painted painted = paint(objective, model, conditions, condition_of, count, codec, sides, steps, guidance, seed);
  write_pictures(painted.pictures, folder);
  provenance["seconds_per_picture"] = painted.seconds / static_cast<double>(count);
  return {{"network_evaluations", painted.network_evaluations},
          {"guidance", guidance},
          {"steps", steps},
          {"pictures", count}};
}

void write_pictures(const at::Tensor& pictures, const RunFolder& folder) {
  // The tensor is what scores read; the grid beside it is for eyes and for the report.
  write_safetensors(folder.file("pictures.safetensors"), {{"pictures", pictures}});
  write_picture_grid(folder.file("samples/grid.png"), pictures, kGridColumns, kGridPictures);
}

at::Tensor read_pictures(const RunFolder& folder) {
  return read_safetensors(folder.file("pictures.safetensors")).at("pictures");
}

}  // namespace emf
