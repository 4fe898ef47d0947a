#include "harness/base/npy_bytes.h"

#include <zip.h>

#include <algorithm>
#include <cstring>
#include <optional>

#include "harness/base/bounded.h"
#include "harness/base/error.h"
#include "harness/base/file.h"

namespace emf {

/// Where the bytes come from: a file's map, or an entry of a zip that is unpacked as it is read.
class NpyBytes::Stream {
 public:
  Stream(const std::filesystem::path& file, const std::string& array, const std::string& where) : where_(where) {
    if (array.empty()) {
      mapped_.emplace(file);
      return;
    }
    require_input(file);
    int code = 0;
    archive_.reset(zip_open(file.c_str(), ZIP_RDONLY, &code));
    if (archive_) entry_.reset(zip_fopen(archive_.get(), (array + ".npy").c_str(), 0));
    if (!entry_) fail_input("{}: changed while it was read", where);
  }

  void read(uint8_t* target, size_t count) {
    if (mapped_) {
      const auto bytes = mapped_->bytes();
      if (count > bytes.size() - place_) fail_input("{}: truncated", where_);
      std::memcpy(target, bytes.data() + place_, count);
    } else {
      for (size_t done = 0; done < count;) {
        const zip_int64_t here = zip_fread(entry_.get(), target + done, count - done);
        if (here < 0) fail_input("{}: damaged ({})", where_, zip_file_strerror(entry_.get()));
        if (here == 0) fail_input("{}: truncated", where_);
        done += static_cast<size_t>(here);
      }
    }
    place_ += count;
  }

 private:
  struct Closer {
    void operator()(zip_t* archive) const { zip_discard(archive); }
    void operator()(zip_file_t* file) const { zip_fclose(file); }
  };
  std::string where_;
  std::optional<MappedFile> mapped_;
  std::unique_ptr<zip_t, Closer> archive_;
  std::unique_ptr<zip_file_t, Closer> entry_;  // closed before its archive
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
