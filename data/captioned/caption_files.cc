// SPDX-License-Identifier: Apache-2.0
#include "data/captioned/caption_files.h"

#include <algorithm>

#include "data/captioned/caption_text.h"
#include "harness/base/csv.h"
#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/base/hash.h"
#include "harness/base/utf8.h"

namespace emf::captioned {
namespace {

constexpr const char* kFileName = "file_name";

/// A caption file as a text, whose pages do not stay in memory once they are read.
class CaptionFile {
 public:
  CaptionFile(const std::string& path, Sha256& digest) : file_(path) {
    const std::string hash = sha256_file(path);
    digest.update(hash.data(), hash.size());
  }

  std::string_view text() const { return {reinterpret_cast<const char*>(file_.bytes().data()), file_.bytes().size()}; }
  /// Says how far the reader came.
  void passed(uint64_t place) {
    if (place < released_ + kReleaseBytes) return;
    file_.release();
    released_ = place;
  }

 private:
  static constexpr uint64_t kReleaseBytes = uint64_t{4} << 20;

  MappedFile file_;
  uint64_t released_ = 0;
};

/// Takes images and annotations out of a document that is never held as a whole.
class CocoReader : public nlohmann::json_sax<Json> {
 public:
  struct Annotation {
    int64_t image = 0;
    uint64_t offset = 0;
    uint32_t length = 0;
  };

  /// @param take  is told of every caption and the picture it is of.
  CocoReader(CaptionFile& file, const std::string& path, const FindPicture& find,
             std::function<void(uint32_t picture, const Annotation&)> take)
      : file_(file), text_(file.text()), path_(path), find_(find), take_(std::move(take)), reached_(text_.data()) {}

  void read() {
    const char* end = text_.data() + text_.size();
    Json::sax_parse(WatchedLetter(text_.data(), &reached_), WatchedLetter(end, &reached_), this);
    if (!found_annotations_) {
      fail_input("{}: no list 'annotations', so not COCO's captions JSON (metadata belongs into a .jsonl or .csv)",
                 path_);
    }
    std::sort(images_.begin(), images_.end());
    for (const Annotation& one : waiting_) take_if_known(one);
  }

  /// Captions whose image_id no image has.
  uint64_t orphans() const { return orphans_; }

  bool start_object(std::size_t) override {
    if (++depth_ == kItemDepth) {
      id_.reset();
      name_.reset();
      caption_.length = 0;
      image_.reset();
    }
    return true;
  }
  bool end_object() override {
    if (depth_-- == kItemDepth) take_item();
    return true;
  }
  bool start_array(std::size_t) override {
    if (++depth_ == 2) found_annotations_ = found_annotations_ || section_ == "annotations";
    return true;
  }
  bool end_array() override {
    if (--depth_ == 1 && section_ == "images") {
      std::sort(images_.begin(), images_.end());
      images_known_ = true;
    }
    return true;
  }
  bool key(std::string& name) override {
    if (depth_ == 1) section_ = name;
    if (depth_ == kItemDepth) field_ = name;
    value_begin_ = place();
    return true;
  }
  bool string(std::string& value) override {
    if (depth_ != kItemDepth) return true;
    if (section_ == "images" && field_ == kFileName) name_ = value;
    if (section_ == "annotations" && field_ == "caption" && !trimmed_view(value).empty()) {
      caption_.offset = value_begin_;
      const uint64_t length = place() - value_begin_;
      if (length > UINT32_MAX) fail_input("{}: a caption of {} bytes at byte {}", path_, length, value_begin_);
      caption_.length = static_cast<uint32_t>(length);
    }
    return true;
  }
  bool number_integer(int64_t value) override { return take_number(value); }
  bool number_unsigned(uint64_t value) override {
    if (value > INT64_MAX) fail_input("{}: the number {} at byte {} is no id", path_, value, this->place());
    return take_number(static_cast<int64_t>(value));
  }
  bool number_float(double, const std::string&) override { return true; }
  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool binary(Json::binary_t&) override { return true; }
  bool parse_error(std::size_t place, const std::string&, const Json::exception& error) override {
    fail_input("{}: not JSON at byte {} ({})", path_, place, error.what());
  }

 private:
  static constexpr uint32_t kAbsent = UINT32_MAX;  ///< an image whose file is not there
  static constexpr int kItemDepth = 3;             ///< an object in a list of the document

  uint64_t place() const { return static_cast<uint64_t>(reached_ - text_.data()); }

