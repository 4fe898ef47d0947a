#include "harness/engine/probing.h"

#include <torch/torch.h>

#include "harness/api/probe.h"
#include "harness/base/file.h"
#include "harness/engine/picture_file.h"
#include "harness/engine/sampler.h"
#include "harness/tensor/safetensors.h"

namespace emf {

Json draw_judging_prompts(const Dataset& dataset, const LatentCodec* codec, const PromptTable& prompts,
                          const RunFolder& folder) {
  const torch::NoGradGuard no_grad;
  std::vector<Sample> samples;
  for (size_t i = 0; i < prompts.judging.size(); ++i) samples.push_back(dataset.draw(prompts.judging[i], i));
  at::Tensor pictures = stack_pictures(samples, dataset.side());
  if (codec != nullptr) pictures = codec->decode(codec->encode(pictures));
  write_safetensors(folder.file("pictures.safetensors"), {{"pictures", pictures}});
  write_picture_grid(folder.file("samples/grid.png"), pictures, kGridColumns);
  return {{"pictures", samples.size()}};
}

std::vector<Prompt> probe_captions(const PromptTable& prompts) {
  const size_t count = std::min(kProbeCaptions, prompts.training.size());
  return {prompts.training.begin(), prompts.training.begin() + static_cast<std::ptrdiff_t>(count)};
}

Json draw_probe_pictures(const Dataset& dataset, const Judges& judges, const PromptTable& prompts, const RunFolder& folder) {
  const torch::NoGradGuard no_grad;
  std::vector<Sample> samples;
  for (const Prompt& prompt : probe_captions(prompts)) samples.push_back(dataset.draw(prompt, samples.size()));
  const at::Tensor features = judges.features(stack_pictures(samples, dataset.side()));
  write_safetensors(folder.file("features.safetensors"), {{"features", features}});
  return {{"pictures", samples.size()}, {"dimension", features.size(1)}};
}

Json run_probe(const std::string& probe, std::shared_ptr<Encoder> encoder, const PromptTable& prompts,
               const RunFolder* pictures, const Json& backbone, const RunFolder& folder) {
  constexpr size_t kBatch = 32;
  const torch::NoGradGuard no_grad;
  ProbeInput input;
  input.prompts = probe_captions(prompts);
  input.parts_are_labels = encoder->info().family == "labels";
  if (pictures != nullptr) {
    input.visual = to_matrix(read_safetensors(pictures->file("features.safetensors")).at("features"), backbone);
  }
  input.pooled = [&](const std::vector<Prompt>& texts) {
    std::vector<at::Tensor> rows;
    for (size_t begin = 0; begin < texts.size(); begin += kBatch) {
      if (interrupted()) stop_interrupted();
      const auto first = texts.begin() + static_cast<std::ptrdiff_t>(begin);
      const auto last = texts.begin() + static_cast<std::ptrdiff_t>(std::min(texts.size(), begin + kBatch));
      rows.push_back(mean_over_mask(encoder->forward(encoder->prepare({first, last}))));
    }
    return to_matrix(at::cat(rows), encoder->fingerprint());
  };
  const ProbeResult result = ProbeRegistry::instance().make(probe)->run(input);
  write_atomically(folder.file("items/" + probe + ".jsonl"), json_lines(result.items));
  Json modes = Json::object();
  for (const ProbeMode& mode : result.modes) modes[mode.name] = {{"value", mode.value}, {"ci95", mode.ci95}};
  return {{"modes", modes},
          {"numbers", result.numbers},
          {"n_queries", result.n_queries},
          {"n_candidates", result.n_candidates}};
}

}  // namespace emf
