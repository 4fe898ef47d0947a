// Reads safetensors headers; every number in them is checked against the file before it is used.
#include "harness/tensor/safetensors_file.h"

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

// The format's own bound on the header; longer names and more dimensions occur in no checkpoint.
constexpr uint64_t kMaxHeaderBytes = 100'000'000;
constexpr size_t kMaxNameBytes = 1024;
constexpr size_t kMaxDimensions = 16;
constexpr size_t kMaxDtypeBytes = 32;

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

bool has_control_character(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; });
}

}  // namespace

std::string safetensors_dtype_name(at::ScalarType type) {
  for (const DtypeName& entry : kDtypes) {
    if (entry.type == type) return entry.name;
  }
  throw InternalError(fmt::format("safetensors has no dtype for {}", at::toString(type)));
}

void SafetensorsFile::fail(std::string_view name, const std::string& what) const {
  fail_input("{}: {}: {}; fetch or write the file again", path().string(), name, what);
}

void SafetensorsFile::fail_dtype(std::string_view name, const SafetensorsEntry& entry) const {
  fail_input("{}: tensor '{}' is stored as {}, which is not read here; save it as F32, F16 or BF16", path().string(),
             name, entry.dtype_name);
}

SafetensorsFile::SafetensorsFile(const std::filesystem::path& path) : file_(std::make_shared<const MappedFile>(path)) {
  const auto bytes = file_->bytes();
  uint64_t length = 0;
  if (bytes.size() >= sizeof length) length = load<uint64_t>(bytes.data());
  if (bytes.size() < sizeof length || length > bytes.size() - sizeof length || length > kMaxHeaderBytes) {
    fail_input("{}: not a safetensors file, or truncated; fetch it again", path.string());
  }
  const std::string text(reinterpret_cast<const char*>(bytes.data()) + sizeof length, length);
  const Json header = parse_json(text, path.string() + " (header)");
  if (!header.is_object()) fail_input("{}: the safetensors header is not an object", path.string());
  const auto payload = bytes.subspan(sizeof length + length);
  read_entries(header, payload);
  check_layout(payload);
}

void SafetensorsFile::read_entries(const Json& header, std::span<const std::byte> payload) {
  for (const auto& [name, value] : header.items()) {
    if (name == "__metadata__") {
      if (!value.is_object()) fail(name, "is not an object");
      for (const auto& [key, item] : value.items()) {
        if (item.is_string()) metadata_[key] = item;
      }
      continue;
    }
    // Names stand in error lines.
    if (name.size() > kMaxNameBytes || has_control_character(name)) {
      fail("header", "a tensor's name is too long or holds control characters");
    }
    const bool sound = value.is_object() && value.contains("dtype") && value["dtype"].is_string() &&
                       value.contains("shape") && value["shape"].is_array() &&
                       value["shape"].size() <= kMaxDimensions && value.contains("data_offsets") &&
                       value["data_offsets"].is_array() && value["data_offsets"].size() == 2;
    if (!sound) fail(name, "the header entry lacks dtype, shape or data_offsets");
    const std::string& dtype = value["dtype"].get_ref<const std::string&>();
    const auto known = std::find_if(std::begin(kDtypes), std::end(kDtypes),
                                    [&](const DtypeName& entry) { return dtype == entry.name; });
    if (known == std::end(kDtypes) && (dtype.size() > kMaxDtypeBytes || has_control_character(dtype))) {
      fail(name, fmt::format("dtype {} is none", value["dtype"].dump()));
    }
    SafetensorsEntry entry;
    entry.dtype_name = dtype;
    entry.dtype = known == std::end(kDtypes) ? at::ScalarType::Undefined : known->type;
    const bool is_known = entry.dtype != at::ScalarType::Undefined;
    uint64_t need = is_known ? at::elementSize(entry.dtype) : 1, most = need;
    for (const Json& side : value["shape"]) {
      if (!side.is_number_unsigned()) fail(name, fmt::format("its shape holds {}, not a size", side.dump()));
      const auto size = side.get<uint64_t>();
      // A size of zero must not hide impossible ones beside it: strides are products too.
      if (size > static_cast<uint64_t>(std::numeric_limits<int64_t>::max()) / most) {
        fail(name, "its shape is too large");
      }
      most *= std::max<uint64_t>(size, 1);
      need *= size;
      entry.shape.push_back(static_cast<int64_t>(size));
    }
    for (const Json& offset : value["data_offsets"]) {
      if (!offset.is_number_unsigned()) fail(name, fmt::format("data offset {} is not a size", offset.dump()));
    }
    const auto begin = value["data_offsets"][0].get<uint64_t>(), end = value["data_offsets"][1].get<uint64_t>();
    // How long a dtype's values are is not known of those that are not read.
    if (!is_known && end >= begin) need = end - begin;
    if (end < begin || end > payload.size() || end - begin != need) {
      fail(name, fmt::format("data {}..{} does not fit its shape ({} bytes) and the file ({} bytes)", begin, end, need,
                             payload.size()));
    }
    entry.bytes = payload.subspan(begin, need);
    entries_.emplace(name, std::move(entry));
  }
}

