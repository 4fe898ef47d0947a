// SPDX-License-Identifier: Apache-2.0
#include "harness/engine/text/feature_shard.h"

#include <ATen/ATen.h>
#include <cstring>

#include "harness/base/error.h"
#include "harness/base/hash.h"
#include "harness/tensor/safetensors.h"

namespace emf {
namespace {

constexpr const char* kFormat = "emf.features/1";
constexpr size_t kKeyBytes = sizeof(Sha256Digest);
constexpr size_t kCheckBytes = 16;  // the first of a SHA-256
constexpr size_t kNameDigits = 16;

std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string_view text_of(const at::Tensor& tensor) {
  return {static_cast<const char*>(tensor.const_data_ptr()), tensor.nbytes()};
}

/// Covers all that tells which bytes belong to which text.
std::string index_sha256(const std::string& fingerprint, int64_t dimension, bool has_tokens, std::string_view keys,
                         std::string_view offsets, std::string_view checks) {
  std::string index = fmt::format("{}\n{}\n{} {}\n", kFormat, fingerprint, dimension, has_tokens);
  return sha256_hex(index.append(keys).append(offsets).append(checks));
}

}  // namespace

std::filesystem::path write_feature_shard(const std::filesystem::path& folder, const std::string& fingerprint,
                                          const std::vector<Sha256Digest>& keys, const PackedFeatures& features) {
  const auto count = static_cast<int64_t>(keys.size());
  const bool has_tokens = features.tokens.defined();
  const at::Tensor values = (has_tokens ? features.tokens : features.pooled).contiguous();
  const int64_t row_bytes = values.size(1) * static_cast<int64_t>(sizeof(float));
  const at::Tensor stored_keys = at::empty({count, static_cast<int64_t>(kKeyBytes)}, at::kByte);
  const at::Tensor checks = at::empty({count, static_cast<int64_t>(kCheckBytes)}, at::kByte);
  const at::Tensor offsets = at::empty({count + 1}, at::kLong);
  int64_t* offset = offsets.data_ptr<int64_t>();
  for (int64_t i = 0; i <= count; ++i) offset[i] = has_tokens ? features.offsets[static_cast<size_t>(i)] : i;
  const std::string_view bytes = text_of(values);
  for (int64_t i = 0; i < count; ++i) {
    const Sha256Digest check = sha256(bytes.substr(static_cast<size_t>(offset[i] * row_bytes),
                                                   static_cast<size_t>((offset[i + 1] - offset[i]) * row_bytes)));
    std::memcpy(checks.data_ptr<uint8_t>() + static_cast<size_t>(i) * kCheckBytes, check.data(), kCheckBytes);
    std::memcpy(stored_keys.data_ptr<uint8_t>() + static_cast<size_t>(i) * kKeyBytes,
                keys[static_cast<size_t>(i)].data(), kKeyBytes);
  }
  const std::string sha256 =
      index_sha256(fingerprint, values.size(1), has_tokens, text_of(stored_keys), text_of(offsets), text_of(checks));
  // The name follows from the contents: two processes that encode the same texts write the same file, and the
  // second changes nothing.
  const std::filesystem::path path = folder / (sha256.substr(0, kNameDigits) + ".safetensors");
  write_safetensors(
      path,
      {{"checks", checks}, {"keys", stored_keys}, {"offsets", offsets}, {has_tokens ? "tokens" : "pooled", values}},
      {{"format", kFormat}, {"fingerprint", fingerprint}, {"index_sha256", sha256}});
  return path;
}

void FeatureShard::fail(const std::string& what) const {
  fail_input("{}: not a usable feature shard: {}", path().string(), what);
}

FeatureShard::FeatureShard(const std::filesystem::path& path, const std::string& fingerprint)
    : file_(path), has_tokens_(file_.has("tokens")) {
  const auto said = [&](const char* key) {
    const auto found = file_.metadata().find(key);
    return found == file_.metadata().end() ? std::string() : found->second;
  };
  if (said("format") != kFormat) fail(fmt::format("its format is not {}", kFormat));
  if (said("fingerprint") != fingerprint) fail("it is of another encoder");
  const auto bytes_as = [&](const char* name, at::ScalarType type, size_t dimensions) {
    const SafetensorsEntry& entry = file_.entry(name);
    if (entry.type != type || entry.shape.size() != dimensions) fail(fmt::format("'{}' has another form", name));
    return entry.bytes;
  };
  const char* features = has_tokens_ ? "tokens" : "pooled";
  keys_ = bytes_as("keys", at::kByte, 2);
  checks_ = bytes_as("checks", at::kByte, 2);
  offsets_ = bytes_as("offsets", at::kLong, 1);
  values_ = bytes_as(features, at::kFloat, 2);
  dimension_ = file_.entry(features).shape[1];
  const int64_t rows = file_.entry(features).shape[0];
  const bool fits = size() >= 1 && dimension_ >= 1 && keys_.size() % kKeyBytes == 0 &&
                    checks_.size() == static_cast<size_t>(size()) * kCheckBytes &&
                    offsets_.size() == static_cast<size_t>(size() + 1) * sizeof(int64_t);
  if (!fits) fail("its tables differ in length");
  const std::string index =
      index_sha256(fingerprint, dimension_, has_tokens_, text_of(keys_), text_of(offsets_), text_of(checks_));
  if (said("index_sha256") != index) fail("its index is damaged");
  // Stages name a shard and the number of a text in it: under another shard's name, sound features of other texts.
  if (path.stem() != index.substr(0, kNameDigits)) fail("it stands under another shard's name");
  // Every later read trusts these numbers, and one that is wrong would lead beyond the mapping.
  bool in_order = offset(0) == 0 && offset(size()) == rows;
  for (int64_t i = 0; i < size(); ++i) in_order = in_order && offset(i) < offset(i + 1);
  if (!in_order) fail("its offsets are out of order");
}

Sha256Digest FeatureShard::key(int64_t text) const {
  Sha256Digest key;
  std::memcpy(key.data(), keys_.data() + static_cast<size_t>(text) * kKeyBytes, kKeyBytes);
  return key;
}

int64_t FeatureShard::offset(int64_t text) const {
  // Copied, because nothing aligns a tensor's beginning within the file.
  int64_t offset;
  std::memcpy(&offset, offsets_.data() + static_cast<size_t>(text) * sizeof offset, sizeof offset);
  return offset;
}

std::span<const std::byte> FeatureShard::bytes_of(int64_t text) const {
  const auto row_bytes = static_cast<size_t>(dimension_) * sizeof(float);
  return values_.subspan(static_cast<size_t>(offset(text)) * row_bytes,
                         static_cast<size_t>(num_rows(text)) * row_bytes);
}

bool FeatureShard::is_sound(int64_t text) const {
  const Sha256Digest digest = sha256(text_of(bytes_of(text)));
  return std::memcmp(digest.data(), checks_.data() + static_cast<size_t>(text) * kCheckBytes, kCheckBytes) == 0;
}

void FeatureShard::copy(int64_t text, float* out) const {
  const auto bytes = bytes_of(text);
  std::memcpy(out, bytes.data(), bytes.size());
}

void FeatureShard::copy_mean(int64_t text, float* out) const {
  std::vector<float> rows(static_cast<size_t>(num_rows(text) * dimension_));
  copy(text, rows.data());
  mean_row(rows.data(), num_rows(text), dimension_, out);
}

}  // namespace emf
