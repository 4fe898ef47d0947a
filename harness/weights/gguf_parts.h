// SPDX-License-Identifier: Apache-2.0
// A GGUF checkpoint that may be split over several files.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "harness/weights/gguf.h"

namespace emf {

/// One file, or NAME-00001-of-00003.gguf and the files beside it that its split.count asks for. Metadata is the first
/// one's. Safe to read from any thread.
class GgufParts {
 public:
  /// @param path  the only file, or the first.
  /// @throws UserError  as GgufFile; a later file of a split one (names the first); a part that is absent (kMissing) or
  /// belongs to another split.
  explicit GgufParts(const std::filesystem::path& path);

  const GgufFile& first() const { return *parts_.front(); }
  std::vector<std::filesystem::path> paths() const;
  std::vector<std::string> tensor_names() const;
  bool has_tensor(const std::string& name) const;
  /// Of whatever shape and format.   @throws UserError  absent.
  const GgufTensor& tensor(const std::string& name) const;
  /// For reading its values.   @throws UserError  as GgufFile::tensor.
  const GgufTensor& tensor(const std::string& name, const std::vector<int64_t>& shape) const;
  void release() const;

 private:
  const GgufFile& part_with(const std::string& name) const;

  std::vector<std::unique_ptr<const GgufFile>> parts_;
};

}  // namespace emf
