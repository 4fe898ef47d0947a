// SPDX-License-Identifier: Apache-2.0
// Collects a layer's tensors out of a checkpoint: shapes checked, matrices stacked and in the products' precision.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "harness/weights/weight_source.h"

namespace emf {

/// x [.., in] -> x weight^T + bias; float32 or bfloat16; bias may be undefined.
struct LinearWeights {
  at::Tensor weight, bias;  ///< [out, in], [out]
};

struct NormWeights {
  at::Tensor weight, bias;  ///< [size] float32; bias undefined for RMS; Gemma's 1 + w is already added
};

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
  /// Also under BERT's older names, gamma and beta.
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

/// The prefix under which `name` is found: checkpoints of whole models put their text tower under one, each its own.
/// @throws UserError  under none; under several, of which none is a usual one (names them).
std::string weight_prefix(const WeightSource& source, const std::string& name);

}  // namespace emf
