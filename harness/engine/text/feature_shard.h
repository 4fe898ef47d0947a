// SPDX-License-Identifier: Apache-2.0
// One file of cached text features: written whole, memory-mapped, every row checked when it is read.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "harness/base/sha256.h"
#include "harness/engine/text/packed_features.h"
#include "harness/tensor/safetensors_file.h"

namespace emf {

/// Writes the features of n distinct texts beside the other shards of a folder (CACHE_FORMAT.md says how). The name
/// follows from the content: processes that encode the same texts write the same file.
///
/// @param keys  the texts' SHA-256.   @param features  with tokens, or only pooled.
/// @return  the file.   @throws UserError  as write_atomically.
std::filesystem::path write_feature_shard(const std::filesystem::path& folder, const std::string& fingerprint,
                                          const std::vector<Sha256Digest>& keys, const PackedFeatures& features);

/// A shard opened for reading.
class FeatureShard {
 public:
  /// Reads and checks the index, not the features.
  /// @throws UserError  absent (kMissing); damaged, or of another encoder.
  FeatureShard(const std::filesystem::path& path, const std::string& fingerprint);

  const std::filesystem::path& path() const { return file_.path(); }
  int64_t size() const { return static_cast<int64_t>(keys_.size() / sizeof(Sha256Digest)); }
  int64_t dimension() const { return dimension_; }
  bool has_tokens() const { return has_tokens_; }
  Sha256Digest key(int64_t text) const;
  /// Vectors of a text: its tokens, or its one mean.
  int64_t num_rows(int64_t text) const { return offset(text + 1) - offset(text); }

  /// False when a text's features are not the bytes that were written.   @cost  one SHA-256 of them.
  bool is_sound(int64_t text) const;
  /// Copies num_rows(text) * dimension() values to out.
  void copy(int64_t text, float* out) const;
  /// The mean over a text's tokens: dimension() values.
  void copy_mean(int64_t text, float* out) const;
  /// Gives the memory of what was read back to the kernel.
  void release() const { file_.release(); }

 private:
  [[noreturn]] void fail(const std::string& what) const;
  int64_t offset(int64_t text) const;
  std::span<const std::byte> bytes_of(int64_t text) const;

  SafetensorsFile file_;
  bool has_tokens_;
  int64_t dimension_ = 0;
  std::span<const std::byte> keys_, checks_, offsets_, values_;  ///< in the map
};

}  // namespace emf
