// SPDX-License-Identifier: Apache-2.0
#include "harness/base/file.h"

#include <sys/mman.h>

#include <algorithm>
#include <cctype>
#include <utility>

#include "harness/base/atomic_file.h"
#include "harness/base/bounded.h"
#include "harness/base/error.h"
#include "harness/base/lines.h"

namespace emf {

void make_folder(const std::filesystem::path& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  // Another process may have made the folder in the meantime, which is as good.
  if (error && !is_folder(path)) fail_write(path, error.value());
}

void write_atomically(const std::filesystem::path& path, std::string_view bytes) {
  AtomicFile file(path);
  file.append(bytes);
  file.commit();
}

void require_writable(const std::filesystem::path& path) {
  if (is_folder(path)) fail_input("{} is a folder, not a file", path.string());
  const AtomicFile probe(path);  // nothing stands there without a commit
}

void write_json(const std::filesystem::path& path, const Json& value) { write_atomically(path, pretty_json(value)); }

bool stays_within(const std::filesystem::path& name) {
  const std::filesystem::path plain = name.lexically_normal();
  return !name.empty() && !name.is_absolute() && *plain.begin() != ".." &&
         name.native().find('\0') == std::string::npos;
}

bool is_plain_name(const std::string& name) {
  constexpr size_t kMostBytes = 100;
  return !name.empty() && name.size() <= kMostBytes && std::all_of(name.begin(), name.end(), [](unsigned char letter) {
    return letter < 0x80 && (std::isalnum(letter) != 0 || letter == '_' || letter == '-');
  });
}

std::string read_file(const std::filesystem::path& path) {
  const InputFile file(path);
  std::string bytes(file.size(), '\0');
  bytes.resize(file.read(bytes.data(), bytes.size()));
  return bytes;
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
  const InputFile file(path);
  // mmap refuses an empty file with a message that says nothing of the file.
  void* address =
      file.size() > 0 ? ::mmap(nullptr, file.size(), PROT_READ, MAP_PRIVATE, file.descriptor(), 0) : MAP_FAILED;
  if (address == MAP_FAILED) fail_input("{} is empty or cannot be mapped; fetch it again", path.string());
  // The mapping keeps the file by itself. With a descriptor for each shard, a large cache would reach the limit
  // on open files.
  data_ = static_cast<const std::byte*>(address);
  size_ = file.size();
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : path_(std::move(other.path_)), data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

// The pages are clean, so the kernel may forget them and read them again when they are touched.
void MappedFile::release() const { ::madvise(const_cast<std::byte*>(data_), size_, MADV_DONTNEED); }

MappedFile::~MappedFile() {
  if (data_ != nullptr) ::munmap(const_cast<std::byte*>(data_), size_);
}

}  // namespace emf
