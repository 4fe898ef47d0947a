// What a training objective is: what it draws, its loss, and how its network is sampled.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "harness/api/model.h"

namespace emf {

/// Which samples a step sees: draws are keyed by these, so re-batching and resuming draw the same.
struct RowKeys {
  uint64_t seed = 0;
  std::vector<uint64_t> samples;  ///< B global sample indices (counting every picture shown since the start)
};

/// The random inputs of one step. Rows are in batch order.
struct Draw {
  at::Tensor t, r;  ///< [B] float32, 0 <= r <= t <= 1
  at::Tensor eps;   ///< [B,C,H,W] standard normal
  at::Tensor drop;  ///< [B] bool: the condition is replaced by the null token
};

struct LossResult {
  at::Tensor loss;                                      ///< scalar with graph
  std::vector<std::pair<std::string, double>> numbers;  ///< for the event line, such as the unweighted residual
};

/// Conditions of a batch with and without text. Objectives mix them by Draw::drop.
struct SamplerRequest {
  at::Tensor noise;          ///< [B,C,H,W] standard normal: z at t = 1
  Condition condition;       ///< B rows
  Condition null_condition;  ///< B rows: one all-zero token, mask true
  int64_t steps = 1;         ///< on a uniform grid of [0, 1]
  double guidance = 1.0;     ///< w in u_null + w (u_cond - u_null); 1 = no second evaluation
};

struct SamplerResult {
  at::Tensor x;                     ///< [B,C,H,W]
  int64_t network_evaluations = 0;  ///< a picture; guidance counts two per step
};

/// An objective. Stateless between calls but for its options; never touches files.
class Objective {
 public:
  static constexpr const char* kKind = "objective";
  virtual ~Objective() = default;

  virtual Json fingerprint() const = 0;
  /// @param progress  share of this objective's own training done, in [0, 1).
  virtual Draw draw(const RowKeys& keys, at::IntArrayRef latent_shape, double progress) const = 0;
  /// @param x  [B,C,H,W] data.  @param condition  B rows; rows in draw.drop are replaced by the null token here.
  virtual LossResult loss(Model& model, const at::Tensor& x, const Condition& condition, const Draw& draw) const = 0;
  /// No gradient, fp32 state.
  virtual SamplerResult sample(Model& model, const SamplerRequest& request) const = 0;
  /// Adapts a network just loaded from a flow-matching checkpoint (see flow_matching_share).
  virtual void start_from_flow_matching(Model& model) const { (void)model; }
  /// Share of the picture budget spent as flow matching before this objective begins (0 or 0.5).
  virtual double flow_matching_share() const { return 0; }
  /// Matrix-product FLOPs of one training picture in forwards of the network: 3 for forward and backward, plus the
  /// tangent's share at this progress.
  virtual double forwards_per_picture(double progress) const {
    (void)progress;
    return 3;
  }
};

/// @param options  the suite's [objective.NAME] table.
using ObjectiveRegistry = Registry<Objective, const Config&>;

}  // namespace emf
