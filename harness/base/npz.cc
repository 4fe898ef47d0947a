// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "harness/base/error.h"
#include "harness/base/near_name.h"
#include "harness/base/npy.h"
#include "harness/base/zip_file.h"
#include "harness/base/zip_writer.h"

namespace emf {
namespace {

std::vector<std::string> names_in(const ZipFile& archive) {
  std::vector<std::string> names;
  for (size_t i = 0; i < archive.size(); ++i) {
    const std::string& name = archive.entry(i).name;
    if (name.ends_with(".npy")) names.push_back(name.substr(0, name.size() - 4));
  }
  // The order in an archive is that of writing, and messages should not depend on it.
  std::sort(names.begin(), names.end());
  return names;
}

ZipFile open_archive(const std::filesystem::path& path) { return ZipFile(path, "an .npz"); }

size_t entry_of(const ZipFile& archive, const std::filesystem::path& path, const std::string& name) {
  const auto entry = archive.find(name + ".npy");
  if (!entry) fail_input("{} holds no array '{}'{}", path.string(), name, suggestion(name, names_in(archive)));
  return *entry;
}

}  // namespace

std::vector<std::string> npz_names(const std::filesystem::path& path) { return names_in(open_archive(path)); }

std::map<std::string, NpyShape> npz_shapes(const std::filesystem::path& path) {
  const ZipFile archive = open_archive(path);
  std::map<std::string, NpyShape> shapes;
  for (const std::string& name : names_in(archive)) {
    const size_t entry = entry_of(archive, path, name);
    const uint64_t size = archive.entry(entry).size;
    std::string bytes(std::min<uint64_t>(size, kMostNpyHeader), '\0');
    archive.open(entry).read(bytes.data(), bytes.size());
    constexpr std::string_view kOfNoNumbers[] = {"'descr': '|O'", "'descr': '<U", "'descr': '|S", "'descr': ["};
    if (std::any_of(std::begin(kOfNoNumbers), std::end(kOfNoNumbers),
                    [&](std::string_view text) { return bytes.find(text) != std::string::npos; })) {
      continue;
    }
    shapes.emplace(name, parse_npy_shape(bytes, size, path.string() + ":" + name));
  }
  return shapes;
}

NpyArray read_npz(const std::filesystem::path& path, const std::string& name) {
  const ZipFile archive = open_archive(path);
  return parse_npy(archive.read(entry_of(archive, path, name)), path.string() + ":" + name);
}

std::string npz_bytes(const std::map<std::string, NpyArray>& arrays) {
  std::vector<std::pair<std::string, std::string>> entries;
  for (const auto& [name, array] : arrays) entries.emplace_back(name + ".npy", npy_bytes(array));
  // Stored and not packed: float64 features shrink little.
  return stored_zip(entries);
}

}  // namespace emf
