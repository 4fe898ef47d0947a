// SPDX-License-Identifier: Apache-2.0
#include "harness/tensor/safetensors_rows.h"

#include <cstring>
#include <limits>

#include "harness/base/error.h"
#include "harness/base/json.h"

namespace emf {
namespace {

constexpr uint64_t kAlignment = 8;  // of the payload, as the format asks

}  // namespace

SafetensorsRows::SafetensorsRows(const std::filesystem::path& path, std::string name, int64_t row_size,
                                 const TensorMetadata& metadata)
    : file_(path), name_(std::move(name)), row_size_(row_size), metadata_(metadata) {
  ensure(row_size > 0, "rows of {}", row_size);
  // The most rows whose bytes can be counted have the longest header.
  const int64_t most = std::numeric_limits<int64_t>::max() / static_cast<int64_t>(sizeof(float)) / row_size;
  room_ = (header(most).size() + kAlignment - 1) / kAlignment * kAlignment;
  const uint64_t length = room_;
  std::string prefix(sizeof length, '\0');
  std::memcpy(prefix.data(), &length, sizeof length);
  file_.append(prefix + std::string(room_, ' '));
}

std::string SafetensorsRows::header(int64_t num_rows) const {
  Json entries = Json::object();
  if (!metadata_.empty()) entries["__metadata__"] = metadata_;
  entries[name_] = {{"dtype", "F32"},
                    {"shape", {num_rows, row_size_}},
                    {"data_offsets", {0, num_rows * row_size_ * static_cast<int64_t>(sizeof(float))}}};
  return entries.dump();
}

void SafetensorsRows::append(const at::Tensor& rows) {
  ensure(rows.dim() == 2 && rows.size(1) == row_size_ && rows.scalar_type() == at::kFloat,
         "rows of {} float32, not {} axes of {}", row_size_, rows.dim(), at::toString(rows.scalar_type()));
  const at::Tensor plain = rows.contiguous();
  file_.append({static_cast<const char*>(plain.const_data_ptr()), plain.nbytes()});
  num_rows_ += rows.size(0);
}

void SafetensorsRows::finish() {
  file_.overwrite(sizeof(uint64_t), header(num_rows_));  // the room behind it stays spaces
  file_.commit();
}

}  // namespace emf
