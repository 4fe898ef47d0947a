// SPDX-License-Identifier: Apache-2.0
#include "harness/base/zip_file.h"

#include <bzlib.h>
#include <zlib.h>

#include <algorithm>
#include <stdexcept>
#include <unordered_set>

#include "harness/base/bounded.h"
#include "harness/base/error.h"

namespace emf {
namespace {

/// Both libraries count in 32 bits.
constexpr size_t kMostAtOnce = size_t{1} << 30;

}  // namespace

/// Turns packed bytes into plain ones. `read` gives fewer bytes than were asked for at the end of what was packed.
class ZipStream::Unpacker {
 public:
  virtual ~Unpacker() = default;
  /// @throws std::runtime_error  why not, for a message.
  virtual size_t read(uint8_t* target, size_t count) = 0;
};

class ZipStream::Stored : public Unpacker {
 public:
  explicit Stored(std::span<const std::byte> packed) : packed_(packed) {}
  size_t read(uint8_t* target, size_t count) override {
    count = std::min(count, packed_.size());
    std::copy_n(reinterpret_cast<const uint8_t*>(packed_.data()), count, target);
    packed_ = packed_.subspan(count);
    return count;
  }

 private:
  std::span<const std::byte> packed_;
};

class ZipStream::Inflater : public Unpacker {
 public:
  explicit Inflater(std::span<const std::byte> packed) : packed_(packed) {
    ensure(inflateInit2(&stream_, -MAX_WBITS) == Z_OK, "zlib cannot begin");
  }
  ~Inflater() override { inflateEnd(&stream_); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  size_t read(uint8_t* target, size_t count) override {
    size_t done = 0;
    while (done < count && !ended_) {
      const size_t in = std::min(packed_.size(), kMostAtOnce), out = std::min(count - done, kMostAtOnce);
      stream_.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(packed_.data()));
      stream_.avail_in = static_cast<uInt>(in);
      stream_.next_out = target + done;
      stream_.avail_out = static_cast<uInt>(out);
      const int result = inflate(&stream_, Z_NO_FLUSH);
      packed_ = packed_.subspan(in - stream_.avail_in);
      done += out - stream_.avail_out;
      ended_ = result == Z_STREAM_END;
      if (result == Z_BUF_ERROR) return done;  // nothing is left to unpack
      if (result != Z_OK && !ended_) throw std::runtime_error(stream_.msg != nullptr ? stream_.msg : zError(result));
    }
    return done;
  }

 private:
  std::span<const std::byte> packed_;
  z_stream stream_{};
  bool ended_ = false;
};

class ZipStream::Bunzipper : public Unpacker {
 public:
  explicit Bunzipper(std::span<const std::byte> packed) : packed_(packed) {
    ensure(BZ2_bzDecompressInit(&stream_, 0, 0) == BZ_OK, "bzip2 cannot begin");
  }
  ~Bunzipper() override { BZ2_bzDecompressEnd(&stream_); }
  Bunzipper(const Bunzipper&) = delete;
  Bunzipper& operator=(const Bunzipper&) = delete;

  size_t read(uint8_t* target, size_t count) override {
    size_t done = 0;
    while (done < count && !ended_) {
      const size_t in = std::min(packed_.size(), kMostAtOnce), out = std::min(count - done, kMostAtOnce);
      stream_.next_in = reinterpret_cast<char*>(const_cast<std::byte*>(packed_.data()));
      stream_.avail_in = static_cast<unsigned>(in);
      stream_.next_out = reinterpret_cast<char*>(target) + done;
      stream_.avail_out = static_cast<unsigned>(out);
      const int result = BZ2_bzDecompress(&stream_);
      const size_t here = out - stream_.avail_out;
      packed_ = packed_.subspan(in - stream_.avail_in);
      done += here;
      ended_ = result == BZ_STREAM_END;
      if (result != BZ_OK && !ended_) throw std::runtime_error(fmt::format("bzip2 error {}", result));
      if (!ended_ && here == 0 && packed_.empty()) return done;  // nothing is left to unpack
    }
    return done;
  }