/// As the format's own library asks: tensors fill the payload without overlap or gap.
void SafetensorsFile::check_layout(std::span<const std::byte> payload) const {
  std::vector<std::pair<std::span<const std::byte>, std::string_view>> order;
  for (const auto& [name, entry] : entries_) order.emplace_back(entry.bytes, name);
  std::sort(order.begin(), order.end(), [](const auto& a, const auto& b) {
    return std::pair(a.first.data(), a.first.size()) < std::pair(b.first.data(), b.first.size());
  });
  const std::byte* next = payload.data();
  for (const auto& [bytes, name] : order) {
    if (bytes.data() != next) {
      fail(name, fmt::format("its data begins at {}, {} of the tensor before it", bytes.data() - payload.data(),
                             bytes.data() < next ? "inside the data" : "after a gap behind the data"));
    }
    next = bytes.data() + bytes.size();
  }
  const auto unused = static_cast<size_t>(payload.data() + payload.size() - next);
  if (unused > 0) fail("header", fmt::format("the file's last {} bytes belong to no tensor", unused));
}

void SafetensorsFile::release() const { file_->release(); }

std::vector<std::string> SafetensorsFile::names() const {
  std::vector<std::string> names;
  for (const auto& [name, entry] : entries_) names.push_back(name);
  return names;
}

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
  if (found.dtype == at::ScalarType::Undefined) fail_dtype(name, found);
  if (found.bytes.empty()) return at::empty(found.shape, found.dtype);
  if (found.dtype == at::kBool) {
    const auto odd = std::find_if(found.bytes.begin(), found.bytes.end(), [](std::byte b) { return b > std::byte{1}; });
    if (odd != found.bytes.end()) fail(name, fmt::format("holds {}, not a truth value", std::to_integer<int>(*odd)));
  }
  if (reinterpret_cast<uintptr_t>(found.bytes.data()) % at::elementSize(found.dtype) != 0) {
    const at::Tensor copy = at::empty(found.shape, found.dtype);
    std::memcpy(copy.data_ptr(), found.bytes.data(), found.bytes.size());
    return copy;
  }
  return at::from_blob(
      const_cast<std::byte*>(found.bytes.data()), found.shape, [keep = file_](void*) {},
      at::TensorOptions(found.dtype));
}

at::Tensor SafetensorsFile::tensor(std::string_view name, at::IntArrayRef shape) const {
  const SafetensorsEntry& found = entry(name, shape);
  const Converter converter = converter_of(found.dtype);
  if (converter == nullptr) fail_dtype(name, found);
  const at::Tensor copy = at::empty(shape, at::kFloat);
  converter(found.bytes.data(), copy.numel(), copy.data_ptr<float>());
  return copy;
}

RowReader SafetensorsFile::rows(std::string_view name, int64_t num_rows, int64_t row_size) const {
  const SafetensorsEntry& found = entry(name, {num_rows, row_size});
  const Converter converter = converter_of(found.dtype);
  if (converter == nullptr) fail_dtype(name, found);
  const auto row_bytes = static_cast<int64_t>(at::elementSize(found.dtype)) * row_size;
  return [keep = file_, what = std::string(name), data = found.bytes.data(), converter, num_rows, row_size, row_bytes](
             const int64_t* rows, int64_t count, float* out) {
    for (int64_t i = 0; i < count; ++i, out += row_size) {
      if (rows[i] < 0 || rows[i] >= num_rows) {
        fail_input("{}: row {} is outside the {} rows of '{}'", keep->path().string(), rows[i], num_rows, what);
      }
      converter(data + rows[i] * row_bytes, row_size, out);
    }
  };
}

}  // namespace emf