  bool take_number(int64_t value) {
    if (depth_ != kItemDepth) return true;
    if (field_ == "id") id_ = value;
    if (field_ == "image_id") image_ = value;
    return true;
  }

  void take_item() {
    if (section_ == "images" && name_) {
      if (!id_) fail_input("{}: image '{}' has no whole number as its id", path_, *name_);
      // Absent ones are kept, so that their captions are not taken for those of no image.
      images_.emplace_back(*id_, find_(*name_).value_or(kAbsent));
    } else if (section_ == "annotations" && caption_.length > 0) {
      if (!image_) fail_input("{}: the caption at byte {} has no whole number as image_id", path_, caption_.offset);
      caption_.image = *image_;
      if (images_known_) {
        take_if_known(caption_);
      } else {
        waiting_.push_back(caption_);
      }
    }
    file_.passed(place());
  }

  void take_if_known(const Annotation& annotation) {
    const auto found = std::lower_bound(images_.begin(), images_.end(), std::pair(annotation.image, uint32_t{0}));
    if (found == images_.end() || found->first != annotation.image) {
      ++orphans_;
    } else if (found->second != kAbsent) {
      take_(found->second, annotation);
    }
  }

  CaptionFile& file_;
  std::string_view text_;
  const std::string& path_;
  const FindPicture& find_;
  std::function<void(uint32_t, const Annotation&)> take_;
  const char* reached_;
  int depth_ = 0;
  std::string section_, field_;
  uint64_t value_begin_ = 0;
  bool found_annotations_ = false;
  std::optional<int64_t> id_, image_;
  std::optional<std::string> name_;
  Annotation caption_;
  std::vector<std::pair<int64_t, uint32_t>> images_;
  bool images_known_ = false;
  uint64_t orphans_ = 0;
  std::vector<Annotation> waiting_;  ///< captions that stand before the images, as they seldom do
};

}  // namespace

void read_metadata_lines(const std::string& path, const FindPicture& find, PictureTable& table, Sha256& digest) {
  CaptionFile file(path, digest);
  const std::string_view text = file.text();
  const uint64_t number = table.add_file({path, ""});
  int line_number = 1;
  for (size_t begin = 0; begin < text.size(); ++line_number) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    const std::string line(text.substr(begin, end - begin));
    if (!trimmed_view(line).empty()) {
      const std::string origin = fmt::format("{}:{}", path, line_number);
      const Json object = parse_json(line, origin);
      if (!object.is_object() || !object.contains(kFileName) || !object.at(kFileName).is_string()) {
        fail_input("{}: no text 'file_name'", origin);
      }
      const std::vector<TextSpan> captions = captions_in_object(line, object, table.keys(), origin);
      if (const auto picture = find(object.at(kFileName))) {
        for (const TextSpan& one : captions) {
          table.add_caption(*picture, number, begin + one.offset, one.length, Form::kJsonValue);
        }
      }
    }
    begin = end + 1;
    file.passed(begin);
  }
}

void read_metadata_rows(const std::string& path, const FindPicture& find, PictureTable& table, Sha256& digest) {
  CaptionFile file(path, digest);
  const std::string_view text = file.text();
  CsvReader reader(text, path);
  const CsvTable header{path, reader.header().cells, {}};
  const size_t name_column = header.required_column(kFileName), column = caption_column(header, table.keys());
  const CsvTable::Row& first = reader.header();
  const uint64_t number = table.add_file({path, trimmed(text.substr(first.begin, first.end - first.begin))});
  CsvTable::Row row;
  while (reader.next(row)) {
    file.passed(row.begin);
    if (trimmed_view(row.cells[column]).empty()) continue;
    if (invalid_utf8_at(row.cells[column]) != std::string::npos) {
      fail_input("{}: the caption is not UTF-8; save the file as UTF-8", header.place(row));
    }
    if (const auto picture = find(row.cells[name_column])) {
      table.add_caption(*picture, number, row.begin, row.end - row.begin, Form::kCsvRow);
    }
  }
}

void read_coco_captions(const std::string& path, const FindPicture& find, PictureTable& table, Sha256& digest) {
  CaptionFile file(path, digest);
  const uint64_t number = table.add_file({path, ""});
  CocoReader reader(file, path, find, [&](uint32_t picture, const CocoReader::Annotation& one) {
    table.add_caption(picture, number, one.offset, one.length, Form::kJsonValue);
  });
  reader.read();
  if (reader.orphans() > 0) {
    table.leave_out({fmt::format("{} captions", reader.orphans()), "have an image_id that no image has"});
  }
}

}  // namespace emf::captioned
