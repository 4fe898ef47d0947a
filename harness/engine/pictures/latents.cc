// SPDX-License-Identifier: Apache-2.0
#include "harness/engine/pictures/latents.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>

#include "harness/base/interrupt.h"
#include "harness/base/progress.h"
#include "harness/tensor/picture_tensor.h"
#include "harness/tensor/safetensors.h"

namespace emf {

int64_t training_pictures(const Dataset& dataset, int64_t pool) {
  // A bounded dataset has fewer pictures than samples when a picture has several captions; each is encoded
  // once.
  const std::optional<uint64_t> size = dataset.size();
  return size ? std::min(pool, static_cast<int64_t>(*size)) : pool;
}

Json encode_training_pictures(const Dataset& dataset, const Codec& codec, int64_t begin, int64_t end,
                              const RunFolder& folder) {
  const at::NoGradGuard no_grad;
  const int64_t batch = codec.batch();
  Progress progress(fmt::format("encode pictures {}..{}", begin, end), end - begin, "pictures");
  std::vector<at::Tensor> latents;
  for (int64_t first = begin; first < end; first += batch) {
    if (interrupted()) stop_interrupted();
    std::vector<Sample> samples;
    for (int64_t i = first; i < std::min(end, first + batch); ++i) {
      samples.push_back(dataset.sample(static_cast<uint64_t>(i)));
    }
    latents.push_back(codec.encode(picture_tensor(samples, dataset.height(), dataset.width()).contiguous()));
    progress.update(first - begin + static_cast<int64_t>(samples.size()));
  }
  const at::Tensor x = at::cat(latents);
  write_safetensors(folder.file("latents.safetensors"), {{"x", x}});
  // A codec promises latents of about unit scale. These two numbers say whether it keeps that on these
  // pictures, before a training of hours shows it.
  return {{"pictures", end - begin}, {"mean", x.mean().item<double>()}, {"deviation", x.std().item<double>()}};
}

at::Tensor TrainingSet::gather(const at::Tensor& samples) const {
  // Samples beyond the last picture are further captions of the same pictures, in the same order.
  return x.index_select(0, to_device(samples.remainder(x.size(0)), x.device()));
}

TrainingSet TrainingSet::near(const at::Device& device) const {
  constexpr size_t kMost = size_t{4} << 30;  // bytes; several rows may train on one card
  return x.nbytes() > kMost ? *this : TrainingSet{to_device(x, device), pool};
}

TrainingSet load_training_set(const std::vector<const RunFolder*>& shards, int64_t pool) {
  std::vector<at::Tensor> parts;
  for (const RunFolder* shard : shards) {
    parts.push_back(read_safetensors(shard->file("latents.safetensors")).at("x"));
  }
  return {at::cat(parts), pool};
}

}  // namespace emf
