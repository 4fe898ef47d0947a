// SPDX-License-Identifier: Apache-2.0
// The autoencoder shipped with the project: 16 channels at an eighth of the side, trained on pictures of scenes of 32
// and of 64 pixels.
#include "harness/api/codec.h"

#include <torch/nn/module.h>

#include "harness/base/config.h"
#include "harness/base/error.h"
#include "harness/codecs/scenes_autoencoder.h"

namespace emf {
namespace {

constexpr int64_t kFactor = 8;  // pixels of a side that become one place of the latents

class AutoencoderCodec : public Codec {
 public:
  AutoencoderCodec(const Options& options, const CodecContext& context)
      : autoencoder_(path_of(options, context), context.placement) {}

  Json fingerprint() const override { return {{"name", "autoencoder"}, {"sha256", autoencoder_.sha256()}}; }

  LatentShape shape(int64_t height, int64_t width) const override {
    if (height < kFactor || width < kFactor || height % kFactor != 0 || width % kFactor != 0) {
      fail_input("the autoencoder takes pictures whose sides are multiples of {} pixels, not {} x {}", kFactor, width,
                 height);
    }
    return {autoencoder_.latent_channels(), height / kFactor, width / kFactor};
  }

  at::Tensor encode(const at::Tensor& pictures) const override { return autoencoder_.encode(pictures).cpu(); }

  at::Tensor decode(const at::Tensor& latents) const override {
    return (autoencoder_.decode(latents) * 255).round().to(at::kByte).cpu();
  }

 private:
  /// The shipped file of the pictures' side.
  static std::filesystem::path path_of(const Options& options, const CodecContext& context) {
    ConfigReader(options).finish();
    if (context.height != context.width) {
      fail_input(
          "the autoencoder is trained on square pictures, not on {} x {}; name another codec (pixels, "
          "torchscript:FILE)",
          context.width, context.height);
    }
    return autoencoder_path(context.height);
  }

  Autoencoder autoencoder_;
};

std::unique_ptr<Codec> make_autoencoder(const Options& options, const CodecContext& context) {
  return std::make_unique<AutoencoderCodec>(options, context);
}

EMF_REGISTER(CodecRegistry, "autoencoder", "The shipped autoencoder of scenes: 16 channels at an eighth of the side",
             make_autoencoder, {.title = "Autoencoder"});

}  // namespace
}  // namespace emf
