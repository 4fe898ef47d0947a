// SPDX-License-Identifier: Apache-2.0
// Any codec as TorchScript, such as the VAE of a latent diffusion model. Its method `encode` takes pictures [B,3,H,W]
// and returns latents [B,C,H/f,W/f], its mean where it has a distribution; its method `decode` goes the other way. A
// tuple's first element is taken.
//
// What the file cannot say itself stands in FILE.json beside it:
//   channels  C of its latents                               factor  f, pixels of a side that become one place
//   range     of the pictures' values, "-1..1" (default), "0..1" or "0..255"
//   mean, std what makes a latent's channels N(0,1): (encode(x) - mean) / std, a number or one for each channel, 0 and
//             1 unless given. A model card's scaling_factor s is std = 1 / s.
//   batch     pictures that it takes at once (16)
#include <ATen/ATen.h>
#include <fmt/ranges.h>

#include "harness/api/codec.h"
#include "harness/base/error.h"
#include "harness/tensor/script_file.h"

namespace emf {
namespace {

class TorchScriptCodec : public Codec {
 public:
  TorchScriptCodec(const std::string& path, const Placement& placement)
      : path_(path), placement_(placement), script_(read_script(path, placement)) {
    ConfigReader reader(script_.facts, "");
    for (const char* key : {"channels", "factor"}) {
      if (!reader.has(key)) {
        fail_input("{}: '{}' is missing; a codec's facts stand beside it, {{\"channels\": 4, \"factor\": 8}}",
                   script_.facts.origin, key);
      }
    }
    channels_ = reader.integer("channels", 0, 1, 1 << 16);
    factor_ = reader.integer("factor", 0, 1, 1 << 16);
    range_ = reader.choice("range", "-1..1", script_ranges());
    mean_ = by_channel(reader.raw("mean"), "mean", 0);
    std_ = by_channel(reader.raw("std"), "std", 1);
    batch_ = reader.integer("batch", 16, 1, 1 << 16);
    reader.finish();
    if (std_.le(0).any().item<bool>()) fail_input("{}: 'std' must be above 0", script_.facts.origin);
  }

  Json fingerprint() const override {
    return {{"name", "torchscript"}, {"sha256", script_.sha256}, {"facts", script_.facts.values}};
  }

  LatentShape shape(int64_t height, int64_t width) const override {
    if (height < factor_ || width < factor_ || height % factor_ != 0 || width % factor_ != 0) {
      fail_input("{} takes pictures whose sides are multiples of {} pixels, not {} x {}", path_, factor_, width,
                 height);
    }
    return {channels_, height / factor_, width / factor_};
  }

  at::Tensor encode(const at::Tensor& pictures) const override {
    const LatentShape one = shape(pictures.size(2), pictures.size(3));
    const at::Tensor raw = call("encode", in_range(pictures.to(placement_.device), range_),
                                {pictures.size(0), one.channels, one.height, one.width});
    return ((raw - mean_) / std_).cpu().contiguous();
  }

  at::Tensor decode(const at::Tensor& latents) const override {
    const at::Tensor raw = latents.to(placement_.device, at::kFloat) * std_ + mean_;
    return bytes_from_range(
               call("decode", raw, {latents.size(0), 3, latents.size(2) * factor_, latents.size(3) * factor_}), range_)
        .cpu();
  }

  int64_t batch() const override { return batch_; }

 private:
  /// What a method gives of `batch` rows at a time, whoever asks for however many.
  at::Tensor call(const std::string& method, const at::Tensor& input, std::vector<int64_t> expected) const {
    std::vector<at::Tensor> parts;
    for (int64_t row = 0; row < input.size(0); row += batch_) {
      expected[0] = std::min(batch_, input.size(0) - row);
      parts.push_back(call_once(method, input.narrow(0, row, expected[0]), expected));
    }
    return parts.size() == 1 ? parts.front() : at::cat(parts);
  }

  /// Float32 and of the shape that the facts promise.
  at::Tensor call_once(const std::string& method, const at::Tensor& input, const std::vector<int64_t>& expected) const {
    c10::IValue found = run_script_method(script_, method, {input});
    if (found.isTuple() && !found.toTupleRef().elements().empty()) found = found.toTupleRef().elements().at(0);
    if (!found.isTensor()) fail_input("{}: its {} must return one tensor", path_, method);
    const at::Tensor values = found.toTensor().to(at::kFloat);
    if (values.sizes() != at::IntArrayRef(expected)) {
      fail_input("{}: its {} gave [{}] where {} says [{}]", path_, method, fmt::join(values.sizes(), ","),
                 script_.facts.origin, fmt::join(expected, ","));
    }
    return values;
  }

  /// [1,C,1,1].
  at::Tensor by_channel(const Json& given, const char* key, double fallback) const {
    std::vector<double> numbers(static_cast<size_t>(channels_), given.is_number() ? given.get<double>() : fallback);
    if (given.is_array() && given.size() == numbers.size() &&
        std::all_of(given.begin(), given.end(), [](const Json& number) { return number.is_number(); })) {
      numbers = given.get<std::vector<double>>();
    } else if (!given.is_null() && !given.is_number()) {
      fail_input("{}: '{}' must be a number, or {} of them, one a channel", script_.facts.origin, key, channels_);
    }
    return at::tensor(numbers, placement_.options()).view({1, -1, 1, 1});
  }

  std::string path_;
  Placement placement_;
  ScriptFile script_;
  int64_t channels_ = 0, factor_ = 0, batch_ = 16;
  std::string range_;
  at::Tensor mean_, std_;
};

std::unique_ptr<Codec> make_torchscript(const Options& options, const CodecContext& context) {
  ConfigReader reader(options);
  const std::string path = reader.text("argument", "", "path of the TorchScript file, behind the colon");
  reader.finish();
  if (path.empty()) fail_input("codec 'torchscript' needs a file: torchscript:/path/to/codec.pt");
  return std::make_unique<TorchScriptCodec>(path, context.placement);
}

EMF_REGISTER(CodecRegistry, "torchscript", "Any codec as a TorchScript file, torchscript:/path/to/codec.pt",
             make_torchscript);

}  // namespace
}  // namespace emf
