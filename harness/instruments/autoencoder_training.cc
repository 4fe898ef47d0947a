// SPDX-License-Identifier: Apache-2.0
#include "harness/instruments/autoencoder_training.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cmath>

#include "harness/base/error.h"
#include "harness/base/hash.h"
#include "harness/tensor/instrument_file.h"
#include "harness/tensor/random_rows.h"

namespace emf {
namespace {

constexpr int64_t kStatisticsPictures = 8192;  // behind the latents' mean and deviation: 131,072 values a channel

/// [B,1,S,S]: 1 + weight inside boxes, 1 elsewhere; in the host's memory.
at::Tensor pixel_weights(const PictureBatch& batch, double weight) {
  const int64_t height = batch.pictures.size(2), width = batch.pictures.size(3);
  at::Tensor weights = at::ones({batch.pictures.size(0), 1, height, width});
  for (size_t i = 0; i < batch.samples.size(); ++i) {
    for (const Box& box : batch.samples[i].boxes) {
      const auto within = [](float place, int64_t size) {
        return std::clamp(static_cast<int64_t>(std::lround(place)), int64_t{0}, size);
      };
      const int64_t x0 = within(box.x0, width), y0 = within(box.y0, height), x1 = within(box.x1, width),
                    y1 = within(box.y1, height);
      if (x1 > x0 && y1 > y0) {
        weights[static_cast<int64_t>(i)][0].narrow(0, y0, y1 - y0).narrow(1, x0, x1 - x0).fill_(1 + weight);
      }
    }
  }
  return weights;
}

std::filesystem::path start_path(const std::string& name) { return instruments_folder() / (name + ".safetensors"); }

/// Weights of a shipped autoencoder of the same sizes; being convolutional it does not mind another picture side.
void load_start(AutoencoderNetwork& network, const std::string& name) {
  InstrumentFile file = read_instrument(start_path(name), "autoencoder");
  for (const char* statistic : {"latent_mean", "latent_deviation"}) file.tensors.erase(statistic);
  load_tensors(network, file.tensors, file.origin);
}

at::Tensor scaled(const at::Tensor& pictures) { return pictures.to(at::kFloat) * (2.0 / 255) - 1; }

}  // namespace

AutoencoderRecipe AutoencoderRecipe::read(const Config& suite) {
  ConfigReader reader(suite, "autoencoder");
  AutoencoderRecipe recipe;
  recipe.sizes.encoder =
      reader.integers("encoder", recipe.sizes.encoder, 4, 2048, "channels of the encoder's levels [channels]");
  recipe.sizes.decoder =
      reader.integers("decoder", recipe.sizes.decoder, 4, 2048, "channels of the decoder's levels [channels]");
  recipe.sizes.latent_channels =
      reader.integer("latent_channels", recipe.sizes.latent_channels, 1, 256, "channels of a latent [channels]");
  recipe.latent_noise =
      reader.number("latent_noise", recipe.latent_noise, 0, 10, "largest deviation of noise on standardised latents");
  recipe.box_weight = reader.number("box_weight", recipe.box_weight, 0, 100, "extra weight of pixels within objects");
  recipe.edge_weight =
      reader.number("edge_weight", recipe.edge_weight, 0, 100, "of the error of differences between neighbours");
  recipe.shipped = reader.flag("shipped", false, "keep the shipped autoencoder, and train the detector alone");
  recipe.start = reader.text("start", "", "shipped autoencoder that training starts from; \"\" = from chance");
  recipe.training = InstrumentTraining::read(reader);
  reader.finish();
  if (recipe.sizes.encoder.size() != 3) fail_input("{}: three widths are needed", reader.place("encoder"));
  if (recipe.sizes.decoder.size() != 3) fail_input("{}: three widths are needed", reader.place("decoder"));
  return recipe;
}

Json AutoencoderRecipe::to_json() const {
  Json json = {{"sizes", sizes.to_json()},     {"training", training.to_json()},
               {"latent_noise", latent_noise}, {"box_weight", box_weight},
               {"edge_weight", edge_weight},   {"loss", "|d| + 2 d^2 + edge_weight |grad d|"}};
  if (!start.empty()) json["start"] = {{"name", start}, {"sha256", sha256_file(start_path(start))}};
  return json;
}

LossResult autoencoder_loss(AutoencoderNetwork& network, const PictureBatch& batch, const AutoencoderRecipe& recipe) {
  const at::Tensor x = scaled(batch.pictures);
  const at::Tensor raw = network.encode(x).to(at::kFloat);
  const at::Tensor mean = raw.mean({0, 2, 3}, true);
  const at::Tensor latents = (raw - mean) * (raw.var({0, 2, 3}, false, true) + 1e-5).rsqrt();
  const uint64_t seed = recipe.training.seed;
  const at::Device device = latents.device();
  const at::Tensor level =
      to_device(uniform_rows(seed, "autoencoder/level", batch.indices), device).reshape({-1, 1, 1, 1}) *
      recipe.latent_noise;
  const at::Tensor noise =
      to_device(normal_rows(seed, "autoencoder/noise", batch.indices, latents.sizes().slice(1)), device);
  const at::Tensor error = network.decode(latents + noise * level) - x;

  const at::Tensor at_host = pixel_weights(batch, recipe.box_weight), weights = to_device(at_host, device);
  const double total = at_host.sum().item<double>() * 3;
  const auto difference = [](const at::Tensor& e, int64_t dim) {
    return e.narrow(dim, 1, e.size(dim) - 1) - e.narrow(dim, 0, e.size(dim) - 1);
  };
  const auto edges = [&](int64_t dim) {
    return (difference(error, dim).abs() * weights.narrow(dim, 1, weights.size(dim) - 1)).sum() / total;
  };
  const at::Tensor absolute = (error.abs() * weights).sum() / total;
  const at::Tensor square = (error.square() * weights).sum() / total;
  LossResult result;
  result.loss = absolute + 2 * square + recipe.edge_weight * (edges(2) + edges(3));
  // PSNR of pictures in 0..1, at the noise of training.
  result.numbers = {{"loss", result.loss},
                    {"psnr_db", -10 * (error.detach().square().mean().to(at::kDouble) / 4).log10()}};
  return result;
}

Json train_autoencoder(const AutoencoderRecipe& recipe, const Dataset& dataset, const RunFolder& folder,
                       const std::filesystem::path& file, const Placement& placement) {
  AutoencoderNetwork network(recipe.sizes);
  network.initialise(recipe.training.seed);
  if (!recipe.start.empty()) load_start(network, recipe.start);
  use_channels_last(network);
  network.to(placement.device);
  NamedTensors weights = train_instrument(
      network, dataset, recipe.training,
      [&](const PictureBatch& batch) { return autoencoder_loss(network, batch, recipe); }, "autoencoder", folder,
      placement);

  const at::NoGradGuard no_grad;
  // Rounded as the file rounds, so that the statistics are those of the shipped encoder.
  for (auto& [name, value] : weights) {
    if (value.dim() == 4) value = value.to(at::kHalf).to(at::kFloat);
  }
  load_tensors(network, weights, "the trained autoencoder");
  network.eval();
  std::vector<at::Tensor> latents;
  for (int64_t first = 0; first < kStatisticsPictures; first += 256) {
    const at::Tensor pictures = draw_batch(dataset, static_cast<uint64_t>(first), 256).pictures;
    latents.push_back(network.encode(scaled(to_device(pictures, placement.device))).cpu());
  }
  const at::Tensor all = at::cat(latents).to(at::kDouble);
  weights["latent_mean"] = all.mean({0, 2, 3}).to(at::kFloat);
  weights["latent_deviation"] = all.std({0, 2, 3}, false).to(at::kFloat);

  int64_t num_parameters = 0;
  for (const auto& [name, value] : weights) num_parameters += value.numel();
  write_instrument(file, "autoencoder", weights,
                   {{"name", file.stem().string()},
                    {"side", dataset.height()},
                    {"sizes", recipe.sizes.to_json()},
                    {"recipe", recipe.to_json()},
                    {"data", dataset.fingerprint()},
                    {"attributions", dataset.attributions()}});
  return {{"sha256", sha256_file(file)}, {"parameters", num_parameters}};
}

}  // namespace emf
