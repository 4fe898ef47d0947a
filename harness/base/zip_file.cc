#include "harness/base/zip_file.h"

#include <zip.h>

#include <unordered_set>

#include "harness/base/bounded.h"
#include "harness/base/error.h"

namespace emf {
namespace {

struct EntryCloser {
  void operator()(zip_file_t* file) const { zip_fclose(file); }
};

}  // namespace

ZipFile::ZipFile(const std::filesystem::path& path) : path_(path), archive_(nullptr, zip_discard) {
  stored_ = require_input(path);
  int code = 0;
  archive_.reset(zip_open(path.c_str(), ZIP_RDONLY, &code));
  if (!archive_) {
    zip_error_t error;
    zip_error_init_with_code(&error, code);
    const std::string why = zip_error_strerror(&error);
    zip_error_fini(&error);
    fail_input("{}: no zip, or damaged ({})", path.string(), why);
  }
  size_ = zip_get_num_entries(archive_.get(), 0);
  std::unordered_set<std::string> names;
  for (int64_t entry = 0; entry < size_; ++entry) {
    // Which of two entries of one name is meant, every reader decides otherwise.
    if (!names.insert(name(entry)).second) fail_input("{}: holds two entries '{}'", path.string(), name(entry));
  }
}

std::string ZipFile::name(int64_t entry) const {
  const char* name = zip_get_name(archive_.get(), static_cast<zip_uint64_t>(entry), 0);
  return name == nullptr ? "" : name;
}

std::string ZipFile::read(int64_t entry) const {
  const auto index = static_cast<zip_uint64_t>(entry);
  const std::string where = fmt::format("{}: {}", path_.string(), name(entry));
  zip_stat_t status;
  const std::unique_ptr<zip_file_t, EntryCloser> file(zip_fopen_index(archive_.get(), index, 0));
  if (!file || zip_stat_index(archive_.get(), index, 0, &status) != 0 || (status.valid & ZIP_STAT_SIZE) == 0) {
    fail_input("{} cannot be read ({})", where, zip_strerror(archive_.get()));
  }
  require_unpacked(status.size, stored_, where);
  // Grown as it is read: the size that the zip says may lie.
  constexpr size_t kPiece = 1 << 20;
  std::string bytes;
  for (;;) {
    const size_t before = bytes.size();
    bytes.resize(before + std::min<uint64_t>(kPiece, status.size - before + 1));
    const zip_int64_t count = zip_fread(file.get(), bytes.data() + before, bytes.size() - before);
    if (count < 0) fail_input("{} is damaged ({})", where, zip_file_strerror(file.get()));
    bytes.resize(before + static_cast<size_t>(count));
    if (bytes.size() > status.size) fail_input("{} is longer than the zip says", where);
    if (count == 0) break;
  }
  if (bytes.size() != status.size) fail_input("{} is shorter than the zip says", where);
  return bytes;
}

}  // namespace emf
