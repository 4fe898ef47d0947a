// SPDX-License-Identifier: Apache-2.0
// Where pictures and captions lie: offsets into the user's files, never their bytes. 12 bytes a caption, 32 a picture
// and its name.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace emf::captioned {

/// How a caption stands in its bytes.
enum class Form : uint32_t {
  kText,       ///< the bytes are the caption
  kJsonValue,  ///< a string, perhaps with the colon in front of it
  kCsvRow,     ///< a row of a CSV with columns of its own
};

/// Bytes of a file: at most 2^40 in, in one of at most 2^24 - 1 files.
struct Caption {
  uint32_t offset_low;  ///< the offset's lower 32 bits
  uint32_t offset_high : 8;
  uint32_t file : 24;
  uint32_t length : 30;
  uint32_t form : 2;  ///< a Form

  uint64_t offset() const { return uint64_t{offset_high} << 32 | offset_low; }
};
static_assert(sizeof(Caption) == 12, "there may be hundreds of millions");

/// The value of `file` that means: a file of the picture's own.
constexpr uint64_t kOwnFile = (uint64_t{1} << 24) - 1;

struct PictureEntry {
  uint64_t offset : 40;
  uint64_t file : 24;  ///< kOwnFile: the root and the picture's name
  uint64_t name;       ///< where its name begins among all names
  uint32_t length;     ///< bytes of the encoded picture
  uint32_t name_length;
  uint64_t first_caption;  ///< its captions end where the next picture's begin
};
static_assert(sizeof(PictureEntry) == 32);

/// A file that pictures or captions lie in, and for a CSV what its rows cannot say themselves.
struct SourceFile {
  std::string path;
  std::string header;  ///< of a CSV: its first line
};

/// A picture that is left out, and why ("is cut short").
struct LeftOut {
  std::string name, reason;
};

/// Pictures in a fixed order, each with at least one caption once finish() is done. Reading is safe from any thread.
class PictureTable {
 public:
  /// @param root  the folder that files of pictures' own lie in.
  /// @param keys  under which of these keys JSON and CSV hold captions; the first that there is.
  PictureTable(std::string root, std::vector<std::string> keys) : root_(std::move(root)), keys_(std::move(keys)) {}

  // Filling. Pictures are added in their final order; captions of any picture at any time.

  /// @return  its number, for Caption::file and PictureEntry::file.   @throws UserError  too many files.
  uint64_t add_file(SourceFile file);
  /// @return  the picture's number.   @throws UserError  more than 2 GiB in one picture, an offset beyond 1 TiB.
  uint32_t add_picture(std::string_view name, uint64_t file, uint64_t offset, uint64_t length);
  /// @throws UserError  more than 1 GiB in one caption, an offset beyond 1 TiB.
  void add_caption(uint32_t picture, uint64_t file, uint64_t offset, uint64_t length, Form form);
  void leave_out(uint32_t picture, const std::string& reason) { reasons_.emplace(picture, reason); }
  void leave_out(LeftOut absent) { left_out_.push_back(std::move(absent)); }
  /// Drops the pictures that are left out and those without a caption, sorts captions by picture (their order stays)
  /// and gives memory back. Numbers of pictures change.
  void finish();

  // Reading.

  uint32_t size() const { return static_cast<uint32_t>(pictures_.size()); }
  std::string_view name(uint32_t picture) const {
    return std::string_view(names_).substr(pictures_[picture].name, pictures_[picture].name_length);
  }
  uint64_t encoded_bytes(uint32_t picture) const { return pictures_[picture].length; }
  /// `length` bytes of an encoded picture from `offset` on, fewer at its end.
  /// @throws UserError  the file has gone or become shorter.
  std::string encoded(uint32_t picture, uint64_t offset = 0, uint64_t length = UINT64_MAX) const;
  /// "folder/a.jpg" or "shard.tar, 00012.jpg", for messages.
  std::string place(uint32_t picture) const;

  uint32_t caption_count(uint32_t picture) const {
    const uint64_t end = picture + 1 < size() ? pictures_[picture + 1].first_caption : captions_.size();
    return static_cast<uint32_t>(end - pictures_[picture].first_caption);
  }
  uint64_t caption_count() const { return captions_.size(); }
  /// @throws UserError  the file has changed since.   @cost  one read of its bytes: about 5 us, 10 us out of JSON or
  ///   CSV.
  std::string caption(uint32_t picture, uint32_t number) const;

  /// Those left out so far. Taken out of the table: told once, they are no longer needed.
  std::vector<LeftOut> take_left_out() { return std::exchange(left_out_, {}); }
  const std::vector<std::string>& keys() const { return keys_; }

 private:
  struct Pending {
    Caption caption;
    uint32_t picture;
  };

  std::string path_of(uint64_t file, uint32_t picture, Form form) const;

  std::string root_;
  std::vector<std::string> keys_;
  std::vector<SourceFile> files_;
  std::string names_;
  std::vector<PictureEntry> pictures_;
  std::vector<Caption> captions_;
  std::deque<Pending> pending_;  ///< a vector would hold up to three times as much while it grows
  std::map<uint32_t, std::string> reasons_;
  std::vector<LeftOut> left_out_;
};

}  // namespace emf::captioned
