// SPDX-License-Identifier: Apache-2.0
// Reads GGUF headers; every length is checked against the file before it is used.
#include "harness/weights/gguf.h"

#include <bit>
#include <cstring>

#include <fmt/ranges.h>

#include "harness/base/error.h"

namespace emf {
namespace {

// Metadata value types.   @source  ggml's docs/gguf.md.
enum ValueType : uint32_t {
  kU8,
  kI8,
  kU16,
  kI16,
  kU32,
  kI32,
  kF32,
  kBool,
  kString,
  kArray,
  kU64,
  kI64,
  kF64,
  kNumTypes
};
constexpr uint64_t kWidths[kNumTypes] = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};

// The format's own bounds; a file beyond them was not written by ggml.
constexpr uint32_t kMaxDimensions = 4;
constexpr uint64_t kMaxNameBytes = 1024;
constexpr int64_t kMaxValues = int64_t{1} << 46;
// Lists hold vocabularies: an entry beyond this is no word, and every reader of the list would copy it.
constexpr uint64_t kMaxWordBytes = 1 << 20;

template <typename T>
T load(const std::byte* at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

bool is_integer(uint32_t type) { return type <= kI32 || type == kU64 || type == kI64; }
bool is_number(uint32_t type) { return type == kF32 || type == kF64; }
bool is_string(uint32_t type) { return type == kString; }
bool is_flag(uint32_t type) { return type == kBool; }
bool is_float(uint32_t type) { return type == kF32; }

int64_t integer_at(const std::byte* at, uint32_t type) {
  switch (type) {
    case kU8:
      return load<uint8_t>(at);
    case kI8:
      return load<int8_t>(at);
    case kU16:
      return load<uint16_t>(at);
    case kI16:
      return load<int16_t>(at);
    case kU32:
      return load<uint32_t>(at);
    case kI32:
      return load<int32_t>(at);
    default:
      return load<int64_t>(at);
  }
}

}  // namespace

/// A cursor over the map that refuses to leave it.
class GgufFile::Reader {
 public:
  explicit Reader(const GgufFile& file) : file_(file), bytes_(file.file_.bytes()) {}

  uint64_t position() const { return at_; }
  const std::byte* here() const { return bytes_.data() + at_; }

  const std::byte* take(uint64_t count, const std::string& what) {
    if (count > bytes_.size() - at_) {
      file_.fail(fmt::format("{} needs {} bytes at byte {}, the file has {}", what, count, at_, bytes_.size()));
    }
    const std::byte* start = here();
    at_ += count;
    return start;
  }

  template <typename T>
  T read(const std::string& what) {
    return load<T>(take(sizeof(T), what));
  }

  std::string_view read_string(const std::string& what) {
    const auto length = read<uint64_t>("the length of " + what);
    return {reinterpret_cast<const char*>(take(length, what)), length};
  }

  std::string read_name(const std::string& what) {
    const std::string_view name = read_string(what);
    if (name.empty() || name.size() > kMaxNameBytes) {
      file_.fail(fmt::format("{} has a name of {} bytes, outside 1..{}", what, name.size(), kMaxNameBytes));
    }
    for (const char c : name) {
      // Names stand in error lines.
      if (static_cast<unsigned char>(c) < 0x20) file_.fail(what + " has a name with control characters");
    }
    return std::string(name);
  }

