// SPDX-License-Identifier: Apache-2.0
// What a training objective is: what it draws, its loss, and how its network is sampled.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <optional>
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
  at::Tensor t, r;                                ///< [B] float32, 0 <= r <= t <= 1
  at::Tensor eps;                                 ///< [B,C,H,W] standard normal
  at::Tensor drop;                                ///< [B] bool: the condition is replaced by the null token
  std::map<std::string, at::Tensor> extras = {};  ///< what else an objective draws, B rows each
  /// Rows with r < t, counted where they were drawn, so that a loss on a device need not wait for the number; -1:
  /// nobody
  /// counted.
  int64_t num_apart = -1;
};

/// Draws are made on the CPU from the sample's number, so that every device sees the same ones, and moved then.
inline void move_to(Draw& draw, const at::Device& device) {
  for (at::Tensor* tensor : {&draw.t, &draw.r, &draw.eps, &draw.drop}) *tensor = to_device(*tensor, device);
  for (auto& [name, extra] : draw.extras) extra = to_device(extra, device);
}

/// A number for the event line: there already, or one that a device may still be computing. Whoever needs it
/// converts it,
/// and waits; the trainer does so a step late.
class LossNumber {
 public:
  LossNumber(double value) : value_(value) {}  // NOLINT(google-explicit-constructor)
  /// @param value  of one element.
  LossNumber(const at::Tensor& value) : pending_(value.detach()) {}  // NOLINT(google-explicit-constructor)
  operator double() const {                                          // NOLINT(google-explicit-constructor)
    return pending_.defined() ? pending_.item().toDouble() : value_;
  }
  /// Undefined where the number is there already.
  const at::Tensor& pending() const { return pending_; }

 private:
  double value_ = 0;
  at::Tensor pending_;
};

struct LossResult {
  at::Tensor loss;                                          ///< scalar with graph
  std::vector<std::pair<std::string, LossNumber>> numbers;  ///< for the event line, such as the unweighted residual
};

/// What an objective asks of the trainer and of the model.
struct ObjectiveWants {
  ModelDemands demands;
  std::string starts_from;  ///< the objective whose training comes first; "" = none
  double start_share = 0;   ///< share of the picture budget that is spent as `starts_from`, in (0, 1)
  /// Keep a second network whose weights follow the trained ones: its decay a picture,
  /// 0 = equal to them at each step's start.
  std::optional<double> target_decay;
};

/// Everything that a loss is a function of.
struct LossInputs {
  const Model& model;
  const Model* target = nullptr;  ///< the network of ObjectiveWants::target_decay, without gradients; else null
  const at::Tensor& x;            ///< [B,C,H,W] data
  const Condition& condition;     ///< B rows; rows in draw.drop are replaced by the null token by the loss
  const Draw& draw;
  double progress = 0;  ///< share of this objective's own training done, in [0, 1)
};

/// Conditions of a batch with and without text. Objectives mix them by Draw::drop.
struct SamplerRequest {
  at::Tensor noise;          ///< [B,C,H,W] standard normal: z at t = 1
  Condition condition;       ///< B rows
  Condition null_condition;  ///< B rows: one all-zero token, mask true
  int64_t steps = 1;         ///< on a uniform grid of [0, 1]
  double guidance = 1.0;     ///< w in u_null + w (u_cond - u_null); 1 = no second evaluation
  /// with_null(), for whoever samples several steps: a network may keep what it makes of the very same tensor.
  /// Undefined tokens: each step makes its own.
  Condition both = {};
  /// Of whoever looks at the path: called at each step with t, z there [B,C,H,W], and the velocity that the step goes
  /// along, guided as asked. Objectives that do not step along a velocity never call it.
  std::function<void(double t, const at::Tensor& z, const at::Tensor& velocity)> on_step = {};
};

/// The condition's rows, then the null condition's, padded to one length: 2B rows.
Condition with_null(const SamplerRequest& request);

struct SamplerResult {
  at::Tensor x;                     ///< [B,C,H,W]
  int64_t network_evaluations = 0;  ///< a picture; guidance counts two per step
};

/// An objective. Stateless between calls but for its options and parameters; never touches files.
class Objective {
 public:
  static constexpr const char* kKind = "objective";
  virtual ~Objective() = default;

  /// Whatever decides the training: name, version, every option that draw() and loss() read. Part of spec hashes.
  virtual Json fingerprint() const = 0;
  /// Options that sample() alone reads: another value paints anew and trains nothing again.
  virtual Json sampling() const { return Json::object(); }
  /// Strengths of the text that sample() can paint with.
  virtual std::array<double, 2> guidance_range() const { return {0, std::numeric_limits<double>::infinity()}; }
  virtual ObjectiveWants wants() const { return {}; }
  /// Leaves of its own that train with the network (a learned weighting), by name.
  virtual NamedParameters parameters() const { return {}; }
  /// @param progress  share done of the budget that is this objective's own, in [0, 1); one that another starts from
  ///   stops where the other begins.
  virtual Draw draw(const RowKeys& keys, at::IntArrayRef latent_shape, double progress) const = 0;
  /// May ask the model for several forwards, at other (z, r, t) too; forwards_per_picture() counts them.
  virtual LossResult loss(const LossInputs& inputs) const = 0;
  /// No gradient, fp32 state.
  virtual SamplerResult sample(const Model& model, const SamplerRequest& request) const = 0;
  /// Adapts a network just loaded from a checkpoint of wants().starts_from, by the names of its parameters; leaves that
  /// the checkpoint does not have keep their initial values.
  virtual void start(const NamedParameters& model) const { (void)model; }
  /// Whether loss() is a mean over rows of something that depends on each row alone, and its numbers likewise: a step
  /// may then be taken in parts ([train] micro_batch).
  virtual bool is_mean_over_rows() const { return false; }
  /// Matrix-product FLOPs of one training picture in forwards of the network: 3 for forward and backward, plus the
  /// tangent's share at this progress.
  virtual double forwards_per_picture(double progress) const {
    (void)progress;
    return 3;
  }
};

struct ObjectiveContext {
  Placement placement;
};

/// @param options  the suite's table [objective.NAME].
using ObjectiveRegistry = Registry<Objective, const Options&, const ObjectiveContext&>;

}  // namespace emf
