// Which transformer a checkpoint's config.json describes, and how its tensors fill it.
#pragma once

#include <string>
#include <vector>

#include "encoders/transformer/transformer.h"
#include "encoders/weights/weight_source.h"
#include "harness/base/registry.h"

namespace emf {

/// A checkpoint's config.json, every number checked as it is read. GGUF metadata is turned into the same keys.
class CheckpointConfig {
 public:
  CheckpointConfig(Json values, std::string origin) : values_(std::move(values)), origin_(std::move(origin)) {}

  const std::string& origin() const { return origin_; }
  const Json& values() const { return values_; }
  bool has(const std::string& key) const { return values_.contains(key) && !values_.at(key).is_null(); }

  /// @throws UserError  absent, not an integer, or outside 1..2^24 (names file and key).
  int64_t size(const std::string& key) const;
  int64_t size(const std::string& key, int64_t otherwise) const;
  /// @throws UserError  not a finite number; absent where no default is given.
  double number(const std::string& key) const;
  double number(const std::string& key, double otherwise) const;
  std::string text(const std::string& key, const std::string& otherwise) const;
  bool flag(const std::string& key, bool otherwise) const;
  /// The object under a key as a config of its own; empty when absent.
  CheckpointConfig table(const std::string& key) const;
  /// Refuses what is not built: `what` is found in the file and would change the result.
  [[noreturn]] void refuse(const std::string& what) const;

 private:
  Json values_;
  std::string origin_;
};

/// @throws UserError  a name that is no activation of the field's.
Activation activation_of(const CheckpointConfig& config, const std::string& name);

/// Rows of config.json's rope_parameters or rope_theta and rope_scaling as radians a position turns each pair.
/// @param parameters  {"rope_theta", "rope_type": default|linear|llama3, "factor" ...}.   @return  [head_size / 2].
/// @throws UserError  a rope_type that is not built.   @source  Su et al. 2021; Llama 3's scaling as in transformers.
std::vector<double> rotary_frequencies(const CheckpointConfig& parameters, int64_t head_size);

/// Collects a layer's tensors out of a source, checks their shapes, and gives them the products' precision.
class WeightLoader {
 public:
  /// @param precision  at::kFloat or at::kBFloat16: of matrices; norms and tables stay float32.
  WeightLoader(const WeightSource& source, std::string prefix, at::ScalarType precision)
      : source_(source), prefix_(std::move(prefix)), precision_(precision) {}

  struct Part {
    std::string name;  ///< without ".weight" and ".bias"
    int64_t rows;
  };
  at::Tensor tensor(const std::string& name, at::IntArrayRef shape) const;
  /// @param offset  added to the weight: Hugging Face stores Gemma's without the one.
  NormWeights norm(const std::string& name, int64_t size, bool has_bias, double offset = 0) const;
  /// Matrices of equal width stacked into one product.
  LinearWeights linear(const std::vector<Part>& parts, int64_t columns, bool has_bias) const;
  RowReader rows(const std::string& name, int64_t num_rows, int64_t row_size) const;
  bool has(const std::string& name) const { return source_.has(prefix_ + name); }

 private:
  const WeightSource& source_;
  std::string prefix_;
  at::ScalarType precision_;
};

/// The one of `prefixes` under which `name` is found: checkpoints of whole models put their text tower under one.
/// @throws UserError  under none.
std::string weight_prefix(const WeightSource& source, const std::string& name,
                          const std::vector<std::string>& prefixes);

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
