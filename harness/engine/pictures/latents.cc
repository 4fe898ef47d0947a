#include "harness/engine/pictures/latents.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "harness/base/interrupt.h"
#include "harness/base/progress.h"
#include "harness/codecs/autoencoder.h"
#include "harness/tensor/picture_tensor.h"
#include "harness/tensor/safetensors.h"

namespace emf {
namespace {

at::Tensor to_bytes(const at::Tensor& pictures) { return (pictures.clamp(0, 1) * 255).round().to(at::kByte); }

class AutoencoderCodec : public LatentCodec {
 public:
  explicit AutoencoderCodec(int side) : autoencoder_(autoencoder_path(side)) {}
  Json fingerprint() const override { return {{"name", "autoencoder"}, {"sha256", autoencoder_.sha256()}}; }
  std::vector<int64_t> shape(int side) const override { return {autoencoder_.latent_channels(), side / 8, side / 8}; }
  at::Tensor encode(const at::Tensor& pictures) const override { return autoencoder_.encode(pictures); }
  at::Tensor decode(const at::Tensor& latents) const override { return to_bytes(autoencoder_.decode(latents)); }

 private:
  Autoencoder autoencoder_;
};

class PixelCodec : public LatentCodec {
 public:
  Json fingerprint() const override { return {{"name", "none"}}; }
  std::vector<int64_t> shape(int side) const override { return {3, side, side}; }
  at::Tensor encode(const at::Tensor& pictures) const override { return pictures.to(at::kFloat) / 127.5 - 1; }
  at::Tensor decode(const at::Tensor& latents) const override { return to_bytes((latents + 1) / 2); }
};

}  // namespace

std::unique_ptr<LatentCodec> make_codec(const std::string& name, int side) {
  if (name == "none") return std::make_unique<PixelCodec>();
  return std::make_unique<AutoencoderCodec>(side);
}

Json encode_training_pictures(const Dataset& dataset, const LatentCodec& codec, int64_t begin, int64_t end,
                              const RunFolder& folder) {
  constexpr int64_t kBatch = 256;
  const at::NoGradGuard no_grad;
  Progress progress(fmt::format("encode pictures {}..{}", begin, end), end - begin, "pictures");
  std::vector<at::Tensor> latents;
  for (int64_t at_picture = begin; at_picture < end; at_picture += kBatch) {
    if (interrupted()) stop_interrupted();
    std::vector<Sample> samples;
    for (int64_t i = at_picture; i < std::min(end, at_picture + kBatch); ++i) {
      samples.push_back(dataset.sample(static_cast<uint64_t>(i)));
    }
    latents.push_back(codec.encode(picture_tensor(samples, dataset.side(), dataset.side()).contiguous()));
    progress.update(at_picture - begin + static_cast<int64_t>(samples.size()));
  }
  const at::Tensor x = at::cat(latents);
  write_safetensors(folder.file("latents.safetensors"), {{"x", x}});
  return {{"pictures", end - begin}, {"mean", x.mean().item<double>()}, {"deviation", x.std().item<double>()}};
}

TrainingSet load_training_set(const std::vector<const RunFolder*>& shards, const std::vector<int64_t>& prompt_index) {
  std::vector<at::Tensor> parts;
  for (const RunFolder* shard : shards) {
    parts.push_back(read_safetensors(shard->file("latents.safetensors")).at("x"));
  }
  return {at::cat(parts), at::tensor(prompt_index, at::kLong)};
}

}  // namespace emf
