// SPDX-License-Identifier: Apache-2.0
// What a backbone is: a network whose features of pictures are compared by Frechet and kernel distances.
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <string>

#include "harness/base/json.h"
#include "harness/base/options.h"
#include "harness/base/registry.h"
#include "harness/tensor/placement.h"
#include "harness/tensor/resize.h"

namespace emf {

class Backbone {
 public:
  static constexpr const char* kKind = "backbone";
  virtual ~Backbone() = default;

  /// Side of its input, pixels: pictures of any size are brought to it first.
  virtual int64_t side() const = 0;
  /// How pictures are resized for it unless the user says otherwise.
  virtual ResizeFilter resize() const { return ResizeFilter::kBilinear; }
  /// {"backbone", "weights_sha256", "layer"}: numbers of unequal identities are never compared.
  virtual Json identity() const = 0;
  /// What distances on it are called: "lite0" makes fd_lite0 and kid_lite0; "" = the plain metric names.
  virtual std::string short_name() const { return ""; }
  /// True for the 2015 Inception on whose features FID, KID and the Inception Score are defined: distances on it bear
  /// those names, on all others they are named for the backbone.
  virtual bool official() const { return false; }
  /// True where logits() gives class scores.
  virtual bool classifies() const { return false; }

  /// Thread-compatible; equal input, equal output.
  /// @param pictures  [B,3,side,side] float32 in 0..255, as resized; values may be fractions; from wherever they lie.
  /// @return  [B,D] float32 in the host's memory.
  virtual at::Tensor features(const at::Tensor& pictures) const = 0;
  /// Class scores of features, for the Inception Score: [B,D] to [B,classes] logits.
  /// @throws UserError  a backbone without classes.
  virtual at::Tensor logits(const at::Tensor& features) const {
    (void)features;
    fail_input("this backbone has no class scores; lite0 has, or give logits as .npy, .npz or .safetensors");
  }
};

struct BackboneContext {
  Placement placement;
};

/// The option "argument" holds what stands behind the colon of `name:argument`.
using BackboneRegistry = Registry<Backbone, const Options&, const BackboneContext&>;

/// @param text  "lite0", "torchscript:/path/to/inception.pt".
/// @throws UserError  unknown name; weights absent or unfit.
inline std::unique_ptr<Backbone> make_backbone(const std::string& text, const BackboneContext& context = {},
                                               const Options& options = {}) {
  const NamedOptions named = named_options(text, options);
  return BackboneRegistry::instance().make(named.name, named.options, context);
}

}  // namespace emf
