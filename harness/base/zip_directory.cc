// SPDX-License-Identifier: Apache-2.0
#include "harness/base/zip_directory.h"

#include <zlib.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <string_view>

#include "harness/base/error.h"
#include "harness/base/utf8.h"

namespace emf {
namespace {

constexpr uint32_t kEntryHeader = 0x04034b50, kDirectoryHeader = 0x02014b50, kEnd = 0x06054b50;
constexpr uint32_t kZip64Locator = 0x07064b50, kZip64End = 0x06064b50;
constexpr size_t kEntryHeaderBytes = 30, kDirectoryHeaderBytes = 46, kEndBytes = 22;
constexpr size_t kZip64LocatorBytes = 20, kZip64EndBytes = 56, kMostComment = 0xffff;
constexpr uint16_t kEncrypted = 1;
constexpr uint16_t kZip64Extra = 0x0001, kUnicodePathExtra = 0x7075;

/// A piece of the file, whose numbers are read by their offset in it.
class Record {
 public:
  explicit Record(std::span<const std::byte> bytes) : bytes_(bytes) {}
  uint16_t u16(size_t at) const { return number<uint16_t>(at); }
  uint32_t u32(size_t at) const { return number<uint32_t>(at); }
  uint64_t u64(size_t at) const { return number<uint64_t>(at); }
  size_t size() const { return bytes_.size(); }
  std::span<const std::byte> part(size_t begin, size_t count) const { return bytes_.subspan(begin, count); }
  std::string text(size_t begin, size_t count) const {
    return {reinterpret_cast<const char*>(bytes_.data()) + begin, count};
  }

 private:
  template <typename Number>
  Number number(size_t at) const {
    Number value;
    std::memcpy(&value, bytes_.subspan(at, sizeof value).data(), sizeof value);
    return value;
  }

  std::span<const std::byte> bytes_;
};

/// The upper half of code page 437, in which names stand that are not said to be UTF-8.
constexpr std::u32string_view kCodePage437 =
    U"ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩"
    U"≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u00a0";
static_assert(kCodePage437.size() == 128);

/// Many writers put UTF-8 without saying so; what cannot be UTF-8 is the code page that the format was born with.
std::string utf8_name(const std::string& stored) {
  if (invalid_utf8_at(stored) == std::string::npos) return stored;
  std::string name;
  for (const char character : stored) {
    const auto byte = static_cast<unsigned char>(character);
    append_utf8(name, byte < 0x80 ? byte : static_cast<int32_t>(kCodePage437[byte - 0x80]));
  }
  return name;
}

struct End {
  uint64_t entries = 0, size = 0, offset = 0;  // of the directory, as the file says
  uint64_t begin = 0;                          // where it stands
};

class Directory {
 public:
  Directory(std::span<const std::byte> file, const std::string& where, const std::string& kind)
      : file_(file), where_(where), kind_(kind) {}

  std::vector<ZipEntry> entries() const {
    const End end = find_end();
    const uint64_t before = end.begin - end.offset;  // bytes in front of the zip, which no offset counts
    std::vector<ZipEntry> entries;
    uint64_t at = end.begin;
    const uint64_t stop = end.begin + end.size;
    while (at < stop) {
      if (stop - at < kDirectoryHeaderBytes) refuse("its directory ends within an entry");
      const Record header(file_.subspan(at, kDirectoryHeaderBytes));
      const size_t name = header.u16(28), extra = header.u16(30), comment = header.u16(32);
      const size_t size = kDirectoryHeaderBytes + name + extra + comment;
      if (header.u32(0) != kDirectoryHeader || stop - at < size) refuse("its directory is broken");
      entries.push_back(entry(Record(file_.subspan(at, size)), name, extra, before));
      at += size;
    }
    // Some writers count in 16 bits however many there are.
    if (entries.size() != end.entries && (end.entries > 0xffff || (entries.size() & 0xffff) != end.entries)) {
      refuse(fmt::format("its directory holds {} entries, and its end says {}", entries.size(), end.entries));
    }
    return entries;
  }

 private:
  [[noreturn]] void refuse(const std::string& why) const {
    fail_input("{}: not {}, or damaged ({})", where_, kind_, why);
  }

  /// The last place where an end record stands whose comment fits into the file.
  size_t end_record() const {
    if (file_.size() < kEndBytes) refuse("it is too short");
    const size_t last = file_.size() - kEndBytes, first = last - std::min(last, kMostComment);
    for (size_t at = last + 1; at-- > first;) {
      const Record record(file_.subspan(at, kEndBytes));
      if (record.u32(0) == kEnd && record.u16(20) <= last - at) return at;
    }
    refuse("it has no end record; was it cut short?");
  }