 private:
  std::span<const std::byte> packed_;
  bz_stream stream_{};
  bool ended_ = false;
};

ZipStream::ZipStream(std::span<const std::byte> file, const ZipEntry& entry, const std::string& where)
    : where_(where), size_(entry.size), wanted_crc_(entry.crc) {
  if (entry.encrypted) fail_input("{} is encrypted; pack it without a password", where);
  const std::span<const std::byte> packed = packed_bytes(file, entry, where);
  switch (entry.method) {
    case 0:
      if (entry.packed != entry.size) fail_input("{} is damaged (stored, and of two sizes)", where);
      unpacker_ = std::make_unique<Stored>(packed);
      break;
    case 8:
      unpacker_ = std::make_unique<Inflater>(packed);
      break;
    case 12:
      unpacker_ = std::make_unique<Bunzipper>(packed);
      break;
    default:
      fail_input("{} is packed by the zip method {}; read are 0 (stored), 8 (deflate) and 12 (bzip2): pack it anew",
                 where, entry.method);
  }
}

ZipStream::~ZipStream() = default;
ZipStream::ZipStream(ZipStream&&) noexcept = default;

size_t ZipStream::read(void* target, size_t count) {
  count = std::min<uint64_t>(count, size_ - done_);
  auto* bytes = static_cast<uint8_t*>(target);
  size_t read = 0;
  try {
    read = unpacker_->read(bytes, count);
  } catch (const std::runtime_error& error) {
    fail_input("{} is damaged ({})", where_, error.what());
  }
  if (read < count) fail_input("{} is shorter than the zip says", where_);
  crc_ = static_cast<uint32_t>(crc32_z(crc_, bytes, count));
  done_ += count;
  if (done_ == size_) require_end();
  return count;
}

void ZipStream::require_end() {
  uint8_t more = 0;
  size_t read = 0;
  try {
    read = unpacker_->read(&more, 1);
  } catch (const std::runtime_error& error) {
    fail_input("{} is damaged ({})", where_, error.what());
  }
  if (read > 0) fail_input("{} is longer than the zip says", where_);
  if (crc_ != wanted_crc_) fail_input("{} is damaged (its checksum is another)", where_);
}

ZipFile::ZipFile(const std::filesystem::path& path, const std::string& kind)
    : path_(path), file_(path), entries_(read_zip_directory(file_.bytes(), path.string(), kind)) {
  std::unordered_set<std::string_view> names;
  for (const ZipEntry& entry : entries_) {
    // Which of two entries of one name is meant, every reader decides otherwise.
    if (!names.insert(entry.name).second) {
      fail_input("{} holds two entries '{}', and nothing says which is meant; pack it anew", path.string(), entry.name);
    }
  }
}

std::optional<size_t> ZipFile::find(const std::string& name) const {
  const auto found =
      std::find_if(entries_.begin(), entries_.end(), [&](const ZipEntry& entry) { return entry.name == name; });
  if (found == entries_.end()) return std::nullopt;
  return static_cast<size_t>(found - entries_.begin());
}

ZipStream ZipFile::open(size_t index) const {
  return {file_.bytes(), entries_.at(index), fmt::format("{}: {}", path_.string(), entries_[index].name)};
}

std::string ZipFile::read(size_t index) const {
  ZipStream stream = open(index);
  require_unpacked(entries_[index].size, file_.bytes().size(), path_.string() + ": " + entries_[index].name);
  // Grown as it is read: the size that the zip says may lie.
  constexpr uint64_t kPiece = 1 << 20;
  std::string bytes;
  for (const uint64_t size = entries_[index].size;;) {
    const size_t before = bytes.size();
    bytes.resize(before + std::min<uint64_t>(std::max<uint64_t>(kPiece, before), size - before));
    stream.read(bytes.data() + before, bytes.size() - before);
    if (bytes.size() == size) break;
  }
  file_.release();  // the packed bytes are done with, and a zip may be larger than memory
  return bytes;
}

}  // namespace emf
