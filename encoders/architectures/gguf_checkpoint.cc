// SPDX-License-Identifier: Apache-2.0
#include "encoders/architectures/gguf_checkpoint.h"

#include <algorithm>

#include "encoders/architectures/gguf_family.h"
#include "harness/base/error.h"
#include "harness/tensor/parallel.h"

namespace emf {
namespace {

class GgufWeights : public WeightSource {
 public:
  explicit GgufWeights(std::shared_ptr<const GgufParts> parts)
      : parts_(std::move(parts)), family_(family_of(parts_->first())) {
    if (family_.permuted_heads) head_size_ = gguf_config(*parts_).at("head_dim");
  }

  std::string origin() const override { return parts_->first().path().string(); }
  std::vector<std::string> names() const override { return parts_->tensor_names(); }
  std::string stored_name(const std::string& name) const override { return gguf_name(name, family_.names); }
  bool has(const std::string& name) const override { return parts_->has_tensor(stored_name(name)); }

  std::vector<int64_t> shape(const std::string& name) const override { return parts_->tensor(stored_name(name)).shape; }

  void read(const std::string& name, at::IntArrayRef shape, float* out) const override {
    const GgufTensor& tensor = parts_->tensor(stored_name(name), shape.vec());
    const bool is_turned =
        head_size_ > 0 && (name.find("q_proj") != std::string::npos || name.find("k_proj") != std::string::npos);
    if (!is_turned) {
      parallel_for(tensor.num_rows, 64, [&](int64_t begin, int64_t end) {
        dequantise_rows(tensor, begin, end - begin, out + begin * tensor.row_size);
      });
      return;
    }
    // A bias is one row, whose values stand as the matrix's rows do.
    const bool is_bias = shape.size() == 1;
    const int64_t rows = is_bias ? tensor.row_size : tensor.num_rows;
    if (head_size_ < 2 || rows % head_size_ != 0) {
      fail_input("{}: {} has {} rows, no multiple of the head size {}", origin(), name, rows, head_size_);
    }
    if (is_bias) {
      std::vector<float> stored(static_cast<size_t>(rows));
      dequantise_rows(tensor, 0, 1, stored.data());
      for (int64_t row = 0; row < rows; ++row) out[row] = stored[static_cast<size_t>(stored_row(row))];
      return;
    }
    parallel_for(rows, 64, [&](int64_t begin, int64_t end) {
      for (int64_t row = begin; row < end; ++row) {
        dequantise_rows(tensor, stored_row(row), 1, out + row * tensor.row_size);
      }
    });
  }

  RowReader rows(const std::string& name, int64_t num_rows, int64_t row_size) const override {
    const GgufTensor& table = parts_->tensor(stored_name(name), {num_rows, row_size});
    // The copy of `parts` keeps the map, and with it the table, alive.
    return [parts = parts_, &table](const int64_t* ids, int64_t count, float* out) {
      for (int64_t i = 0; i < count; ++i, out += table.row_size) {
        if (ids[i] < 0 || ids[i] >= table.num_rows) {
          fail_input("token id {} is outside the vocabulary of {}", ids[i], table.num_rows);
        }
        dequantise_rows(table, ids[i], 1, out);
      }
    };
  }

  void release() const override { parts_->release(); }

 private:
  /// Row `row` of Hugging Face's order, where halves (i, i + size / 2) turn, is this row of the file, where neighbours
  /// (2i, 2i + 1) do.
  int64_t stored_row(int64_t row) const {
    const int64_t within = row % head_size_, half = head_size_ / 2;
    return row - within + (within < half ? 2 * within : 2 * (within - half) + 1);
  }

  std::shared_ptr<const GgufParts> parts_;
  GgufFamily family_;
  int64_t head_size_ = 0;  ///< 0 where rows stand as Hugging Face has them
};

}  // namespace

std::unique_ptr<WeightSource> gguf_weights(std::shared_ptr<const GgufParts> parts) {
  return std::make_unique<GgufWeights>(std::move(parts));
}

}  // namespace emf
