#include "harness/tensor/safetensors.h"

#include <cstring>

#include "harness/base/file.h"
#include "harness/tensor/safetensors_file.h"

namespace emf {

void write_safetensors(const std::filesystem::path& path, const NamedTensors& tensors, const TensorMetadata& metadata) {
  Json header = Json::object();
  if (!metadata.empty()) header["__metadata__"] = metadata;
  std::string payload;
  for (const auto& [name, tensor] : tensors) {
    const at::Tensor plain = tensor.detach().to(at::kCPU).contiguous();
    const size_t begin = payload.size();
    payload.append(static_cast<const char*>(plain.data_ptr()), plain.nbytes());
    header[name] = {{"dtype", safetensors_dtype_name(plain.scalar_type())},
                    {"shape", std::vector<int64_t>(plain.sizes().begin(), plain.sizes().end())},
                    {"data_offsets", {begin, payload.size()}}};
  }
  std::string text = header.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');  // the format asks for 8-byte alignment of the payload
  const uint64_t length = text.size();
  std::string bytes(sizeof length, '\0');
  std::memcpy(bytes.data(), &length, sizeof length);
  write_atomically(path, bytes + text + payload);
}

NamedTensors read_safetensors(const std::filesystem::path& path, TensorMetadata* metadata) {
  const SafetensorsFile file(path);
  NamedTensors tensors;
  for (const auto& [name, entry] : file.entries()) tensors[name] = file.view(name).clone();
  if (metadata != nullptr) metadata->insert(file.metadata().begin(), file.metadata().end());
  return tensors;
}

}  // namespace emf
