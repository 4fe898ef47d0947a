// SPDX-License-Identifier: Apache-2.0
#include "harness/pictures/picture_set.h"

#include <algorithm>
#include <array>
#include <utility>

#include "harness/base/bounded.h"
#include "harness/base/chunks.h"
#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/base/hash.h"
#include "harness/base/npy_bytes.h"
#include "harness/base/zip_file.h"
#include "harness/pictures/picture_folder.h"
#include "harness/pictures/picture_header.h"

namespace emf::pictures {
namespace {

namespace fs = std::filesystem;

Picture decode_named(std::string_view encoded, const std::string& name) {
  try {
    return decode(encoded, Colors::kPillow);
  } catch (const UnreadablePicture& error) {
    fail_input("{}: {}", name, error.what());
  }
}

/// Reads and decodes pictures side by side.
std::vector<Picture> decoded(size_t count, const std::function<Picture(size_t)>& picture) {
  std::vector<Picture> pictures(count);
  in_chunks(count, 2, [&](size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i) pictures[i] = picture(i);
  });
  return pictures;
}

}  // namespace

class PictureSet::Part {
 public:
  virtual ~Part() = default;
  virtual size_t size() const = 0;
  virtual std::string name(size_t picture) const = 0;
  virtual std::vector<Picture> read(size_t begin, size_t count) const = 0;
};

class PictureSet::Files : public Part {
 public:
  Files(fs::path folder, std::vector<fs::path> files) : folder_(std::move(folder)), files_(std::move(files)) {}
  size_t size() const override { return files_.size(); }
  std::string name(size_t picture) const override { return files_[picture].string(); }
  std::vector<Picture> read(size_t begin, size_t count) const override {
    return decoded(count, [&](size_t i) {
      const fs::path path = folder_ / files_[begin + i];
      return decode_named(read_file(path), path.string());
    });
  }

 private:
  fs::path folder_;
  std::vector<fs::path> files_;
};

class PictureSet::Zip : public Part {
 public:
  Zip(const fs::path& path, std::vector<std::string>& warnings) : path_(path), zip_(path) {
    std::vector<fs::path> others;
    for (size_t entry = 0; entry < zip_.size(); ++entry) {
      const std::string& name = zip_.entry(entry).name;
      // A Mac packs its own notes beside the files.
      const bool hidden = fs::path(name).filename().string().starts_with(".") || name.starts_with("__MACOSX/");
      if (name.ends_with("/") || hidden) continue;
      if (is_picture_name(fs::path(name).filename().string())) {
        entries_.emplace_back(name, entry);
      } else {
        others.emplace_back(name);
      }
    }
    std::sort(entries_.begin(), entries_.end());
    if (entries_.empty())
      fail_input("{}: no picture in it (.png, .jpg, .webp, .bmp, .gif, .tif, .ppm ...)", path.string());
    if (!others.empty()) warnings.push_back(fmt::format("left out of {}: {}", path.string(), files_by_ending(others)));
  }
  size_t size() const override { return entries_.size(); }
  std::string name(size_t picture) const override { return entries_[picture].first; }
  std::vector<Picture> read(size_t begin, size_t count) const override {
    std::vector<std::string> encoded;
    for (size_t i = begin; i < begin + count; ++i) encoded.push_back(zip_.read(entries_[i].second));
    return decoded(count, [&](size_t i) {
      return decode_named(encoded[i], fmt::format("{}: {}", path_.string(), name(begin + i)));
    });
  }

 private:
  fs::path path_;
  ZipFile zip_;
  std::vector<std::pair<std::string, size_t>> entries_;
};

class PictureSet::Array : public Part {
 public:
  Array(const fs::path& path, const std::string& array)
      : where_(array.empty() ? path.string() : path.string() + ":" + array), bytes_(path, array) {
    const std::vector<int64_t>& shape = bytes_.shape().shape;
    if (!are_pictures(bytes_.shape())) {
      fail_input("{}: pictures must be uint8, [N, H, W, C] or [N, C, H, W] with C of 1 or 3", where_);
    }
    single_ = shape.size() == 3;
    const std::vector<int64_t> sides(single_ ? shape.begin() : shape.begin() + 1, shape.end());
    channels_first_ = sides[2] != 3 && sides[2] != 1;
    channels_ = sides[channels_first_ ? 0 : 2];
    height_ = sides[channels_first_ ? 1 : 0], width_ = sides[channels_first_ ? 2 : 1];
    count_ = single_ ? 1 : static_cast<size_t>(shape[0]);
    if (count_ == 0) fail_input("{}: no picture in it", where_);
    if (height_ < 1 || width_ < 1 || height_ > static_cast<int64_t>(kMostPixels) / width_) {
      fail_input("{}: pictures of {} x {} pixels are not read", where_, width_, height_);
    }
  }
  size_t size() const override { return count_; }
  std::string name(size_t picture) const override { return single_ ? where_ : fmt::format("{}[{}]", where_, picture); }

  std::vector<Picture> read(size_t begin, size_t count) const override {
    const size_t pixels = static_cast<size_t>(height_ * width_), size = pixels * static_cast<size_t>(channels_);
    if (bytes_.shape().column_order && whole_.empty()) {
      // The first axis runs fastest, so every picture is spread over all of it.
      bytes_.rewind();
      whole_.resize(count_ * size);
      bytes_.read(whole_.data(), whole_.size());
    }
    std::vector<uint8_t> stored(size);
    if (whole_.empty() && begin != place_) {
      bytes_.rewind();
      for (place_ = 0; place_ < begin; ++place_) bytes_.read(stored.data(), size);
    }
    std::vector<Picture> pictures;
    for (size_t i = begin; i < begin + count; ++i) {
      if (whole_.empty()) {
        bytes_.read(stored.data(), size);
        place_ = i + 1;
      } else {
        gather(i, stored);
      }
      Picture& picture = pictures.emplace_back();
      picture.height = static_cast<int>(height_), picture.width = static_cast<int>(width_);
      picture.rgb.resize(3 * pixels);
      const size_t next = channels_first_ ? 1 : static_cast<size_t>(channels_), apart = channels_first_ ? pixels : 1;
      for (size_t p = 0; p < pixels; ++p) {
        for (size_t c = 0; c < 3; ++c) picture.rgb[3 * p + c] = stored[p * next + (channels_ == 1 ? 0 : c * apart)];
      }
    }
    return pictures;
  }

