// SPDX-License-Identifier: Apache-2.0
#include "data/captioned/picture_table.h"

#include <algorithm>

#include "data/captioned/caption_text.h"
#include "data/captioned/file_bytes.h"
#include "harness/base/csv.h"
#include "harness/base/error.h"
#include "harness/base/memory.h"
#include "harness/base/utf8.h"

namespace emf::captioned {
namespace {

constexpr uint64_t kMostOffset = uint64_t{1} << 40;
/// OpenCV and libraries under it count bytes in ints.
constexpr uint64_t kMostPicture = INT32_MAX;
constexpr uint64_t kMostCaption = (uint64_t{1} << 30) - 1;

}  // namespace

uint64_t PictureTable::add_file(SourceFile file) {
  if (files_.size() >= kOwnFile) fail_input("{}: more than {} files; join them into fewer", file.path, kOwnFile);
  files_.push_back(std::move(file));
  return files_.size() - 1;
}

uint32_t PictureTable::add_picture(std::string_view name, uint64_t file, uint64_t offset, uint64_t length) {
  if (offset >= kMostOffset) fail_input("{}: '{}' begins beyond 1 TiB; split the file", files_[file].path, name);
  if (length > kMostPicture) fail_input("picture '{}' has more than 2 GiB; take it away", name);
  if (pictures_.size() >= UINT32_MAX) fail_input("more than 2^32 pictures under {}", root_);
  PictureEntry& entry = pictures_.emplace_back();
  entry.offset = offset;
  entry.file = file;
  entry.name = names_.size();
  entry.name_length = static_cast<uint32_t>(name.size());
  entry.length = static_cast<uint32_t>(length);
  names_ += name;
  return size() - 1;
}

void PictureTable::add_caption(uint32_t picture, uint64_t file, uint64_t offset, uint64_t length, Form form) {
  const auto where = [&] { return path_of(file, picture, form); };
  if (offset >= kMostOffset) fail_input("{}: a caption beyond 1 TiB; split the file", where());
  if (length > kMostCaption) fail_input("{}: a caption of {} bytes is too long", where(), length);
  Pending& pending = pending_.emplace_back();
  pending.picture = picture;
  pending.caption.offset_low = static_cast<uint32_t>(offset);
  pending.caption.offset_high = static_cast<uint32_t>(offset >> 32) & 0xff;
  pending.caption.file = static_cast<uint32_t>(file) & 0xffffff;
  pending.caption.length = static_cast<uint32_t>(length) & 0x3fffffff;
  pending.caption.form = static_cast<uint32_t>(form) & 3;
}

void PictureTable::finish() {
  // How many captions each picture has, then where they begin: a counting sort keeps their order.
  std::vector<uint32_t> counts(pictures_.size(), 0);
  for (const Pending& one : pending_) ++counts[one.picture];
  constexpr uint32_t kDropped = UINT32_MAX;
  std::vector<uint32_t> new_number(pictures_.size(), kDropped);
  std::vector<PictureEntry> kept;
  std::string names;
  uint64_t captions = 0;
  for (uint32_t old = 0; old < size(); ++old) {
    if (const auto reason = reasons_.find(old); reason != reasons_.end()) {
      left_out_.push_back({std::string(name(old)), reason->second});
      continue;
    }
    if (counts[old] == 0) {
      left_out_.push_back({std::string(name(old)), "has no caption"});
      continue;
    }
    new_number[old] = static_cast<uint32_t>(kept.size());
    PictureEntry picture = pictures_[old];
    picture.name = names.size();
    picture.first_caption = captions;
    names += name(old);
    captions += counts[old];
    kept.push_back(picture);
  }
  captions_.resize(captions);
  std::vector<uint64_t> next(kept.size());
  for (size_t i = 0; i < kept.size(); ++i) next[i] = kept[i].first_caption;
  for (const Pending& one : pending_) {
    const uint32_t number = new_number[one.picture];
    if (number != kDropped) captions_[next[number]++] = one.caption;
  }
  kept.shrink_to_fit();
  names.shrink_to_fit();
  pictures_ = std::move(kept);
  names_ = std::move(names);
  std::deque<Pending>().swap(pending_);
  reasons_.clear();
  give_back_memory();  // the pending captions were more than what stays
}

std::string PictureTable::path_of(uint64_t file, uint32_t picture, Form form) const {
  if (file != kOwnFile) return files_[file].path;
  const std::string path = root_ + "/" + std::string(name(picture));
  return form == Form::kText ? caption_file_beside(path) : path;
}

std::string PictureTable::encoded(uint32_t picture, uint64_t offset, uint64_t length) const {
  const PictureEntry& one = pictures_[picture];
  if (offset >= one.length) return "";
  const std::string path = one.file == kOwnFile ? root_ + "/" + std::string(name(picture)) : files_[one.file].path;
  return read_bytes(path, one.offset + offset, std::min<uint64_t>(length, one.length - offset));
}

std::string PictureTable::place(uint32_t picture) const {
  const PictureEntry& one = pictures_[picture];
  if (one.file == kOwnFile) return root_ + "/" + std::string(name(picture));
  return fmt::format("{}, {}", files_[one.file].path, name(picture));
}

std::string PictureTable::caption(uint32_t picture, uint32_t number) const {
  ensure(number < caption_count(picture), "caption {} of {}", number, caption_count(picture));
  const Caption& caption = captions_[pictures_[picture].first_caption + number];
  const auto form = static_cast<Form>(caption.form);
  const std::string path = path_of(caption.file, picture, form);
  const std::string bytes = read_bytes(path, caption.offset(), caption.length);
  const std::string origin = fmt::format("{}, byte {}", path, caption.offset());
  switch (form) {
    case Form::kText:
      // Cut in the middle of a letter, the file is no longer what it was.
      if (invalid_utf8_at(bytes) == std::string::npos) return bytes;
      break;
    case Form::kJsonValue: {
      // COCO's values begin with the colon.
      const Json value = parse_json(bytes.substr(std::min(bytes.find('"'), bytes.size())), origin);
      if (value.is_string()) return trimmed(value.get_ref<const std::string&>());
      break;
    }
    case Form::kCsvRow: {
      const CsvTable table = parse_csv(files_[caption.file].header + "\n" + bytes, origin);
      if (table.rows.size() == 1) return trimmed(table.rows[0].cells[caption_column(table, keys_)]);
      break;
    }
  }
  fail_input("{}: the file has changed since this program began; start it again", origin);
}

}  // namespace emf::captioned
