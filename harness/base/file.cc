#include "harness/base/file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>
#include <utility>

#include "harness/base/atomic_file.h"
#include "harness/base/error.h"
#include "harness/base/lines.h"

namespace emf {

void make_folder(const std::filesystem::path& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  // Another process may have made the folder in the meantime, which is as good.
  if (error && !std::filesystem::is_directory(path)) fail_write(path, error.value());
}

void write_atomically(const std::filesystem::path& path, std::string_view bytes) {
  AtomicFile file(path);
  file.append(bytes);
  file.commit();
}

void require_writable(const std::filesystem::path& path) {
  if (std::filesystem::is_directory(path)) fail_input("{} is a folder, not a file", path.string());
  const AtomicFile probe(path);  // nothing stands there without a commit
}

void write_json(const std::filesystem::path& path, const Json& value) { write_atomically(path, pretty_json(value)); }

std::string read_file(const std::filesystem::path& path) {
  // Asked first, because a stream does not say why it failed, and a folder opens well and fails only at the
  // first read.
  if (!std::filesystem::exists(path)) fail_missing("{} does not exist", path.string());
  if (std::filesystem::is_directory(path)) fail_input("{} is a folder, not a file", path.string());
  std::ifstream file(path, std::ios::binary);
  if (!file) fail_input("cannot read {} ({})", path.string(), std::strerror(errno));
  std::ostringstream text;
  text << file.rdbuf();
  return std::move(text).str();
}

Json read_json(const std::filesystem::path& path) { return parse_json(read_file(path), path.string()); }

std::vector<Json> read_json_lines(const std::filesystem::path& path) {
  return parse_lines<Json>(read_file(path), path.string(), [](std::string_view line, const std::string& where) {
    return parse_json(std::string(line), where);
  });
}

std::string json_lines(const std::vector<Json>& rows) {
  std::string text;
  // Canonical JSON, so that equal rows are equal bytes on every machine.
  for (const Json& row : rows) text += canonical_json(row) + "\n";
  return text;
}

MappedFile::MappedFile(const std::filesystem::path& path) : path_(path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) {
    if (errno == ENOENT) fail_missing("{} does not exist", path.string());
    fail_input("cannot open {} ({})", path.string(), std::strerror(errno));
  }
  struct stat status {};
  // mmap refuses an empty file with a message that says nothing of the file, and a pipe has no size to map.
  const bool regular = ::fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode) && status.st_size > 0;
  void* address = regular ? ::mmap(nullptr, static_cast<size_t>(status.st_size), PROT_READ, MAP_PRIVATE, descriptor, 0)
                          : MAP_FAILED;
  // The mapping keeps the file by itself. With a descriptor for each shard, a large cache would reach the limit
  // on open files.
  ::close(descriptor);
  if (address == MAP_FAILED) fail_input("{} is empty or cannot be mapped; fetch it again", path.string());
  data_ = static_cast<const std::byte*>(address);
  size_ = static_cast<size_t>(status.st_size);
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : path_(std::move(other.path_)), data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

// The pages are clean, so the kernel may forget them and read them again when they are touched.
void MappedFile::release() const { ::madvise(const_cast<std::byte*>(data_), size_, MADV_DONTNEED); }

MappedFile::~MappedFile() {
  if (data_ != nullptr) ::munmap(const_cast<std::byte*>(data_), size_);
}

}  // namespace emf
