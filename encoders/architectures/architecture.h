// SPDX-License-Identifier: Apache-2.0
// Which transformer a checkpoint's config.json describes, and how its tensors fill it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "encoders/architectures/projection.h"
#include "encoders/transformer/transformer.h"
#include "harness/base/registry.h"
#include "harness/weights/checkpoint_config.h"
#include "harness/weights/weight_loader.h"

namespace emf {

/// @throws UserError  a name that is no activation of the field's.
Activation activation_of(const CheckpointConfig& config, const std::string& name);

/// A family of checkpoints, by the model_type of its config.json; one file each.
class Architecture {
 public:
  static constexpr const char* kKind = "architecture";
  virtual ~Architecture() = default;
  virtual TransformerConfig config(const CheckpointConfig& config) const = 0;
  virtual TransformerWeights weights(const CheckpointConfig& config, const TransformerConfig& sizes,
                                     const WeightSource& source, at::ScalarType precision) const = 0;

  /// What the class makes of one token, where it does and the weights hold it.
  virtual bool has_projection(const CheckpointConfig& /*config*/, const WeightSource& /*source*/) const {
    return false;
  }
  /// Asked for only where there is one.   @throws UserError  a tensor of another shape, a kind that is not built.
  virtual TextProjection projection(const CheckpointConfig& config, const TransformerConfig& sizes,
                                    const WeightSource& source) const;
  /// Nothing for most: padding is never attended to.
  virtual std::optional<ContextFill> fill(const CheckpointConfig& /*config*/) const { return std::nullopt; }
};

/// By model_type ("llama", "qwen3", "clip_text_model").
using ArchitectureRegistry = Registry<Architecture>;

/// The architecture of a config.json, and the config of its text tower where the model has others beside it.
struct ArchitectureChoice {
  std::string type;  ///< registered name
  std::unique_ptr<Architecture> architecture;
  CheckpointConfig config;
};
/// @throws UserError  model_type absent or not known (lists those known).
ArchitectureChoice choose_architecture(const CheckpointConfig& config);

/// open_clip_config.json as a config of "open_clip".   @throws UserError  no text_cfg in it.
CheckpointConfig open_clip_config(const Json& values, const std::string& origin);

}  // namespace emf
