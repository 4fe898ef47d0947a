// SPDX-License-Identifier: Apache-2.0
#include "harness/tensor/safetensors_in_place.h"

#include <cstring>

#include "harness/base/error.h"
#include "harness/base/json.h"
#include "harness/tensor/safetensors_file.h"

namespace emf {

SafetensorsInPlace::SafetensorsInPlace(const std::filesystem::path& path, const std::map<std::string, Shape>& tensors,
                                       const TensorMetadata& metadata)
    : file_(path) {
  Json header = Json::object();
  if (!metadata.empty()) header["__metadata__"] = metadata;
  uint64_t size = 0;
  for (const auto& [name, shape] : tensors) {
    int64_t row_size = 1;
    for (size_t i = 1; i < shape.sizes.size(); ++i) row_size *= shape.sizes[i];
    places_[name] = {shape, size, row_size};
    const uint64_t bytes = static_cast<uint64_t>(shape.sizes.at(0) * row_size) * c10::elementSize(shape.dtype);
    header[name] = {
        {"dtype", safetensors_dtype_name(shape.dtype)}, {"shape", shape.sizes}, {"data_offsets", {size, size + bytes}}};
    size += bytes;
  }
  std::string text = header.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');  // the format asks for 8-byte alignment of the payload
  const uint64_t length = text.size();
  std::string prefix(sizeof length, '\0');
  std::memcpy(prefix.data(), &length, sizeof length);
  file_.append(prefix + text);
  for (auto& [name, place] : places_) place.begin += prefix.size() + text.size();
  file_.extend(size);
}

void SafetensorsInPlace::write_row(const std::string& name, int64_t row, const at::Tensor& part) {
  const Place& place = places_.at(name);
  ensure(part.scalar_type() == place.shape.dtype && row >= 0 && row < place.shape.sizes[0] &&
             part.numel() <= place.row_size,
         "row {} of '{}' with {} of {} elements", row, name, part.numel(), place.row_size);
  const at::Tensor plain = part.contiguous();
  const uint64_t at = place.begin + static_cast<uint64_t>(row * place.row_size) * plain.element_size();
  file_.overwrite(at, {static_cast<const char*>(plain.const_data_ptr()), plain.nbytes()});
}

}  // namespace emf
