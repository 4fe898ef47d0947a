// SPDX-License-Identifier: Apache-2.0
// Reads safetensors headers; every number in them is checked against the file before it is used.
#include "harness/base/safetensors_index.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <set>

#include "harness/base/bounded.h"
#include "harness/base/error.h"
#include "harness/base/near_name.h"

namespace emf {
namespace {

// Longer names and more dimensions occur in no checkpoint.
constexpr size_t kMaxNameBytes = 1024;
constexpr size_t kMaxDimensions = 16;
constexpr size_t kMaxDtypeBytes = 32;

template <typename T>
T load(const std::byte* at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

bool has_control_character(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; });
}

double from_half(uint16_t bits) {
  const int exponent = bits >> 10 & 0x1F, fraction = bits & 0x3FF;
  double size = 0;
  if (exponent == 0x1F) {
    size = fraction == 0 ? std::numeric_limits<double>::infinity() : std::numeric_limits<double>::quiet_NaN();
  } else {
    size = exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(fraction + 0x400, exponent - 25);
  }
  return bits >> 15 != 0 ? -size : size;
}

/// A JSON object keeps the later of two tensors of one name, and other readers the earlier.
class NamesOnce : public nlohmann::json_sax<Json> {
 public:
  explicit NamesOnce(std::string path) : path_(std::move(path)) {}
  bool start_object(size_t) override { return ++depth_ <= kDeepest; }
  bool end_object() override { return --depth_ >= 0; }
  bool start_array(size_t) override { return ++depth_ <= kDeepest; }
  bool end_array() override { return --depth_ >= 0; }
  bool key(std::string& name) override {
    if (depth_ == 1 && !names_.insert(name).second) {
      fail_input("{}: {}: the header names it twice; write the file again", path_, name);
    }
    return true;
  }
  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(int64_t) override { return true; }
  bool number_unsigned(uint64_t) override { return true; }
  bool number_float(double, const std::string&) override { return true; }
  bool string(std::string&) override { return true; }
  bool binary(Json::binary_t&) override { return true; }
  // What is no JSON is refused where it is parsed.
  bool parse_error(size_t, const std::string&, const Json::exception&) override { return false; }

 private:
  static constexpr int kDeepest = 16;
  std::string path_;
  std::set<std::string> names_;
  int depth_ = 0;
};

void refuse_double_names(const std::string& header, const std::string& path) {
  NamesOnce names(path);
  Json::sax_parse(header, &names);
}

/// One value at any alignment; nullptr for dtypes that are no numbers.
using Reader = double (*)(const std::byte* at);
Reader reader_of(std::string_view dtype) {
  static const std::map<std::string_view, Reader> readers = {
      {"F64", [](const std::byte* at) { return load<double>(at); }},
      {"F32", [](const std::byte* at) { return static_cast<double>(load<float>(at)); }},
      {"F16", [](const std::byte* at) { return from_half(load<uint16_t>(at)); }},
      {"BF16",
       [](const std::byte* at) {
         return static_cast<double>(std::bit_cast<float>(static_cast<uint32_t>(load<uint16_t>(at)) << 16));
       }},
      {"I64", [](const std::byte* at) { return static_cast<double>(load<int64_t>(at)); }},
      {"I32", [](const std::byte* at) { return static_cast<double>(load<int32_t>(at)); }},
      {"I16", [](const std::byte* at) { return static_cast<double>(load<int16_t>(at)); }},
      {"I8", [](const std::byte* at) { return static_cast<double>(load<int8_t>(at)); }},
      {"U8", [](const std::byte* at) { return static_cast<double>(load<uint8_t>(at)); }}};
  const auto found = readers.find(dtype);
  return found == readers.end() ? nullptr : found->second;
}

}  // namespace

size_t safetensors_value_bytes(std::string_view dtype) {
  static const std::map<std::string_view, size_t> sizes = {{"F64", 8}, {"F32", 4}, {"F16", 2}, {"BF16", 2},
                                                           {"I64", 8}, {"I32", 4}, {"I16", 2}, {"I8", 1},
                                                           {"U8", 1},  {"BOOL", 1}};
  const auto found = sizes.find(dtype);
  return found == sizes.end() ? 0 : found->second;
}

void SafetensorsIndex::fail(std::string_view name, const std::string& what) const {
  fail_input("{}: {}: {}; fetch or write the file again", path().string(), name, what);
}

