// SPDX-License-Identifier: Apache-2.0
#include "harness/codecs/scenes_autoencoder.h"

#include <ATen/ATen.h>
#include <ATen/autocast_mode.h>
#include <ATen/core/grad_mode.h>
#include <torch/nn/modules/conv.h>

#include <fmt/ranges.h>

#include "harness/base/error.h"
#include "harness/tensor/instrument_file.h"

namespace emf {
namespace {

constexpr int64_t kSlice = 256;  // rows a forward: activations stay in cache, memory stays bounded

/// Runs a function over slices of the first dimension.
template <typename Function>
at::Tensor in_slices(const at::Tensor& x, Function function) {
  std::vector<at::Tensor> parts;
  for (int64_t row = 0; row < x.size(0); row += kSlice) {
    parts.push_back(function(x.narrow(0, row, std::min(kSlice, x.size(0) - row))));
  }
  return parts.size() == 1 ? parts[0] : at::cat(parts);
}

}  // namespace

Json AutoencoderSizes::to_json() const {
  return {{"encoder", encoder}, {"decoder", decoder}, {"latent_channels", latent_channels}};
}

AutoencoderSizes AutoencoderSizes::from_json(const Json& json, const std::string& origin) {
  AutoencoderSizes sizes;
  try {
    sizes.encoder = json.at("encoder").get<std::vector<int64_t>>();
    sizes.decoder = json.at("decoder").get<std::vector<int64_t>>();
    sizes.latent_channels = json.at("latent_channels");
  } catch (const Json::exception&) {
    fail_input("{}: the sizes of the autoencoder are missing or malformed", origin);
  }
  if (sizes.encoder.size() != 3 || sizes.decoder.size() != 3) {
    fail_input("{}: an autoencoder has three encoder and three decoder widths", origin);
  }
  return sizes;
}

AutoencoderNetwork::AutoencoderNetwork(const AutoencoderSizes& sizes) {
  const auto& e = sizes.encoder;
  const auto& d = sizes.decoder;
  const auto add_residual = [&](const std::string& name, int64_t width) {
    add(name + "_first", width, width, 3);
    add(name + "_second", width, width, 3);
  };
  add("encoder_in", 12, e[0], 3);
  add_residual("encoder_2", e[0]);
  add("encoder_to_4", e[0], e[1], 2, 2);
  add_residual("encoder_4", e[1]);
  add("encoder_to_8", e[1], e[2], 2, 2);
  add_residual("encoder_8", e[2]);
  add("encoder_out", e[2], sizes.latent_channels, 1);
  add("decoder_in", sizes.latent_channels, d[0], 3);
  add_residual("decoder_8", d[0]);
  add("decoder_to_4", d[0], 4 * d[1], 1);
  add_residual("decoder_4", d[1]);
  add("decoder_to_2", d[1], 4 * d[2], 1);
  add_residual("decoder_2", d[2]);
  add("decoder_out", d[2], 12, 3);
}

void AutoencoderNetwork::initialise(uint64_t seed) {
  initialise_by_name(*this, seed);
  const at::NoGradGuard no_grad;
  for (auto& [name, layer] : layers_) {
    layer->bias.zero_();
    // Residual branches that start at zero keep this network, which has no normalisation, stable at first.
    if (name.ends_with("_second")) layer->weight.zero_();
  }
}

void AutoencoderNetwork::add(const std::string& name, int64_t inputs, int64_t outputs, int64_t kernel, int64_t stride) {
  const int64_t padding = stride == 1 ? kernel / 2 : 0;
  const auto options = torch::nn::Conv2dOptions(inputs, outputs, kernel).stride(stride).padding(padding);
  layers_.emplace(name, register_module(name, torch::nn::Conv2d(options)));
}

at::Tensor AutoencoderNetwork::convolve(const std::string& name, const at::Tensor& x) {
  return layers_.at(name)->forward(x);
}

at::Tensor AutoencoderNetwork::residual(const std::string& name, const at::Tensor& x) {
  return x + convolve(name + "_second", at::silu(convolve(name + "_first", at::silu(x))));
}

at::Tensor AutoencoderNetwork::encode(const at::Tensor& pictures) {
  at::Tensor x = at::pixel_unshuffle(pictures, 2).contiguous(at::MemoryFormat::ChannelsLast);
  x = residual("encoder_2", convolve("encoder_in", x));
  x = residual("encoder_4", convolve("encoder_to_4", x));
  x = residual("encoder_8", convolve("encoder_to_8", x));
  return convolve("encoder_out", at::silu(x));
}

at::Tensor AutoencoderNetwork::decode(const at::Tensor& latents) {
  const auto twice = [](const at::Tensor& x) {
    return at::pixel_shuffle(x, 2).contiguous(at::MemoryFormat::ChannelsLast);
  };
  at::Tensor x = residual("decoder_8", convolve("decoder_in", latents));
  x = residual("decoder_4", twice(convolve("decoder_to_4", x)));
  x = residual("decoder_2", twice(convolve("decoder_to_2", x)));
  // In mixed-precision training the picture itself stays float32: bfloat16 has 3 decimal digits short of 8-bit colour.
  const c10::impl::ExcludeDispatchKeyGuard no_autocast(
      at::autocast::get_autocast_dispatch_key_from_device_type(latents.device().type()));
  return at::pixel_shuffle(convolve("decoder_out", at::silu(x.to(at::kFloat))), 2);
}

Autoencoder::Autoencoder(const std::filesystem::path& path, const Placement& placement) {
  InstrumentFile file = read_instrument(path, "autoencoder");
  const auto take = [&](const char* name) {
    const auto found = file.tensors.find(name);
    if (found == file.tensors.end()) fail_input("{} has no tensor '{}'", file.origin, name);
    const at::Tensor value = found->second.reshape({1, -1, 1, 1});
    file.tensors.erase(found);
    return value;
  };
  mean_ = to_device(take("latent_mean"), placement.device);
  deviation_ = to_device(take("latent_deviation"), placement.device);
  facts_ = file.facts;
  sha256_ = file.sha256;
  side_ = facts_.value("side", int64_t{32});
  network_ = std::make_shared<AutoencoderNetwork>(
      AutoencoderSizes::from_json(facts_.value("sizes", Json::object()), file.origin));
  load_tensors(*network_, file.tensors, file.origin);
  use_channels_last(*network_);
  network_->to(placement.device);
  network_->eval();
}

at::Tensor Autoencoder::encode(const at::Tensor& pictures) const {
  const at::NoGradGuard no_grad;
  ensure(pictures.dim() == 4 && pictures.size(1) == 3 && pictures.size(2) % 8 == 0 && pictures.size(3) % 8 == 0,
         "pictures of shape {}; expected Bx3xHxW with sides divisible by 8", fmt::join(pictures.sizes(), "x"));
  return in_slices(pictures, [&](const at::Tensor& given) {
    const at::Tensor rows = to_device(given, mean_.device());
    const double scale = rows.scalar_type() == at::kByte ? 2.0 / 255 : 2.0;
    const at::Tensor raw = network_->encode(rows.to(at::kFloat) * scale - 1);
    return ((raw - mean_) / deviation_).contiguous();
  });
}

at::Tensor Autoencoder::decode(const at::Tensor& latents) const {
  const at::NoGradGuard no_grad;
  return in_slices(latents, [&](const at::Tensor& rows) {
    const at::Tensor x = to_device(rows, mean_.device()).to(at::kFloat).contiguous(at::MemoryFormat::ChannelsLast);
    return ((network_->decode(x) + 1) / 2).clamp_(0, 1).contiguous();
  });
}

std::filesystem::path autoencoder_path(int64_t side) {
  return instruments_folder() / fmt::format("autoencoder-{}.safetensors", side);
}

}  // namespace emf
