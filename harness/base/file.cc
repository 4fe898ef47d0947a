#include "harness/base/file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>
#include <utility>

#include "harness/base/error.h"

namespace emf {
namespace {

[[noreturn]] void fail_write(const std::filesystem::path& path, int error) {
  if (error == ENOSPC || error == EDQUOT) {
    throw UserError(fmt::format("disk full while writing {}; free some space and run the same command again", path.string()),
                    ExitCode::kInterrupted);
  }
  fail_input("cannot write {} ({}); choose a writable folder with --store", path.string(), std::strerror(error));
}

/// Closes the descriptor and removes the temporary unless the rename happened.
struct Temporary {
  std::filesystem::path path;
  int descriptor = -1;
  bool kept = false;
  ~Temporary() {
    if (descriptor >= 0) ::close(descriptor);
    if (!kept) ::unlink(path.c_str());
  }
};

}  // namespace

void make_folder(const std::filesystem::path& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error && !std::filesystem::is_directory(path)) fail_write(path, error.value());
}

void write_atomically(const std::filesystem::path& path, std::string_view bytes) {
  static std::atomic<unsigned> serial{0};
  if (path.has_parent_path()) make_folder(path.parent_path());
  Temporary temporary;
  temporary.path = path;
  temporary.path += fmt::format(".{}.{}.tmp", ::getpid(), serial++);
  temporary.descriptor = ::open(temporary.path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (temporary.descriptor < 0) fail_write(path, errno);
  for (size_t done = 0; done < bytes.size();) {
    const ssize_t count = ::write(temporary.descriptor, bytes.data() + done, bytes.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail_write(path, errno);
    done += static_cast<size_t>(count);
  }
  if (::fsync(temporary.descriptor) != 0 && errno != EINVAL) fail_write(path, errno);
  const int closed = ::close(std::exchange(temporary.descriptor, -1));
  if (closed != 0) fail_write(path, errno);
  if (::rename(temporary.path.c_str(), path.c_str()) != 0) fail_write(path, errno);
  temporary.kept = true;
}

void write_json(const std::filesystem::path& path, const Json& value) { write_atomically(path, pretty_json(value)); }

std::string read_file(const std::filesystem::path& path) {
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
  std::istringstream text(read_file(path));
  std::vector<Json> rows;
  std::string line;
  for (size_t number = 1; std::getline(text, line); ++number) {
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    rows.push_back(parse_json(line, fmt::format("{}:{}", path.string(), number)));
  }
  return rows;
}

std::string json_lines(const std::vector<Json>& rows) {
  std::string text;
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
  const bool regular = ::fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode) && status.st_size > 0;
  void* address = regular ? ::mmap(nullptr, static_cast<size_t>(status.st_size), PROT_READ, MAP_PRIVATE, descriptor, 0)
                          : MAP_FAILED;
  ::close(descriptor);
  if (address == MAP_FAILED) fail_input("{} is empty or cannot be mapped; fetch it again", path.string());
  data_ = static_cast<const std::byte*>(address);
  size_ = static_cast<size_t>(status.st_size);
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : path_(std::move(other.path_)), data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

MappedFile::~MappedFile() {
  if (data_ != nullptr) ::munmap(const_cast<std::byte*>(data_), size_);
}

}  // namespace emf
