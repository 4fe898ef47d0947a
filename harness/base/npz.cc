#include <zip.h>

#include <algorithm>
#include <memory>

#include "harness/base/bounded.h"
#include "harness/base/error.h"
#include "harness/base/near_name.h"
#include "harness/base/npy.h"

namespace emf {
namespace {

struct ZipCloser {
  // What was only read needs no closing, and an archive whose writing failed half way is not to be finished.
  void operator()(zip_t* archive) const { zip_discard(archive); }
  void operator()(zip_file_t* file) const { zip_fclose(file); }
};
using Archive = std::unique_ptr<zip_t, ZipCloser>;
using Entry = std::unique_ptr<zip_file_t, ZipCloser>;

Archive open_archive(const std::filesystem::path& path) {
  require_input(path);
  int code = 0;
  Archive archive(zip_open(path.c_str(), ZIP_RDONLY, &code));
  if (!archive) {
    zip_error_t error;
    zip_error_init_with_code(&error, code);
    const std::string why = zip_error_strerror(&error);
    zip_error_fini(&error);
    fail_input("{}: not an .npz, or damaged ({})", path.string(), why);
  }
  return archive;
}

std::vector<std::string> names_in(zip_t* archive, const std::filesystem::path& path) {
  std::vector<std::string> names;
  for (zip_int64_t i = 0; i < zip_get_num_entries(archive, 0); ++i) {
    const char* raw = zip_get_name(archive, static_cast<zip_uint64_t>(i), 0);
    const std::string name = raw == nullptr ? "" : raw;
    if (name.ends_with(".npy")) names.push_back(name.substr(0, name.size() - 4));
  }
  // The order in an archive is that of writing, and messages should not depend on it.
  std::sort(names.begin(), names.end());
  // Which of two arrays of one name is meant, every reader decides otherwise.
  const auto twice = std::adjacent_find(names.begin(), names.end());
  if (twice != names.end()) fail_input("{}: holds two arrays '{}'", path.string(), *twice);
  return names;
}

/// Opens an array's entry.  @param size  of it by the archive's directory, which may lie.
Entry open_entry(zip_t* archive, const std::filesystem::path& path, const std::string& name, uint64_t& size) {
  const std::string entry = name + ".npy";
  zip_stat_t status;
  // The directory's size is the only thing that the entry's length can be held against.
  if (zip_stat(archive, entry.c_str(), 0, &status) != 0 || (status.valid & ZIP_STAT_SIZE) == 0) {
    fail_input("{} holds no array '{}'{}", path.string(), name, suggestion(name, names_in(archive, path)));
  }
  size = status.size;
  Entry file(zip_fopen(archive, entry.c_str(), 0));
  if (!file) fail_input("{}:{}: {}", path.string(), name, zip_strerror(archive));
  return file;
}

}  // namespace

std::vector<std::string> npz_names(const std::filesystem::path& path) {
  return names_in(open_archive(path).get(), path);
}

std::map<std::string, NpyShape> npz_shapes(const std::filesystem::path& path) {
  const Archive archive = open_archive(path);
  std::map<std::string, NpyShape> shapes;
  for (const std::string& name : names_in(archive.get(), path)) {
    const std::string where = path.string() + ":" + name;
    uint64_t size = 0;
    const Entry file = open_entry(archive.get(), path, name, size);
    std::string bytes(std::min<uint64_t>(size, kMostNpyHeader), '\0');
    const zip_int64_t count = zip_fread(file.get(), bytes.data(), bytes.size());
    if (count < 0) fail_input("{}: damaged ({})", where, zip_file_strerror(file.get()));
    bytes.resize(static_cast<size_t>(count));
    constexpr std::string_view kOfNoNumbers[] = {"'descr': '|O'", "'descr': '<U", "'descr': '|S", "'descr': ["};
    if (std::any_of(std::begin(kOfNoNumbers), std::end(kOfNoNumbers),
                    [&](std::string_view text) { return bytes.find(text) != std::string::npos; })) {
      continue;
    }
    shapes.emplace(name, parse_npy_shape(bytes, size, where));
  }
  return shapes;
}

NpyArray read_npz(const std::filesystem::path& path, const std::string& name) {
  const Archive archive = open_archive(path);
  const std::string where = path.string() + ":" + name;
  uint64_t size = 0;
  const Entry file = open_entry(archive.get(), path, name, size);
  names_in(archive.get(), path);  // refuses two of one name
  require_unpacked(size, require_input(path), where);
  // Grown as it is read: the directory's size may lie.
  std::string bytes;
  std::string piece(1 << 20, '\0');
  for (zip_int64_t count = 0; (count = zip_fread(file.get(), piece.data(), piece.size())) != 0;) {
    if (count < 0) fail_input("{}: damaged ({})", where, zip_file_strerror(file.get()));
    bytes.append(piece.data(), static_cast<size_t>(count));
    if (bytes.size() > size) fail_input("{}: longer than the archive says", where);
  }
  return parse_npy(bytes, where);
}

std::string npz_bytes(const std::map<std::string, NpyArray>& arrays) {
  zip_source_t* memory = zip_source_buffer_create(nullptr, 0, 0, nullptr);
  ensure(memory != nullptr, "no memory for an .npz of {} arrays", arrays.size());
  zip_source_keep(memory);  // outlives the archive, which takes its own share
  const std::unique_ptr<zip_source_t, decltype(&zip_source_free)> kept(memory, zip_source_free);
  Archive archive(zip_open_from_source(memory, ZIP_CREATE | ZIP_TRUNCATE, nullptr));
  ensure(archive != nullptr, "an .npz of {} arrays could not be begun", arrays.size());
  std::vector<std::string> bytes;  // must stay until the archive is closed
  // The archive keeps pointers into these strings, and a vector that grows would move the short ones.
  bytes.reserve(arrays.size());
  constexpr zip_uint16_t kEpochDate = 0x0021;  // 1980-01-01: a clock would make equal arrays unequal files
  for (const auto& [name, array] : arrays) {
    bytes.push_back(npy_bytes(array));
    zip_source_t* entry = zip_source_buffer(archive.get(), bytes.back().data(), bytes.back().size(), 0);
    const zip_int64_t place = zip_file_add(archive.get(), (name + ".npy").c_str(), entry, ZIP_FL_ENC_UTF_8);
    if (place < 0) zip_source_free(entry);
    ensure(place >= 0, "'{}' could not be added to an .npz", name);
    const auto index = static_cast<zip_uint64_t>(place);
    // Stored and not packed: another version of zlib would pack equal arrays into other bytes, and float64
    // features shrink little.
    zip_set_file_compression(archive.get(), index, ZIP_CM_STORE, 0);
    zip_file_set_dostime(archive.get(), index, 0, kEpochDate, 0);
  }
  ensure(zip_close(archive.release()) == 0, "an .npz of {} arrays could not be closed", arrays.size());
  ensure(zip_source_open(memory) == 0, "an .npz of {} arrays could not be read back", arrays.size());
  zip_stat_t status;
  ensure(zip_source_stat(memory, &status) == 0, "an .npz of {} arrays has no size", arrays.size());
  std::string whole(status.size, '\0');
  const zip_int64_t count = zip_source_read(memory, whole.data(), whole.size());
  zip_source_close(memory);
  ensure(count == static_cast<zip_int64_t>(whole.size()), "{} of {} bytes of an .npz were read back", count,
         whole.size());
  return whole;
}

}  // namespace emf
