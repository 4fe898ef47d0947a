// SPDX-License-Identifier: Apache-2.0
// No codec at all: the generator models the pixels themselves, scaled to -1..1.
#include "harness/api/codec.h"

#include <ATen/ATen.h>

#include "harness/base/config.h"

namespace emf {
namespace {

class PixelCodec : public Codec {
 public:
  explicit PixelCodec(const Options& options) { ConfigReader(options).finish(); }

  Json fingerprint() const override { return {{"name", "pixels"}}; }
  LatentShape shape(int64_t height, int64_t width) const override { return {3, height, width}; }
  at::Tensor encode(const at::Tensor& pictures) const override { return pictures.cpu().to(at::kFloat) / 127.5 - 1; }
  at::Tensor decode(const at::Tensor& latents) const override {
    return (((latents + 1) / 2).clamp(0, 1) * 255).round().to(at::kByte).cpu();
  }
  bool loses() const override { return false; }
};

std::unique_ptr<Codec> make_pixels(const Options& options, const CodecContext&) {
  return std::make_unique<PixelCodec>(options);
}

EMF_REGISTER(CodecRegistry, "pixels", "The pixels themselves, scaled to -1..1", make_pixels, {.title = "Pixels"});

}  // namespace
}  // namespace emf
