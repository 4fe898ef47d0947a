#include "harness/engine/sampler.h"

#include <torch/torch.h>

#include <chrono>

#include "harness/engine/picture_file.h"
#include "harness/tensor/random_rows.h"
#include "harness/tensor/safetensors.h"

namespace emf {

Json sample_prompts(const Objective& objective, Model& model, const TextConditions& conditions, const LatentCodec& codec,
                    int side, const at::Tensor& prompt_rows, int64_t steps, double guidance, uint64_t seed,
                    const RunFolder& folder, Json& provenance) {
  constexpr int64_t kBatch = 50;
  const torch::NoGradGuard no_grad;
  const std::vector<int64_t> shape = codec.shape(side);
  std::vector<at::Tensor> pictures;
  double seconds = 0;
  int64_t evaluations = 0;
  for (int64_t begin = 0; begin < prompt_rows.size(0); begin += kBatch) {
    if (interrupted()) stop_interrupted();
    const at::Tensor rows = prompt_rows.narrow(0, begin, std::min(kBatch, prompt_rows.size(0) - begin));
    std::vector<uint64_t> indices;
    for (int64_t i = 0; i < rows.size(0); ++i) indices.push_back(static_cast<uint64_t>(begin + i));
    SamplerRequest request;
    request.noise = normal_rows(seed, "sample/noise", indices, shape);
    request.condition = conditions.gather(rows);
    request.null_condition = conditions.none(rows.size(0));
    request.steps = steps;
    request.guidance = guidance;
    const auto start = std::chrono::steady_clock::now();
    const SamplerResult result = objective.sample(model, request);
    seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    evaluations = result.network_evaluations;
    pictures.push_back(codec.decode(result.x));
  }
  const at::Tensor all = at::cat(pictures);
  write_safetensors(folder.file("pictures.safetensors"), {{"pictures", all}});
  write_picture_grid(folder.file("samples/grid.png"), all, kGridColumns, kGridPictures);
  provenance["seconds_per_picture"] = seconds / static_cast<double>(all.size(0));
  return {{"network_evaluations", evaluations}, {"guidance", guidance}, {"steps", steps}, {"pictures", all.size(0)}};
}

at::Tensor read_pictures(const RunFolder& folder) {
  return read_safetensors(folder.file("pictures.safetensors")).at("pictures");
}

}  // namespace emf
