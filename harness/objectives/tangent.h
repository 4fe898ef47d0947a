// SPDX-License-Identifier: Apache-2.0
// The ways to du/dt: what an objective's option `tangent` chooses among.
#pragma once

#include <string>

#include "harness/api/model.h"
#include "harness/base/config.h"

namespace emf {

/// How a network's derivative along a direction is computed. All are exact but for the last; what differs is the
/// cost, and in bf16 the rounding.
enum class TangentWay {
  kDual,              ///< by the layers themselves, in the pass of the value
  kForwardAd,         ///< LibTorch's forward-mode AD, in a pass of its own
  kDoubleBackward,    ///< reverse mode twice, in a pass of its own
  kFiniteDifference,  ///< two further values, a step ahead and a step behind
};

/// An objective's choice, with its options `tangent` and `difference_step`.
struct TangentChoice {
  TangentWay way = TangentWay::kDual;
  double step = 5e-3;  ///< of the finite difference, in times [0, 1]

  /// Reads both keys.   @throws UserError  another word.
  static TangentChoice read(ConfigReader& reader);
  /// What stands in an objective's fingerprint; empty for the default, so that what never speaks of it keeps its hash.
  Json fingerprint() const;
  /// Forwards of the network that a row with a tangent costs beside its value's forward and backward: matrix
  /// products, as objectives count them.
  double forwards() const;
};

/// The words of the option, as users write them.
const std::vector<std::string>& tangent_ways();
TangentWay tangent_way(const std::string& word);

/// Model::forward(inputs), with the tangents of its outputs computed as chosen. Values carry a graph where gradients
/// are on, tangents never.
///
/// Forward-mode AD and reverse mode twice run the network of ATen's plain operations, in the precision that it has; the
/// finite difference runs it as it is. For the three, only the rows that move are run a second time.
/// @param inputs  tangents of z, t and interval of the first K rows are the direction.
/// @throws InternalError  nothing moves in tangents of different K.
ModelOutputs forward_with_tangent(const Model& model, const ModelInputs& inputs, const TangentChoice& choice);

}  // namespace emf
