// SPDX-License-Identifier: Apache-2.0
#include "data/captioned/tar_listing.h"

#include <archive.h>
#include <archive_entry.h>

#include <filesystem>
#include <memory>

#include "data/captioned/file_bytes.h"
#include "harness/base/bounded.h"
#include "harness/base/error.h"
#include "harness/base/progress.h"

namespace emf::captioned {
namespace {

constexpr size_t kReadBytes = 10240;
constexpr uint64_t kTarBlock = 512;

struct ArchiveCloser {
  void operator()(archive* reader) const { archive_read_free(reader); }
};

std::string name_of(archive_entry* entry) {
  // Names in pax headers are UTF-8 and have no other form in the C locale; names in plain headers are bytes as they
  // stand.
  if (const char* name = archive_entry_pathname_utf8(entry)) return name;
  if (const char* name = archive_entry_pathname(entry)) return name;
  return "";
}

/// Behind the end mark stands nothing but zeros, or a second archive that nobody would read.
void require_zeros(const std::string& path, uint64_t begin, uint64_t size) {
  for (uint64_t from = begin; from < size; from += kReadBytes) {
    const std::string bytes = read_bytes(path, from, std::min<uint64_t>(kReadBytes, size - from));
    if (bytes.find_first_not_of('\0') == std::string::npos) continue;
    fail_input("{}: more stands behind the tar's end mark at byte {}; split what was joined", path, begin);
  }
}

/// libarchive has no word for some damage.
const char* why(archive* reader) {
  const char* text = archive_error_string(reader);
  return text == nullptr ? "damaged" : text;
}

}  // namespace

void list_tar(const std::string& path, const std::function<void(const TarEntry&)>& found) {
  const uint64_t size = require_input(path);
  const std::unique_ptr<archive, ArchiveCloser> reader(archive_read_new());
  archive_read_support_format_tar(reader.get());
  archive_read_support_format_empty(reader.get());
  if (archive_read_open_filename(reader.get(), path.c_str(), kReadBytes) != ARCHIVE_OK) {
    fail_input("{}: no tar ({}); shards must be plain .tar, not compressed", path, why(reader.get()));
  }
  // libarchive says where a header begins, which may be a long name's header. A file's bytes end where the next header
  // begins, filled up to whole blocks, so an entry is told when the next one is known.
  TarEntry last;
  bool waiting = false;
  const auto tell = [&](uint64_t next_header) {
    if (!waiting) return;
    waiting = false;
    const uint64_t blocks = (last.length + kTarBlock - 1) / kTarBlock * kTarBlock;
    if (next_header < blocks || next_header - blocks + last.length > size) {
      fail_input("{}: is cut short at byte {}: '{}' is not all there; fetch the shard anew or take it away", path, size,
                 last.name);
    }
    last.offset = next_header - blocks;
    found(last);
  };
  for (;;) {
    archive_entry* entry = nullptr;
    const int result = archive_read_next_header(reader.get(), &entry);
    const auto at = static_cast<uint64_t>(archive_read_header_position(reader.get()));
    if (result == ARCHIVE_EOF) {
      tell(at);
      // Cut between two files, a shard looks whole but for this; some writers leave it out, too.
      if (size > 0 && size < at + kTarBlock) {
        say(fmt::format("warning: {} has no end mark at byte {}; if it was cut short, files behind it are missing",
                        path, size));
      }
      return require_zeros(path, at, size);
    }
    if (result != ARCHIVE_OK && result != ARCHIVE_WARN) {
      if (at == 0) {
        fail_input("{}: no tar ({}); shards must be plain .tar, not compressed", path, why(reader.get()));
      }
      fail_input("{}: damaged or cut short at byte {} of {} ({}); fetch the shard anew or take it away", path, at, size,
                 why(reader.get()));
    }
    tell(at);
    if (archive_entry_filetype(entry) == AE_IFDIR) continue;
    const bool plain = archive_entry_filetype(entry) == AE_IFREG && archive_entry_hardlink(entry) == nullptr;
    if (plain && archive_entry_sparse_count(entry) == 0) {
      last = {name_of(entry), 0, static_cast<uint64_t>(archive_entry_size(entry)), false};
      waiting = true;
    } else {
      found({name_of(entry), 0, 0, true});
    }
  }
}

}  // namespace emf::captioned
