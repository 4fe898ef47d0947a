// SPDX-License-Identifier: Apache-2.0
#include "harness/tensor/safetensors.h"

#include <cstring>

#include "harness/base/atomic_file.h"
#include "harness/tensor/safetensors_file.h"

namespace emf {

void write_safetensors(const std::filesystem::path& path, const NamedTensors& tensors, const TensorMetadata& metadata) {
  Json header = Json::object();
  if (!metadata.empty()) header["__metadata__"] = metadata;
  size_t end = 0;
  for (const auto& [name, tensor] : tensors) {
    header[name] = {{"dtype", safetensors_dtype_name(tensor.scalar_type())},
                    {"shape", std::vector<int64_t>(tensor.sizes().begin(), tensor.sizes().end())},
                    {"data_offsets", {end, end + tensor.nbytes()}}};
    end += tensor.nbytes();
  }
  std::string text = header.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');  // the format asks for 8-byte alignment of the payload
  const uint64_t length = text.size();
  std::string bytes(sizeof length, '\0');
  std::memcpy(bytes.data(), &length, sizeof length);
  // Tensor by tensor: a second copy of all of them would double what a stage of a million texts holds.
  AtomicFile file(path);
  file.append(bytes);
  file.append(text);
  for (const auto& [name, tensor] : tensors) {
    const at::Tensor plain = tensor.detach().to(at::kCPU).contiguous();
    file.append({static_cast<const char*>(plain.data_ptr()), plain.nbytes()});
  }
  file.commit();
}

NamedTensors read_safetensors(const std::filesystem::path& path, TensorMetadata* metadata) {
  const SafetensorsFile file(path);
  NamedTensors tensors;
  for (const auto& [name, entry] : file.entries()) tensors[name] = file.view(name).clone();
  if (metadata != nullptr) metadata->insert(file.metadata().begin(), file.metadata().end());
  return tensors;
}

}  // namespace emf
