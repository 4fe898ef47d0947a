// SPDX-License-Identifier: Apache-2.0
#include "harness/tensor/safetensors_file.h"

#include <ATen/ATen.h>
#include <c10/util/BFloat16.h>
#include <c10/util/Half.h>

#include <algorithm>
#include <cstring>
#include <limits>

#include <fmt/ranges.h>

#include "harness/base/error.h"
#include "harness/base/near_name.h"

namespace emf {
namespace {

struct DtypeName {
  at::ScalarType type;
  const char* name;
};
constexpr DtypeName kDtypes[] = {
    {at::kDouble, "F64"}, {at::kFloat, "F32"}, {at::kHalf, "F16"}, {at::kBFloat16, "BF16"}, {at::kLong, "I64"},
    {at::kInt, "I32"},    {at::kShort, "I16"}, {at::kChar, "I8"},  {at::kByte, "U8"},       {at::kBool, "BOOL"}};

template <typename T>
T load(const std::byte* at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

template <typename Stored>
void convert(const std::byte* in, int64_t count, float* out) {
  for (int64_t i = 0; i < count; ++i) {
    out[i] = static_cast<float>(load<Stored>(in + static_cast<size_t>(i) * sizeof(Stored)));
  }
}

/// Values at any alignment to float32; nullptr for dtypes that are no weights.
using Converter = void (*)(const std::byte* in, int64_t count, float* out);
Converter converter_of(at::ScalarType type) {
  switch (type) {
    case at::kDouble:
      return convert<double>;
    case at::kFloat:
      return [](const std::byte* in, int64_t count, float* out) {
        if (count > 0) std::memcpy(out, in, static_cast<size_t>(count) * sizeof(float));
      };
    case at::kHalf:
      return convert<c10::Half>;
    case at::kBFloat16:
      return convert<c10::BFloat16>;
    default:
      return nullptr;
  }
}

}  // namespace

std::string safetensors_dtype_name(at::ScalarType type) {
  for (const DtypeName& entry : kDtypes) {
    if (entry.type == type) return entry.name;
  }
  throw InternalError(fmt::format("safetensors has no dtype for {}", at::toString(type)));
}

void SafetensorsFile::fail_dtype(std::string_view name, const SafetensorsEntry& entry) const {
  fail_input("{}: tensor '{}' is stored as {}, which is not read here; save it as F32, F16 or BF16", path().string(),
             name, entry.dtype);
}

SafetensorsFile::SafetensorsFile(const std::filesystem::path& path) : index_(path) {
  for (const auto& [name, tensor] : index_.tensors()) {
    const auto known = std::find_if(std::begin(kDtypes), std::end(kDtypes),
                                    [&](const DtypeName& entry) { return tensor.dtype == entry.name; });
    const at::ScalarType type = known == std::end(kDtypes) ? at::ScalarType::Undefined : known->type;
    entries_.emplace(name, SafetensorsEntry{tensor, type});
  }
}

void SafetensorsFile::release() const { index_.file()->release(); }

const SafetensorsEntry& SafetensorsFile::entry(std::string_view name) const {
  const auto found = entries_.find(name);
  if (found == entries_.end()) {
    const std::string near = near_name(name, names());
    fail_input("{}: tensor '{}' is absent{}", path().string(), name,
               near.empty() ? "" : fmt::format("; did you mean '{}'?", near));
  }
  return found->second;
}

const SafetensorsEntry& SafetensorsFile::entry(std::string_view name, at::IntArrayRef shape) const {
  const SafetensorsEntry& found = entry(name);
  if (shape != found.shape) {
    fail_input("{}: tensor '{}' is [{}], expected [{}]", path().string(), name, fmt::join(found.shape, ", "),
               fmt::join(shape, ", "));
  }
  return found;
}

at::Tensor SafetensorsFile::view(std::string_view name) const {
  const SafetensorsEntry& found = entry(name);
  if (found.type == at::ScalarType::Undefined) fail_dtype(name, found);
  if (found.bytes.empty()) return at::empty(found.shape, found.type);
  if (found.type == at::kBool) {
    const auto odd = std::find_if(found.bytes.begin(), found.bytes.end(), [](std::byte b) { return b > std::byte{1}; });
    if (odd != found.bytes.end()) {
      fail_input("{}: {}: holds {}, not a truth value; fetch or write the file again", path().string(), name,
                 std::to_integer<int>(*odd));
    }
  }
  if (reinterpret_cast<uintptr_t>(found.bytes.data()) % at::elementSize(found.type) != 0) {
    const at::Tensor copy = at::empty(found.shape, found.type);
    std::memcpy(copy.data_ptr(), found.bytes.data(), found.bytes.size());
    return copy;
  }
  return at::from_blob(
      const_cast<std::byte*>(found.bytes.data()), found.shape, [keep = index_.file()](void*) {},
      at::TensorOptions(found.type));
}

at::Tensor SafetensorsFile::tensor(std::string_view name, at::IntArrayRef shape) const {
  const SafetensorsEntry& found = entry(name, shape);
  const Converter converter = converter_of(found.type);
  if (converter == nullptr) fail_dtype(name, found);
  const at::Tensor copy = at::empty(shape, at::kFloat);
  converter(found.bytes.data(), copy.numel(), copy.data_ptr<float>());
  return copy;
}

RowReader SafetensorsFile::rows(std::string_view name, int64_t num_rows, int64_t row_size) const {
  const SafetensorsEntry& found = entry(name, {num_rows, row_size});
  const Converter converter = converter_of(found.type);
  if (converter == nullptr) fail_dtype(name, found);
  const auto row_bytes = static_cast<int64_t>(at::elementSize(found.type)) * row_size;
  return [keep = index_.file(), what = std::string(name), data = found.bytes.data(), converter, num_rows, row_size,
          row_bytes](const int64_t* rows, int64_t count, float* out) {
    for (int64_t i = 0; i < count; ++i, out += row_size) {
      if (rows[i] < 0 || rows[i] >= num_rows) {
        fail_input("{}: row {} is outside the {} rows of '{}'", keep->path().string(), rows[i], num_rows, what);
      }
      converter(data + rows[i] * row_bytes, row_size, out);
    }
  };
}

}  // namespace emf
