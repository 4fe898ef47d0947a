// SPDX-License-Identifier: Apache-2.0
// A Hugging Face checkpoint: one safetensors file, or an index and its shards, read by tensor name.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "harness/tensor/safetensors_file.h"

namespace emf {

/// Opening reads headers only; weights stay in the map until asked for. Safe to read from any thread.
class Checkpoint {
 public:
  /// @param folder_or_file  a folder with model.safetensors or model.safetensors.index.json and its shards, or one
  /// of those two kinds of file.
  /// @throws UserError  nothing of the kind there, or a shard of the index absent (kMissing, both name what was
  /// expected); an index without a sound weight_map, or that names a tensor its shard lacks; as SafetensorsFile.
  explicit Checkpoint(const std::filesystem::path& folder_or_file);

  /// The file that was opened: the safetensors file, or the index.
  const std::filesystem::path& path() const { return path_; }
  bool has(const std::string& name) const { return shard_of_.count(name) > 0; }
  std::vector<std::string> names() const;
  /// @throws UserError  absent (suggests the nearest name).
  const std::vector<int64_t>& shape(const std::string& name) const;
  /// A float32 copy.
  /// @param shape  what the architecture expects.   @throws UserError  absent, of another shape (says both) or of
  /// integers.
  at::Tensor tensor(const std::string& name, at::IntArrayRef shape) const;
  /// Row look-up that keeps the stored precision in the map (embeddings); outlives this object.
  /// @throws UserError  as tensor(); the reader: an id outside 0 .. num_rows - 1.
  RowReader rows(const std::string& name, int64_t num_rows, int64_t row_size) const;
  /// Of the weights: the file's, or with shards that of "<sha256>  <name>\n" of each in name order.
  /// @cost  reads everything.
  std::string sha256() const;
  /// Gives back the memory of what has been read.
  void release() const;

 private:
  const SafetensorsFile& file_of(const std::string& name) const;
  void open_index();

  std::filesystem::path path_;
  std::map<std::string, std::shared_ptr<const SafetensorsFile>> shards_;    ///< by file name
  std::map<std::string, std::shared_ptr<const SafetensorsFile>> shard_of_;  ///< by tensor
};

}  // namespace emf
