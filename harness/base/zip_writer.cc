// SPDX-License-Identifier: Apache-2.0
#include "harness/base/zip_writer.h"

#include <zlib.h>

#include <algorithm>
#include <cstring>
#include <initializer_list>

#include "harness/base/error.h"

namespace emf {
namespace {

constexpr uint16_t kPlainVersion = 10, kZip64Version = 45, kMadeOnUnix = 3 << 8 | 63;
constexpr uint16_t kNameIsUtf8 = 1 << 11;
constexpr uint16_t kEpochDate = 0x0021;          // 1980-01-01: a clock would make equal entries unequal files
constexpr uint32_t kPlainFile = 0100666u << 16;  // a file's type and rights, as Unix has them
constexpr uint32_t kElsewhere = 0xffffffff;      // the number stands in the ZIP64 field
constexpr uint16_t kMostEntries = 0xffff;

template <typename Number>
void append(std::string& text, Number number) {
  char bytes[sizeof number];
  std::memcpy(bytes, &number, sizeof number);
  text.append(bytes, sizeof number);
}

/// The extra field of the numbers that do not fit; "" for none.
std::string zip64_field(std::initializer_list<uint64_t> numbers) {
  std::string field;
  if (numbers.size() == 0) return field;
  append<uint16_t>(field, 0x0001);
  append(field, static_cast<uint16_t>(8 * numbers.size()));
  for (const uint64_t number : numbers) append(field, number);
  return field;
}

}  // namespace

std::string stored_zip(const std::vector<std::pair<std::string, std::string>>& entries, uint64_t zip64_from) {
  std::string zip, directory;
  uint64_t total = 0;
  for (const auto& [name, bytes] : entries) total += bytes.size() + 2 * name.size() + 256;
  zip.reserve(total);
  for (const auto& [name, bytes] : entries) {
    ensure(name.size() <= 0xffff, "an entry's name of {} bytes", name.size());
    const uint64_t size = bytes.size(), place = zip.size();
    const bool large = size >= zip64_from, far = place >= zip64_from;
    const uint32_t short_size = large ? kElsewhere : static_cast<uint32_t>(size);
    const bool ascii = std::all_of(name.begin(), name.end(), [](char c) { return static_cast<signed char>(c) >= 0; });
    std::string common;  // both headers have these fields
    append<uint16_t>(common, large || far ? kZip64Version : kPlainVersion);
    append<uint16_t>(common, ascii ? 0 : kNameIsUtf8);
    append<uint16_t>(common, 0);  // stored
    append<uint16_t>(common, 0);  // midnight
    append(common, kEpochDate);
    append(common, static_cast<uint32_t>(crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size())));
    append(common, short_size);
    append(common, short_size);
    append(common, static_cast<uint16_t>(name.size()));

    const std::string local = large ? zip64_field({size, size}) : "";
    append<uint32_t>(zip, 0x04034b50);
    zip += common;
    append(zip, static_cast<uint16_t>(local.size()));
    zip += name + local;
    zip += bytes;

    const std::string central = large && far ? zip64_field({size, size, place})
                                : large      ? local
                                : far        ? zip64_field({place})
                                             : "";
    append<uint32_t>(directory, 0x02014b50);
    append(directory, kMadeOnUnix);
    directory += common;
    append(directory, static_cast<uint16_t>(central.size()));
    append<uint16_t>(directory, 0);  // no comment
    append<uint16_t>(directory, 0);  // one part
    append<uint16_t>(directory, 0);  // no hint at text
    append(directory, kPlainFile);
    append(directory, far ? kElsewhere : static_cast<uint32_t>(place));
    directory += name + central;
  }
  const uint64_t begin = zip.size(), count = entries.size();
  zip += directory;
  if (begin >= zip64_from || directory.size() >= zip64_from || count >= kMostEntries) {
    const uint64_t end = zip.size();
    append<uint32_t>(zip, 0x06064b50);
    append<uint64_t>(zip, 44);  // bytes of the record behind this number
    append(zip, kMadeOnUnix);
    append(zip, kZip64Version);
    append<uint32_t>(zip, 0);
    append<uint32_t>(zip, 0);
    append(zip, count);
    append(zip, count);
    append<uint64_t>(zip, directory.size());
    append(zip, begin);
    append<uint32_t>(zip, 0x07064b50);
    append<uint32_t>(zip, 0);
    append(zip, end);
    append<uint32_t>(zip, 1);  // parts
  }
  append<uint32_t>(zip, 0x06054b50);
  append<uint32_t>(zip, 0);
  append(zip, static_cast<uint16_t>(std::min<uint64_t>(count, kMostEntries)));
  append(zip, static_cast<uint16_t>(std::min<uint64_t>(count, kMostEntries)));
  append(zip, directory.size() >= zip64_from ? kElsewhere : static_cast<uint32_t>(directory.size()));
  append(zip, begin >= zip64_from ? kElsewhere : static_cast<uint32_t>(begin));
  append<uint16_t>(zip, 0);  // no comment
  return zip;
}

}  // namespace emf