  std::optional<size_t> zip64_end_record(size_t end) const {
    if (end < kZip64LocatorBytes + kZip64EndBytes) return std::nullopt;
    const Record locator(file_.subspan(end - kZip64LocatorBytes, kZip64LocatorBytes));
    if (locator.u32(0) != kZip64Locator) return std::nullopt;
    // Where the locator says, or, behind a prefix that it does not know of, right before the locator.
    const size_t most = end - kZip64LocatorBytes - kZip64EndBytes;
    for (const uint64_t at : {locator.u64(8), uint64_t{most}}) {
      if (at <= most && Record(file_.subspan(at, kZip64EndBytes)).u32(0) == kZip64End) return at;
    }
    refuse("its ZIP64 end record is not where it should be");
  }

  End find_end() const {
    size_t behind = end_record();  // where the directory ends
    const Record record(file_.subspan(behind, kEndBytes));
    End end{record.u16(10), record.u32(12), record.u32(16)};
    uint32_t disk = record.u16(4) | record.u16(6);
    if (const auto at = zip64_end_record(behind)) {
      const Record large(file_.subspan(*at, kZip64EndBytes));
      end = {large.u64(32), large.u64(40), large.u64(48)};
      disk = large.u32(16) | large.u32(20);
      behind = *at;
    }
    if (disk != 0) refuse("it is one of several parts");
    if (end.size > behind || end.offset > behind - end.size) refuse("its directory is not all there");
    end.begin = behind - end.size;
    return end;
  }

  ZipEntry entry(const Record& header, size_t name_size, size_t extra_size, uint64_t before) const {
    ZipEntry entry;
    std::string stored = header.text(kDirectoryHeaderBytes, name_size);
    entry.encrypted = (header.u16(8) & kEncrypted) != 0;
    entry.method = header.u16(10);
    entry.crc = header.u32(16);
    entry.packed = header.u32(20);
    entry.size = header.u32(24);
    entry.header = header.u32(42);
    const Record extras(header.part(kDirectoryHeaderBytes + name_size, extra_size));
    bool large = false;
    for (size_t at = 0; at + 4 <= extras.size();) {
      const uint16_t id = extras.u16(at);
      const size_t size = extras.u16(at + 2);
      if (size > extras.size() - at - 4) break;  // padding, as some writers leave it
      const Record extra(extras.part(at + 4, size));
      if (id == kZip64Extra && !large) {
        large = true;
        take_large_numbers(extra, entry);
      }
      if (id == kUnicodePathExtra && size > 5 && extra.part(0, 1)[0] == std::byte{1} &&
          extra.u32(1) == crc32(0, reinterpret_cast<const Bytef*>(stored.data()), static_cast<uInt>(stored.size()))) {
        stored = extra.text(5, size - 5);
      }
      at += 4 + size;
    }
    entry.name = utf8_name(stored.substr(0, stored.find('\0')));
    constexpr uint32_t kElsewhere = 0xffffffff;
    if (!large && (entry.size == kElsewhere || entry.packed == kElsewhere || entry.header == kElsewhere)) {
      refuse(fmt::format("the size of '{}' is missing", entry.name));
    }
    if (entry.header > file_.size() - before) refuse(fmt::format("'{}' lies behind its end", entry.name));
    entry.header += before;
    return entry;
  }

  /// Numbers that do not fit into 32 bits stand in an extra field of their own, those alone, in this order.
  void take_large_numbers(const Record& extra, ZipEntry& entry) const {
    size_t at = 0;
    for (uint64_t* number : {&entry.size, &entry.packed, &entry.header}) {
      if (*number != 0xffffffff) continue;
      if (at + 8 > extra.size()) refuse("a ZIP64 size is missing");
      *number = extra.u64(at);
      at += 8;
    }
  }

  std::span<const std::byte> file_;
  const std::string& where_;
  const std::string& kind_;
};

}  // namespace

std::vector<ZipEntry> read_zip_directory(std::span<const std::byte> file, const std::string& where,
                                         const std::string& kind) {
  return Directory(file, where, kind).entries();
}

std::span<const std::byte> packed_bytes(std::span<const std::byte> file, const ZipEntry& entry,
                                        const std::string& where) {
  if (file.size() < kEntryHeaderBytes || entry.header > file.size() - kEntryHeaderBytes) {
    fail_input("{} is damaged (its header lies behind the end of the zip)", where);
  }
  const Record header(file.subspan(entry.header, kEntryHeaderBytes));
  if (header.u32(0) != kEntryHeader) fail_input("{} is damaged (its header is not where the zip says)", where);
  const uint64_t begin = entry.header + kEntryHeaderBytes + header.u16(26) + header.u16(28);
  if (begin > file.size() || entry.packed > file.size() - begin) fail_input("{} is damaged (cut short)", where);
  return file.subspan(begin, entry.packed);
}

}  // namespace emf
