// SPDX-License-Identifier: Apache-2.0
// Zips of libzip's making read, zips of ours read by libzip, and what is damaged or lies refused by name.
#include "harness/base/zip_file.h"

#include <gtest/gtest.h>
#include <zip.h>

#include <cstring>
#include <functional>

#include "harness/base/error.h"
#include "harness/base/zip_writer.h"
#include "tests/temporary_folder.h"

namespace emf {
namespace {

using Entries = std::vector<std::pair<std::string, std::string>>;

class ZipFileTest : public testing::Test {
 protected:
  std::filesystem::path path() const { return folder_ / "a.zip"; }

  /// Packed by libzip, and the file's bytes.
  std::string by_libzip(const Entries& entries, int method, zip_flags_t names = ZIP_FL_ENC_UTF_8) const {
    int code = 0;
    zip_t* archive = zip_open(path().c_str(), ZIP_CREATE | ZIP_TRUNCATE, &code);
    EXPECT_NE(archive, nullptr);
    for (const auto& [name, bytes] : entries) {
      const zip_int64_t place =
          zip_file_add(archive, name.c_str(), zip_source_buffer(archive, bytes.data(), bytes.size(), 0), names);
      EXPECT_GE(place, 0);
      zip_set_file_compression(archive, static_cast<zip_uint64_t>(place), method, 0);
      zip_file_set_dostime(archive, static_cast<zip_uint64_t>(place), 0, 0x0021, 0);
    }
    EXPECT_EQ(zip_close(archive), 0);
    return read_file(path());
  }

  Entries read() const {
    const ZipFile zip(path());
    Entries entries;
    for (size_t i = 0; i < zip.size(); ++i) entries.emplace_back(zip.entry(i).name, zip.read(i));
    return entries;
  }
  Entries read(const std::string& bytes) const {
    folder_.write("a.zip", bytes);
    return read();
  }

  std::string refusal(const std::string& bytes) const {
    try {
      read(bytes);
    } catch (const UserError& error) {
      EXPECT_NE(std::string(error.what()).find("a.zip"), std::string::npos) << error.what();
      EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos) << error.what();
      return error.what();
    }
    return "accepted";
  }