 private:
  /// One picture of an array in column order, brought into row order.
  void gather(size_t picture, std::vector<uint8_t>& stored) const {
    const std::vector<int64_t>& shape = bytes_.shape().shape;
    const size_t first = single_ ? 0 : 1;
    std::array<size_t, 3> sides{}, strides{};
    size_t stride = single_ ? 1 : count_;
    for (size_t axis = 0; axis < 3; ++axis) {
      sides[axis] = static_cast<size_t>(shape[first + axis]);
      strides[axis] = stride;
      stride *= sides[axis];
    }
    size_t target = 0;
    for (size_t a = 0; a < sides[0]; ++a) {
      for (size_t b = 0; b < sides[1]; ++b) {
        for (size_t c = 0; c < sides[2]; ++c) {
          stored[target++] = whole_[(single_ ? 0 : picture) + a * strides[0] + b * strides[1] + c * strides[2]];
        }
      }
    }
  }

  std::string where_;
  mutable NpyBytes bytes_;
  mutable std::vector<uint8_t> whole_;
  mutable size_t place_ = 0;  // the picture that the stream stands before
  bool single_ = false, channels_first_ = false;
  int64_t height_ = 0, width_ = 0, channels_ = 0;
  size_t count_ = 0;
};

PictureSet::PictureSet(const fs::path& path, const PictureSetOptions& options) : path_(path) {
  if (!path_exists(path)) fail_missing("{} does not exist", path.string());
  if (!is_folder(path)) {
    if (path.extension() == ".zip") {
      parts_.push_back(std::make_unique<Zip>(path, warnings_));
    } else {
      parts_.push_back(std::make_unique<Array>(path, options.array));
    }
    return;
  }
  PictureFolder folder = list_picture_folder(path, {options.subfolders, true});
  warnings_ = std::move(folder.warnings);
  std::vector<fs::path> files;
  const auto end_files = [&] {
    if (!files.empty()) parts_.push_back(std::make_unique<Files>(path, std::exchange(files, {})));
  };
  for (const fs::path& file : folder.files) {
    if (is_picture_name(file.filename().string())) {
      files.push_back(file);
      continue;
    }
    end_files();
    parts_.push_back(std::make_unique<Array>(path / file, ""));
  }
  end_files();
  files_ = std::move(folder.files);
}

PictureSet::~PictureSet() = default;
PictureSet::PictureSet(PictureSet&&) noexcept = default;

size_t PictureSet::size() const {
  size_t size = 0;
  for (const auto& part : parts_) size += part->size();
  return size;
}

const PictureSet::Part& PictureSet::part_of(size_t& picture) const {
  size_t number = 0;
  while (picture >= parts_[number]->size()) {
    picture -= parts_[number++]->size();
    ensure(number < parts_.size(), "a picture beyond the {} of {}", size(), path_.string());
  }
  return *parts_[number];
}

std::string PictureSet::name(size_t picture) const {
  const Part& part = part_of(picture);
  return part.name(picture);
}

std::vector<Picture> PictureSet::read(size_t begin, size_t count) const {
  std::vector<Picture> pictures;
  while (count > 0) {
    size_t place = begin;
    const Part& part = part_of(place);
    const size_t here = std::min(count, part.size() - place);
    for (Picture& picture : part.read(place, here)) {
      ++read_;
      clipped_ += picture.clipped ? 1 : 0;
      grey_ += picture.grey ? 1 : 0;
      transparent_ += picture.transparent ? 1 : 0;
      pictures.push_back(std::move(picture));
    }
    begin += here, count -= here;
  }
  return pictures;
}

std::vector<std::string> PictureSet::warnings() const {
  std::vector<std::string> all = warnings_;
  if (clipped_ > 0) {
    all.push_back(fmt::format("{} picture{} of {} {} deep grey, cut at 255 as Pillow does; save them with 8 bits",
                              clipped_, clipped_ == 1 ? "" : "s", path_.string(), clipped_ == 1 ? "is" : "are"));
  }
  // A set of grey pictures is what somebody meant; a few among others are a slip of whoever saved them.
  if (grey_ > 0 && grey_ < read_) {
    all.push_back(fmt::format("{} of the {} pictures of {} {} grey; taken as three equal colours", grey_, read_,
                              path_.string(), grey_ == 1 ? "is" : "are"));
  }
  if (transparent_ > 0) {
    all.push_back(
        fmt::format("{} of the {} pictures of {} {} transparent in places; the colours beneath are taken, as "
                    "Pillow does: lay them over a background first where that is not meant",
                    transparent_, read_, path_.string(), transparent_ == 1 ? "is" : "are"));
  }
  return all;
}

std::string PictureSet::sha256() const {
  if (!is_folder(path_)) return sha256_file(path_);
  std::string lines;
  // Names and contents in the order of names. Where the folder lies does not count, so a copy of it is the same side of
  // a comparison.
  for (const fs::path& file : files_) lines += file.string() + " " + sha256_file(path_ / file) + "\n";
  return sha256_hex(lines);
}

}  // namespace emf::pictures
