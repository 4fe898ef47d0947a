// SPDX-License-Identifier: Apache-2.0
// What a codec is: a way between pictures and what the generator models.
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <string>

#include "harness/base/json.h"
#include "harness/base/options.h"
#include "harness/base/registry.h"
#include "harness/tensor/placement.h"

namespace emf {

/// Sizes of what the generator models, one picture's.
struct LatentShape {
  int64_t channels = 0, height = 0, width = 0;
};

/// Fixed and without gradients. Safe from many threads; equal input, equal output. Takes tensors from wherever they lie
/// and gives its own in the host's memory.
class Codec {
 public:
  static constexpr const char* kKind = "codec";
  virtual ~Codec() = default;

  /// Name, version and weights' sha256; part of spec hashes.
  virtual Json fingerprint() const = 0;
  /// Of a picture of these sides.   @throws UserError  sides that it does not take (says which it does).
  virtual LatentShape shape(int64_t height, int64_t width) const = 0;
  /// @param pictures  [B,3,H,W] uint8.   @return [B,C,h,w] float32, each channel about N(0,1).
  virtual at::Tensor encode(const at::Tensor& pictures) const = 0;
  /// @return [B,3,H,W] uint8.
  virtual at::Tensor decode(const at::Tensor& latents) const = 0;
  /// Pictures that encode() takes best at once.
  virtual int64_t batch() const { return 256; }
  /// True where decode(encode(x)) is not x, so that a ceiling of reconstructions says something.
  virtual bool loses() const { return true; }
};

struct CodecContext {
  int64_t height = 0, width = 0;  ///< of the pictures, pixels
  Placement placement;
};

/// The option "argument" holds what stands behind the colon of `name:argument`.
using CodecRegistry = Registry<Codec, const Options&, const CodecContext&>;

/// @param text  "autoencoder", "pixels", "NAME:/path".   @throws UserError  unknown name; weights absent or unfit.
inline std::unique_ptr<Codec> make_codec(const std::string& text, const CodecContext& context,
                                         const Options& options = {}) {
  const NamedOptions named = named_options(text, options);
  return CodecRegistry::instance().make(named.name, named.options, context);
}

}  // namespace emf
