#include "harness/tensor/safetensors.h"

#include <c10/util/accumulate.h>

#include <cstring>
#include <limits>

#include "harness/base/error.h"
#include "harness/base/file.h"

namespace emf {
namespace {

struct DtypeName {
  at::ScalarType type;
  const char* name;
};
constexpr DtypeName kDtypes[] = {{at::kDouble, "F64"}, {at::kFloat, "F32"}, {at::kHalf, "F16"},
                                 {at::kBFloat16, "BF16"}, {at::kLong, "I64"}, {at::kInt, "I32"},
                                 {at::kByte, "U8"}, {at::kBool, "BOOL"}};

std::string dtype_name(at::ScalarType type) {
  for (const DtypeName& entry : kDtypes) {
    if (entry.type == type) return entry.name;
  }
  throw InternalError(fmt::format("safetensors has no dtype for {}", at::toString(type)));
}

at::ScalarType dtype_of(const std::string& name, const std::string& where) {
  for (const DtypeName& entry : kDtypes) {
    if (name == entry.name) return entry.type;
  }
  fail_input("{}: dtype '{}' is not supported", where, name);
}

/// One tensor of the header, every number checked against the file before use.
at::Tensor read_tensor(const Json& entry, std::span<const std::byte> payload, const std::string& where) {
  const bool sound = entry.is_object() && entry.contains("dtype") && entry["dtype"].is_string() &&
                     entry.contains("shape") && entry["shape"].is_array() && entry.contains("data_offsets") &&
                     entry["data_offsets"].is_array() && entry["data_offsets"].size() == 2;
  if (!sound) fail_input("{}: header entry lacks dtype, shape or data_offsets", where);
  const at::ScalarType type = dtype_of(entry["dtype"], where);
  uint64_t bytes = at::elementSize(type);
  std::vector<int64_t> shape;
  for (const Json& side : entry["shape"]) {
    if (!side.is_number_unsigned()) fail_input("{}: shape holds {}, not a size", where, side.dump());
    const uint64_t size = side.get<uint64_t>();
    if (size != 0 && bytes > std::numeric_limits<int64_t>::max() / size) fail_input("{}: shape is too large", where);
    bytes *= size;
    shape.push_back(static_cast<int64_t>(size));
  }
  for (const Json& offset : entry["data_offsets"]) {
    if (!offset.is_number_unsigned()) fail_input("{}: data offset {} is not a size", where, offset.dump());
  }
  const uint64_t begin = entry["data_offsets"][0], end = entry["data_offsets"][1];
  if (end < begin || end > payload.size() || end - begin != bytes) {
    fail_input("{}: data {}..{} does not fit its shape ({} bytes) and the file ({} bytes); fetch it again", where, begin,
               end, bytes, payload.size());
  }
  const at::Tensor tensor = at::empty(shape, type);
  if (bytes > 0) std::memcpy(tensor.data_ptr(), payload.data() + begin, bytes);
  return tensor;
}

}  // namespace

void write_safetensors(const std::filesystem::path& path, const NamedTensors& tensors, const TensorMetadata& metadata) {
  Json header = Json::object();
  if (!metadata.empty()) header["__metadata__"] = metadata;
  std::string payload;
  for (const auto& [name, tensor] : tensors) {
    const at::Tensor plain = tensor.detach().to(at::kCPU).contiguous();
    const size_t begin = payload.size();
    payload.append(static_cast<const char*>(plain.data_ptr()), plain.nbytes());
    header[name] = {{"dtype", dtype_name(plain.scalar_type())},
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
  const MappedFile file(path);
  const auto bytes = file.bytes();
  uint64_t length = 0;
  if (bytes.size() >= sizeof length) std::memcpy(&length, bytes.data(), sizeof length);
  if (bytes.size() < sizeof length || length > bytes.size() - sizeof length) {
    fail_input("{}: not a safetensors file, or truncated; fetch it again", path.string());
  }
  const std::string text(reinterpret_cast<const char*>(bytes.data()) + sizeof length, length);
  const Json header = parse_json(text, path.string() + " (header)");
  if (!header.is_object()) fail_input("{}: the safetensors header is not an object", path.string());
  NamedTensors tensors;
  for (const auto& [name, entry] : header.items()) {
    if (name != "__metadata__") {
      tensors[name] = read_tensor(entry, bytes.subspan(sizeof length + length), path.string() + ": " + name);
    } else if (metadata != nullptr && entry.is_object()) {
      for (const auto& [key, value] : entry.items()) {
        if (value.is_string()) (*metadata)[key] = value;
      }
    }
  }
  return tensors;
}

}  // namespace emf