  static Entries some() {
    std::string long_text;
    for (int i = 0; i < 20'000; ++i) long_text += fmt::format("{} ", i * i % 977);
    return {{"a.txt", "hello"}, {"folder/", ""}, {"folder/\xC3\xA9t\xC3\xA9.txt", long_text}, {"none", ""}};
  }

  TemporaryFolder folder_{"zip_file"};
};

void put(std::string& bytes, size_t at, uint32_t number, size_t count) {
  std::memcpy(bytes.data() + at, &number, count);
}

TEST_F(ZipFileTest, ReadsWhatLibzipPacks) {
  for (const int method : {ZIP_CM_STORE, ZIP_CM_DEFLATE, ZIP_CM_BZIP2}) {
    const std::string bytes = by_libzip(some(), method);
    EXPECT_EQ(read(), some()) << method;
    EXPECT_EQ(read("#!/bin/sh\n" + bytes), some()) << "a program before it";
    EXPECT_EQ(read(bytes + "\n"), some()) << "a line's end behind it";
  }
  by_libzip({{"\x82t\x82.txt", "summer"}}, ZIP_CM_DEFLATE, ZIP_FL_ENC_CP437);
  EXPECT_EQ(read(), (Entries{{"\xC3\xA9t\xC3\xA9.txt", "summer"}}));
  EXPECT_EQ(read(by_libzip({{"a", ""}}, ZIP_CM_STORE)).size(), 1u);
}

TEST_F(ZipFileTest, ReadsInPiecesOfAnySize) {
  for (const int method : {ZIP_CM_STORE, ZIP_CM_DEFLATE, ZIP_CM_BZIP2}) {
    by_libzip(some(), method);
    const ZipFile zip(path());
    for (const size_t piece : {1, 7, 4096, 1 << 20}) {
      ZipStream stream = zip.open(2);
      std::string bytes;
      for (std::string part(piece, '\0');;) {
        const size_t count = stream.read(part.data(), piece);
        bytes.append(part.data(), count);
        if (count < piece) break;
      }
      EXPECT_EQ(bytes, some()[2].second) << method << " " << piece;
    }
  }
}

TEST_F(ZipFileTest, WritesWhatLibzipWritesAndReads) {
  const Entries files = {some()[0], some()[2], some()[3]};  // libzip asks for another version to unpack a folder
  EXPECT_EQ(stored_zip(files), by_libzip(files, ZIP_CM_STORE)) << "to the byte";
  for (const uint64_t zip64_from : {uint64_t{0xffffffff}, uint64_t{100}, uint64_t{0}}) {
    const std::string bytes = stored_zip(some(), zip64_from);
    EXPECT_EQ(read(bytes), some()) << zip64_from;
    EXPECT_EQ(read("before" + bytes), some()) << zip64_from;
    folder_.write("a.zip", bytes);
    int code = 0;
    zip_t* archive = zip_open(path().c_str(), ZIP_RDONLY | ZIP_CHECKCONS, &code);
    ASSERT_NE(archive, nullptr) << zip64_from << ": libzip error " << code;
    Entries entries;
    for (zip_int64_t i = 0; i < zip_get_num_entries(archive, 0); ++i) {
      zip_file_t* entry = zip_fopen_index(archive, static_cast<zip_uint64_t>(i), 0);
      std::string text(1 << 20, '\0');
      text.resize(static_cast<size_t>(zip_fread(entry, text.data(), text.size())));
      entries.emplace_back(zip_get_name(archive, static_cast<zip_uint64_t>(i), 0), text);
      zip_fclose(entry);
    }
    zip_discard(archive);
    EXPECT_EQ(entries, some()) << zip64_from;
  }
  Entries many;  // more than 16 bits count
  for (int i = 0; i < 70'000; ++i) many.emplace_back(std::to_string(i), "");
  EXPECT_EQ(read(stored_zip(many)).size(), many.size());
  EXPECT_TRUE(read(stored_zip({})).empty());
}

TEST_F(ZipFileTest, RefusesWhatIsNotAllThere) {
  const std::string whole = by_libzip({{"a.txt", "some words"}, {"b.txt", "and more"}}, ZIP_CM_DEFLATE);
  for (size_t length = 1; length < whole.size(); ++length) {
    EXPECT_NE(refusal(whole.substr(0, length)), "accepted") << length;
  }
  EXPECT_NE(refusal(std::string(100, 'x')).find("not a zip, or damaged (it has no end record"), std::string::npos);
}

TEST_F(ZipFileTest, DamageIsRefusedOrChangesNothing) {
  const Entries entries = {{"a.txt", "some words and some more words"}, {"b.txt", "and more"}};
  for (const int method : {ZIP_CM_STORE, ZIP_CM_DEFLATE, ZIP_CM_BZIP2}) {
    const std::string whole = by_libzip(entries, method);
    for (size_t at = 0; at < whole.size(); ++at) {
      for (const int change : {0x01, 0x80, 0xff}) {
        std::string bytes = whole;
        bytes[at] = static_cast<char>(bytes[at] ^ change);
        folder_.write("a.zip", bytes);
        try {
          const Entries found = read();
          // Names and dates have no checksum; what stands in the entries does.
          for (size_t i = 0; i < found.size(); ++i) EXPECT_EQ(found[i].second, entries[i].second) << at;
          EXPECT_EQ(found.size(), entries.size()) << at;
        } catch (const UserError&) {
        }
      }
    }
  }
}

TEST_F(ZipFileTest, NamesWhatItDoesNotRead) {
  const std::string whole = by_libzip({{"a.txt", std::string(1000, 'a')}}, ZIP_CM_DEFLATE);
  const size_t entry = whole.find("PK\x01\x02"), end = whole.find("PK\x05\x06");
  const auto changed = [&](size_t at, uint32_t number, size_t count) {
    std::string bytes = whole;
    put(bytes, at, number, count);
    return refusal(bytes);
  };
  EXPECT_NE(changed(entry + 8, 1, 2).find("a.txt is encrypted"), std::string::npos) << changed(entry + 8, 1, 2);
  EXPECT_NE(changed(entry + 10, 14, 2).find("a.txt is packed by the zip method 14"), std::string::npos);
  EXPECT_NE(changed(entry + 24, 999, 4).find("a.txt is longer than the zip says"), std::string::npos);
  EXPECT_NE(changed(entry + 24, 1001, 4).find("a.txt is shorter than the zip says"), std::string::npos);
  EXPECT_NE(changed(entry + 24, 0xfffffffe, 4).find("bytes say that they unpack to 4294967294"), std::string::npos);
  EXPECT_NE(changed(entry + 16, 1, 4).find("a.txt is damaged (its checksum is another)"), std::string::npos);
  EXPECT_NE(changed(entry + 42, 5, 4).find("a.txt is damaged (its header is not where"), std::string::npos);
  EXPECT_NE(changed(entry + 42, 1 << 20, 4).find("'a.txt' lies behind its end"), std::string::npos);
  EXPECT_NE(changed(entry + 24, 0xffffffff, 4).find("the size of 'a.txt' is missing"), std::string::npos);
  EXPECT_NE(changed(end + 10, 2, 2).find("its directory holds 1 entries, and its end says 2"), std::string::npos);
  EXPECT_NE(changed(end + 4, 1, 2).find("one of several parts"), std::string::npos);
  EXPECT_NE(changed(end + 12, 1 << 20, 4).find("its directory is not all there"), std::string::npos);
}

}  // namespace
}  // namespace emf
