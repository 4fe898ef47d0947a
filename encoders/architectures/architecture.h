// Which transformer a checkpoint's config.json describes, and how its tensors fill it.
#pragma once

#include <string>
#include <vector>

#include "encoders/transformer/transformer.h"
#include "harness/base/registry.h"
#include "harness/weights/checkpoint_config.h"
#include "harness/weights/weight_loader.h"

namespace emf {

/// @throws UserError  a name that is no activation of the field's.
Activation activation_of(const CheckpointConfig& config, const std::string& name);

/// Rows of config.json's rope_parameters or rope_theta and rope_scaling as radians a position turns each pair.
/// @param parameters  {"rope_theta", "rope_type": default|linear|llama3, "factor" ...}.   @return  [head_size / 2].
/// @throws UserError  a rope_type that is not built.   @source  Su et al. 2021; Llama 3's scaling as in transformers.
std::vector<double> rotary_frequencies(const CheckpointConfig& parameters, int64_t head_size);

/// A family of checkpoints, by the model_type of its config.json; one file each.
class Architecture {
 public:
  static constexpr const char* kKind = "architecture";
  virtual ~Architecture() = default;
  virtual TransformerConfig config(const CheckpointConfig& config) const = 0;
  virtual TransformerWeights weights(const CheckpointConfig& config, const TransformerConfig& sizes,
                                     const WeightSource& source, at::ScalarType precision) const = 0;
};

/// By model_type ("llama", "qwen3", "clip_text_model").
using ArchitectureRegistry = Registry<Architecture>;

/// The architecture of a config.json, and the config of its text tower where the model has others beside it.
/// @throws UserError  model_type absent or not known (lists those known).
struct ArchitectureChoice {
  std::unique_ptr<Architecture> architecture;
  CheckpointConfig config;
};
ArchitectureChoice choose_architecture(const CheckpointConfig& config);

}  // namespace emf
