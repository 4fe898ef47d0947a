// SPDX-License-Identifier: Apache-2.0
// What a generator network is: a function of (z, t, t - r, condition) that carries tangents through itself.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "harness/base/options.h"
#include "harness/base/registry.h"
#include "harness/tensor/dual.h"
#include "harness/tensor/named_parameters.h"
#include "harness/tensor/placement.h"

namespace emf {

/// What a network is conditioned on. Constant along the tangent direction, so it carries none.
struct Condition {
  at::Tensor tokens;  ///< [B,L,D] float32
  at::Tensor mask;    ///< [B,L] bool, true = real token; every row has at least one
};

/// How a network wants a text's tokens.
enum class TextForm {
  kNormalised,  ///< less the mean token of the training captions, each then scaled to L2 norm sqrt(D)
  kRaw,         ///< as the encoder gives them
};

/// Sizes a model is built for.
struct ModelShape {
  int64_t channels = 0, height = 0, width = 0;  ///< of z
  int64_t condition_dimension = 0;              ///< D of Condition::tokens
};

/// What an objective asks of a network beyond u(z, t, condition).
struct ModelDemands {
  std::vector<std::string> heads;    ///< further outputs of z's shape ("v": the instantaneous velocity)
  std::vector<std::string> scalars;  ///< further inputs, a number a row ("guidance")
};

struct ModelInputs {
  Dual z;         ///< [B,C,H,W]; its tangent covers the first K <= B rows
  Dual t;         ///< [B] in [0,1], fp32 (never rounded to bf16: see kernels/README.md)
  Dual interval;  ///< [B] t - r >= 0; an undefined value means a network without second time input
  Condition condition;
  std::map<std::string, at::Tensor> scalars;  ///< [B] each, those of ModelDemands
};

struct ModelOutputs {
  Dual u;                             ///< [B,C,H,W], with a tangent [K,C,H,W] when z, t or interval carries one
  std::map<std::string, Dual> heads;  ///< likewise, those of ModelDemands
};

/// A generator network u(z_t, t, t - r, c). Tangents that it returns are detached.
///
/// Parameters are drawn from a counter-based generator keyed by their names, so that tensors of equal name, shape
/// and seed start equal in every row of a comparison.
class Model {
 public:
  static constexpr const char* kKind = "model";
  virtual ~Model() = default;

  /// Its code's version and every option: part of the hash of what is trained. Raise the version when
  /// the same options and seed give another network.
  virtual Json fingerprint() const = 0;
  /// Its trained leaves, in a fixed order. Copying values into them changes the network. A network with two time inputs
  /// calls them phi_end.* (of t) and phi_interval.* (of t - r), with leaves of equal names and shapes behind each.
  virtual const NamedParameters& parameters() const = 0;
  virtual ModelOutputs forward(const ModelInputs& inputs) const = 0;
  /// How text enters, and with it the null condition: a token of zeros in either form.
  virtual TextForm text_form() const { return TextForm::kNormalised; }

  /// Multiply-add pairs times two of one forward of one row with L condition tokens (matrix products only).
  virtual double forward_flops_per_row(int64_t condition_tokens) const = 0;
};

struct ModelContext {
  ModelShape shape;
  uint64_t seed = 0;     ///< of the initial parameters
  ModelDemands demands;  ///< a factory refuses those that its network does not offer
  Placement placement;
};

/// @param options  the suite's table [model] or [model.NAME].
using ModelRegistry = Registry<Model, const Options&, const ModelContext&>;

/// For factories of networks that offer some heads and scalars.
/// @throws UserError  a demand that is not among them (names the network and the nearest).
void require_offered(const ModelDemands& demands, const ModelDemands& offered, const std::string& network);

}  // namespace emf
