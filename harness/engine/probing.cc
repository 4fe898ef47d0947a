#include "harness/engine/probing.h"

#include <torch/torch.h>

#include <numeric>

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
  write_picture_grid(folder.file("samples/grid.png"), pictures, kGridColumns, kGridPictures);
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

std::function<FeatureMatrix(const std::vector<Prompt>&)> pool_with(std::shared_ptr<Encoder> encoder) {
  return [encoder = std::move(encoder)](const std::vector<Prompt>& texts) {
    constexpr size_t kBatch = 32;
    const torch::NoGradGuard no_grad;
    // Prompts of like length share a batch, so that padding costs little; rows are put back in order.
    std::vector<size_t> order(texts.size());
    std::iota(order.begin(), order.end(), size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return texts[a].text.size() < texts[b].text.size(); });
    std::vector<at::Tensor> rows(texts.size());
    for (size_t begin = 0; begin < order.size(); begin += kBatch) {
      if (interrupted()) stop_interrupted();
      const size_t end = std::min(order.size(), begin + kBatch);
      std::vector<Prompt> batch;
      for (size_t i = begin; i < end; ++i) batch.push_back(texts[order[i]]);
      const at::Tensor means = mean_over_mask(encoder->forward(encoder->prepare(batch)));
      for (size_t i = begin; i < end; ++i) rows[order[i]] = means.narrow(0, static_cast<int64_t>(i - begin), 1);
    }
    return to_matrix(at::cat(rows), encoder->fingerprint());
  };
}

Json describe_probe(const ProbeResult& result) {
  Json modes = Json::object();
  for (const ProbeMode& mode : result.modes) modes[mode.name] = {{"value", mode.value}, {"ci95", mode.ci95}};
  return {{"modes", modes},
          {"numbers", result.numbers},
          {"n_queries", result.n_queries},
          {"n_candidates", result.n_candidates}};
}

Json run_probe(const std::string& probe, std::shared_ptr<Encoder> encoder, const PromptTable& prompts,
               const RunFolder* pictures, const Json& backbone, const RunFolder& folder) {
  ProbeInput input;
  input.prompts = probe_captions(prompts);
  input.parts_are_labels = encoder->info().family == "labels";
  if (pictures != nullptr) {
    input.visual = to_matrix(read_safetensors(pictures->file("features.safetensors")).at("features"), backbone);
  }
  input.pooled = pool_with(std::move(encoder));
  const ProbeResult result = ProbeRegistry::instance().make(probe)->run(input);
  write_atomically(folder.file("items/" + probe + ".jsonl"), json_lines(result.items));
  return describe_probe(result);
}

}  // namespace emf