 private:
  const GgufFile& file_;
  std::span<const std::byte> bytes_;
  uint64_t at_ = 0;
};

void GgufFile::fail(const std::string& what) const {
  fail_input("{}: not a usable GGUF file: {}; fetch or convert it again", file_.path().string(), what);
}

GgufFile::GgufFile(const std::filesystem::path& path) : file_(path) {
  static_assert(std::endian::native == std::endian::little, "GGUF is read in place as little-endian");
  Reader reader(*this);
  if (std::memcmp(reader.take(4, "the magic"), "GGUF", 4) != 0) fail("it does not begin with 'GGUF'");
  const auto version = reader.read<uint32_t>("the version");
  if (version != 3) fail(fmt::format("version {} (only 3, little-endian, is read)", version));
  const auto num_tensors = reader.read<uint64_t>("the tensor count");
  const auto num_values = reader.read<uint64_t>("the metadata count");
  read_metadata(reader, num_values);
  read_tensors(reader, num_tensors);
}

void GgufFile::read_metadata(Reader& reader, uint64_t count) {
  // Counts are not trusted for allocation: a lying one runs into the end of the file.
  for (uint64_t i = 0; i < count; ++i) {
    const std::string key = reader.read_name(fmt::format("metadata key {}", i));
    Value value;
    value.type = reader.read<uint32_t>("the type of " + key);
    if (value.type == kArray) {
      value.is_array = true;
      value.type = reader.read<uint32_t>("the type of " + key);
      value.count = reader.read<uint64_t>("the length of " + key);
    }
    if (value.type >= kNumTypes || value.type == kArray) fail(fmt::format("{} has unknown type {}", key, value.type));
    value.at = reader.here();
    if (value.type == kString) {
      for (uint64_t item = 0; item < value.count; ++item) {
        const size_t size = reader.read_string(key).size();
        if (value.is_array && size > kMaxWordBytes) {
          fail(fmt::format("entry {} of {} has {} bytes, more than {}", item, key, size, kMaxWordBytes));
        }
      }
    } else {
      const uint64_t width = kWidths[value.type];
      if (value.count > file_.bytes().size() / width) fail(fmt::format("{} claims {} values", key, value.count));
      reader.take(value.count * width, key);
    }
    if (!metadata_.emplace(key, value).second) fail("metadata key '" + key + "' stands twice");
  }
}

void GgufFile::read_tensors(Reader& reader, uint64_t count) {
  const int64_t alignment = has("general.alignment") ? integer("general.alignment") : 32;
  if (alignment < 1 || alignment > (1 << 20) || !std::has_single_bit(static_cast<uint64_t>(alignment))) {
    fail(fmt::format("general.alignment is {}, not a power of two", alignment));
  }
  std::vector<std::pair<std::string, uint64_t>> offsets;
  for (uint64_t i = 0; i < count; ++i) {
    const std::string name = reader.read_name(fmt::format("tensor {}", i));
    GgufTensor tensor;
    const auto dimensions = reader.read<uint32_t>("the rank of " + name);
    if (dimensions < 1 || dimensions > kMaxDimensions) fail(fmt::format("{} has {} dimensions", name, dimensions));
    int64_t values = 1;
    for (uint32_t d = 0; d < dimensions; ++d) {
      const auto size = reader.read<uint64_t>("the shape of " + name);
      if (size < 1 || size > static_cast<uint64_t>(kMaxValues / values)) {
        fail(fmt::format("{} has impossible size {} in dimension {}", name, size, d));
      }
      values *= static_cast<int64_t>(size);
      tensor.shape.insert(tensor.shape.begin(), static_cast<int64_t>(size));
    }
    const auto type = reader.read<uint32_t>("the type of " + name);
    tensor.format = ggml_format(type);
    if (tensor.format == nullptr) {
      fail_input("{}: tensor '{}' has ggml type {}, which is not known here; take another quantisation of the model",
                 path().string(), name, type);
    }
    tensor.row_size = tensor.shape.back();
    tensor.num_rows = values / tensor.row_size;
    if (tensor.row_size % tensor.format->block_size != 0) {
      fail(fmt::format("{} has rows of {}, no multiple of {}'s block of {}", name, tensor.row_size, tensor.format->name,
                       tensor.format->block_size));
    }
    tensor.row_bytes = tensor.row_size / tensor.format->block_size * tensor.format->block_bytes;
    offsets.emplace_back(name, reader.read<uint64_t>("the offset of " + name));
    if (!tensors_.emplace(name, tensor).second) fail("tensor '" + name + "' stands twice");
  }
  const auto unit = static_cast<uint64_t>(alignment);
  const uint64_t start = (reader.position() + unit - 1) / unit * unit;
  const uint64_t size = file_.bytes().size();
  uint64_t next = 0;
  for (const auto& [name, offset] : offsets) {
    GgufTensor& tensor = tensors_.find(name)->second;
    const auto need = static_cast<uint64_t>(tensor.num_rows) * static_cast<uint64_t>(tensor.row_bytes);
    if (offset % unit != 0) fail(fmt::format("{} starts at {}, no multiple of {}", name, offset, unit));
    if (start > size || offset > size - start || need > size - start - offset) {
      fail(fmt::format("{} needs {} bytes at byte {}, the file has {}", name, need, start + offset, size));
    }
    // As ggml asks: in the table's order, without overlap or gap.
    if (offset != next) fail(fmt::format("{} starts at {}, the tensors before it end at {}", name, offset, next));
    next = (offset + need + unit - 1) / unit * unit;
    tensor.data = file_.bytes().data() + start + offset;
  }
}

const GgufFile::Value& GgufFile::find(std::string_view key, bool is_array, const char* expected,
                                      bool (*fits)(uint32_t type)) const {
  const auto found = metadata_.find(key);
  if (found == metadata_.end()) fail(fmt::format("metadata key '{}' is absent", key));
  if (found->second.is_array != is_array || !fits(found->second.type)) {
    fail(fmt::format("metadata key '{}' is not {}", key, expected));
  }
  return found->second;
}

int64_t GgufFile::integer(std::string_view key) const {
  const Value& value = find(key, false, "an integer", is_integer);
  return integer_at(value.at, value.type);
}

double GgufFile::number(std::string_view key) const {
  const Value& value = find(key, false, "a number", is_number);
  return value.type == kF32 ? static_cast<double>(load<float>(value.at)) : load<double>(value.at);
}

bool GgufFile::flag(std::string_view key) const {
  return load<uint8_t>(find(key, false, "true or false", is_flag).at) != 0;
}

std::string_view GgufFile::text(std::string_view key) const {
  const Value& value = find(key, false, "a string", is_string);
  return {reinterpret_cast<const char*>(value.at) + 8, load<uint64_t>(value.at)};
}

std::vector<std::string_view> GgufFile::texts(std::string_view key) const {
  const Value& value = find(key, true, "a list of strings", is_string);
  std::vector<std::string_view> texts;
  texts.reserve(value.count);
  const std::byte* at = value.at;
  for (uint64_t i = 0; i < value.count; ++i) {
    const auto length = load<uint64_t>(at);
    texts.emplace_back(reinterpret_cast<const char*>(at) + 8, length);
    at += 8 + length;
  }
  return texts;
}

std::vector<int64_t> GgufFile::integers(std::string_view key) const {
  const Value& value = find(key, true, "a list of integers", is_integer);
  std::vector<int64_t> numbers(value.count);
  for (uint64_t i = 0; i < value.count; ++i) {
    numbers[i] = integer_at(value.at + i * kWidths[value.type], value.type);
  }
  return numbers;
}

std::vector<float> GgufFile::numbers(std::string_view key) const {
  const Value& value = find(key, true, "a list of float32", is_float);
  std::vector<float> numbers(value.count);
  for (uint64_t i = 0; i < value.count; ++i) numbers[i] = load<float>(value.at + i * kWidths[kF32]);
  return numbers;
}

std::vector<std::string> GgufFile::keys() const {
  std::vector<std::string> keys;
  for (const auto& [key, value] : metadata_) keys.push_back(key);
  return keys;
}

const GgufTensor& GgufFile::tensor(std::string_view name, const std::vector<int64_t>& shape) const {
  const auto found = tensors_.find(name);
  if (found == tensors_.end()) fail(fmt::format("tensor '{}' is absent", name));
  if (found->second.shape != shape) {
    fail(fmt::format("tensor '{}' is [{}], the model needs [{}]", name, fmt::join(found->second.shape, ", "),
                     fmt::join(shape, ", ")));
  }
  if (found->second.format->dequantise == nullptr) {
    fail_input(
        "{}: tensor '{}' is stored as {}, which is not read here; take another quantisation of the model (Q4_0, "
        "Q4_K, Q5_K, Q6_K, Q8_0, F16, BF16)",
        path().string(), name, found->second.format->name);
  }
  return found->second;
}

void dequantise_rows(const GgufTensor& tensor, int64_t first, int64_t count, float* out) {
  ensure(first >= 0 && count >= 0 && count <= tensor.num_rows - first, "rows {}..{} of a tensor with {}", first,
         first + count, tensor.num_rows);
  tensor.format->dequantise(tensor.data + first * tensor.row_bytes,
                            count * (tensor.row_size / tensor.format->block_size), out);
}

}  // namespace emf
