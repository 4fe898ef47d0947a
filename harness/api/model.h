// What a generator network is: a function of (z, t, t - r, condition) that carries tangents through itself.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "harness/base/config.h"
#include "harness/base/registry.h"
#include "harness/tensor/dual.h"
#include "harness/tensor/named_parameters.h"

namespace emf {

/// What a network is conditioned on. Constant along the tangent direction, so it carries none.
struct Condition {
  at::Tensor tokens;  ///< [B,L,D] float32
  at::Tensor mask;    ///< [B,L] bool, true = real token; every row has at least one
};

/// Sizes a model is built for.
struct ModelShape {
  int64_t channels = 0, height = 0, width = 0;  ///< of z
  int64_t condition_dimension = 0;              ///< D of Condition::tokens
};

/// A generator network u(z_t, t, t - r, c).
///
/// Parameters are drawn from a counter-based generator keyed by their names, so that tensors of equal name, shape and seed
/// start equal in every row of a comparison.
class Model {
 public:
  static constexpr const char* kKind = "model";
  virtual ~Model() = default;

  /// Its trained leaves, in a fixed order. Copying values into them changes the network.
  virtual const NamedParameters& parameters() const = 0;

  /// @param z         [B,C,H,W]; its tangent covers the first K <= B rows.
  /// @param t         [B] in [0,1], fp32 (never rounded to bf16: see kernels/README.md).
  /// @param interval  [B] t - r >= 0; an undefined value means a network without second time input.
  /// @return          [B,C,H,W], with a tangent [K,C,H,W] when z, t or interval carries one. The tangent is detached.
  virtual Dual forward(const Dual& z, const Dual& t, const Dual& interval, const Condition& condition) = 0;

  /// Prepares the second time input of a network trained without one (flow matching, which passes no interval).
  /// @param duplicate  false: its last layer starts at zero, so u(z, t, t) is unchanged; true: it starts as a copy of
  ///   phi_end, as EMF's paper has it (then phi(t) + phi(0) is not phi(t)).
  virtual void start_intervals(bool duplicate) = 0;

  /// Multiply-add pairs times two of one forward of one row with L condition tokens (matrix products only).
  virtual double forward_flops_per_row(int64_t condition_tokens) const = 0;
};

/// @param options  the suite's [model] table.  @param seed  of the initial parameters.
using ModelRegistry = Registry<Model, const Config&, ModelShape, uint64_t>;

}  // namespace emf