SafetensorsIndex::SafetensorsIndex(const std::filesystem::path& path)
    : file_(std::make_shared<const MappedFile>(path)) {
  const auto bytes = file_->bytes();
  uint64_t length = 0;
  if (bytes.size() >= sizeof length) length = load<uint64_t>(bytes.data());
  if (bytes.size() < sizeof length || length > bytes.size() - sizeof length || length > bounds::kHeaderBytes) {
    fail_input("{}: not a safetensors file, or truncated; fetch it again", path.string());
  }
  const std::string text(reinterpret_cast<const char*>(bytes.data()) + sizeof length, length);
  refuse_double_names(text, path.string());
  const Json header = parse_json(text, path.string() + " (header)");
  if (!header.is_object()) fail_input("{}: the safetensors header is not an object", path.string());
  const auto payload = bytes.subspan(sizeof length + length);
  read_tensors(header, payload);
  check_layout(payload);
}

void SafetensorsIndex::read_tensors(const Json& header, std::span<const std::byte> payload) {
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
    tensors_.emplace(name, stored_tensor(name, value, payload));
  }
}

StoredTensor SafetensorsIndex::stored_tensor(const std::string& name, const Json& value,
                                             std::span<const std::byte> payload) const {
  const bool sound = value.is_object() && value.contains("dtype") && value["dtype"].is_string() &&
                     value.contains("shape") && value["shape"].is_array() && value["shape"].size() <= kMaxDimensions &&
                     value.contains("data_offsets") && value["data_offsets"].is_array() &&
                     value["data_offsets"].size() == 2;
  if (!sound) fail(name, "the header entry lacks dtype, shape or data_offsets");
  StoredTensor tensor;
  tensor.dtype = value["dtype"].get<std::string>();
  const size_t value_bytes = safetensors_value_bytes(tensor.dtype);
  if (value_bytes == 0 && (tensor.dtype.size() > kMaxDtypeBytes || has_control_character(tensor.dtype))) {
    fail(name, fmt::format("dtype {} is none", value["dtype"].dump()));
  }
  uint64_t need = std::max<size_t>(value_bytes, 1), most = need;
  for (const Json& side : value["shape"]) {
    if (!side.is_number_unsigned()) fail(name, fmt::format("its shape holds {}, not a size", side.dump()));
    const auto size = side.get<uint64_t>();
    // A size of zero must not hide impossible ones beside it: strides are products too.
    if (size > static_cast<uint64_t>(std::numeric_limits<int64_t>::max()) / most) fail(name, "its shape is too large");
    most *= std::max<uint64_t>(size, 1);
    need *= size;
    tensor.shape.push_back(static_cast<int64_t>(size));
  }
  for (const Json& offset : value["data_offsets"]) {
    if (!offset.is_number_unsigned()) fail(name, fmt::format("data offset {} is not a size", offset.dump()));
  }
  const auto begin = value["data_offsets"][0].get<uint64_t>(), end = value["data_offsets"][1].get<uint64_t>();
  // How long a dtype's values are is not known of those that are not read.
  if (value_bytes == 0 && end >= begin) need = end - begin;
  if (end < begin || end > payload.size() || end - begin != need) {
    fail(name, fmt::format("data {}..{} does not fit its shape ({} bytes) and the file ({} bytes)", begin, end, need,
                           payload.size()));
  }
  tensor.bytes = payload.subspan(begin, need);
  return tensor;
}

/// As the format's own library asks: tensors fill the payload without overlap or gap.
void SafetensorsIndex::check_layout(std::span<const std::byte> payload) const {
  std::vector<std::pair<std::span<const std::byte>, std::string_view>> order;
  for (const auto& [name, tensor] : tensors_) order.emplace_back(tensor.bytes, name);
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

std::vector<std::string> SafetensorsIndex::names() const {
  std::vector<std::string> names;
  for (const auto& [name, tensor] : tensors_) names.push_back(name);
  return names;
}

std::vector<double> SafetensorsIndex::numbers(std::string_view name) const {
  const auto found = tensors_.find(name);
  if (found == tensors_.end()) {
    fail_input("{}: tensor '{}' is absent{}", path().string(), name, suggestion(std::string(name), names()));
  }
  const StoredTensor& tensor = found->second;
  const Reader reader = reader_of(tensor.dtype);
  if (reader == nullptr) {
    fail_input("{}: tensor '{}' is stored as {}, which is not read here; save it as F32, F16 or BF16", path().string(),
               name, tensor.dtype);
  }
  const size_t step = safetensors_value_bytes(tensor.dtype);
  std::vector<double> numbers(tensor.bytes.size() / step);
  for (size_t i = 0; i < numbers.size(); ++i) numbers[i] = reader(tensor.bytes.data() + i * step);
  return numbers;
}

}  // namespace emf
