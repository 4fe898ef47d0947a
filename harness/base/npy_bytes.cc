// SPDX-License-Identifier: Apache-2.0
#include "harness/base/npy_bytes.h"

#include <algorithm>
#include <cstring>
#include <optional>

#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/base/zip_file.h"

namespace emf {

/// Where the bytes come from: a file's map, or an entry of a zip that is unpacked as it is read.
class NpyBytes::Stream {
 public:
  Stream(const std::filesystem::path& file, const std::string& array, const std::string& where) : where_(where) {
    if (array.empty()) {
      mapped_.emplace(file);
      return;
    }
    archive_.emplace(file, "an .npz");
    const auto entry = archive_->find(array + ".npy");
    if (!entry) fail_input("{}: changed while it was read", where);
    entry_.emplace(archive_->open(*entry));
  }

  void read(uint8_t* target, size_t count) {
    if (mapped_) {
      const auto bytes = mapped_->bytes();
      if (count > bytes.size() - place_) fail_input("{}: truncated", where_);
      std::memcpy(target, bytes.data() + place_, count);
    } else {
      if (entry_->read(target, count) != count) fail_input("{}: truncated", where_);
    }
    place_ += count;
  }

 private:
  std::string where_;
  std::optional<MappedFile> mapped_;
  std::optional<ZipFile> archive_;
  std::optional<ZipStream> entry_;
  size_t place_ = 0;
};

NpyBytes::NpyBytes(const std::filesystem::path& file, const std::string& array)
    : file_(file), array_(array), where_(array.empty() ? file.string() : file.string() + ":" + array) {
  if (array.empty()) {
    shape_ = read_npy_shape(file);
  } else {
    const auto shapes = npz_shapes(file);
    const auto found = shapes.find(array);
    if (found == shapes.end()) fail_input("{} holds no array '{}'", file.string(), array);
    shape_ = found->second;
  }
  rewind();
}

NpyBytes::~NpyBytes() = default;
NpyBytes::NpyBytes(NpyBytes&&) noexcept = default;

void NpyBytes::read(uint8_t* target, size_t count) { stream_->read(target, count); }

void NpyBytes::rewind() {
  stream_ = std::make_unique<Stream>(file_, array_, where_);
  std::vector<uint8_t> header(shape_.begin);
  stream_->read(header.data(), header.size());
}

}  // namespace emf
