// SPDX-License-Identifier: Apache-2.0
#include "harness/base/manifest.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>

#include "harness/base/atomic_file.h"
#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/base/hash.h"
#include "harness/base/sha256.h"

namespace emf {
namespace {

namespace fs = std::filesystem;

constexpr const char* kSchema = "emf.manifest/1";
constexpr size_t kHexDigits = 64;

/// Marks and locks are written around the manifest, so they cannot stand in it.
bool stands_outside(const std::string& name) {
  return name == kManifest || name == "LOCK" || name == "DONE" || name == "FAILED" || name == kCleaned ||
         is_temporary_name(name);
}

/// The digest that is all of a text; "" where it is anything else.
std::string digest_in(const std::string& text) {
  if (text.size() != kHexDigits + 1 || text.back() != '\n') return "";
  std::string digest = text.substr(0, kHexDigits);
  return digest.find_first_not_of("0123456789abcdef") == std::string::npos ? digest : "";
}

Json whole_manifest(const Json& about, const std::map<std::string, SealedFile>& files) {
  Json manifest = about;
  manifest["schema"] = kSchema;
  manifest["files"] = Json::object();
  for (const auto& [name, file] : files) manifest["files"][name] = {{"bytes", file.bytes}, {"sha256", file.sha256}};
  return manifest;
}

std::set<std::string> cleaned_files(const fs::path& folder) {
  std::set<std::string> names;
  std::ifstream file(folder / kCleaned);
  for (std::string name; std::getline(file, name);) names.insert(name);
  return names;
}

/// Empty where the text is no manifest of this folder.
std::map<std::string, SealedFile> listed_files(const std::string& text, const Json& about) {
  const Json manifest = parse_json(text, kManifest);
  std::map<std::string, SealedFile> files;
  for (const auto& [name, file] : manifest.at("files").items()) {
    files[name] = {file.at("bytes").get<uint64_t>(), file.at("sha256").get<std::string>()};
  }
  // Compared as a whole: a manifest of another stage, put here with its mark, says another kind and hash.
  return whole_manifest(about, files) == manifest ? files : std::map<std::string, SealedFile>{};
}

/// As sha256_file, with a word between pieces.
std::string digest_of(const fs::path& path, uint64_t& read_so_far, const std::function<void(uint64_t)>& reads) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return "";
  Sha256 hash;
  std::vector<char> piece(1 << 20);
  while (file.read(piece.data(), static_cast<std::streamsize>(piece.size())) || file.gcount() > 0) {
    hash.update(piece.data(), static_cast<size_t>(file.gcount()));
    read_so_far += static_cast<uint64_t>(file.gcount());
    if (reads) reads(read_so_far);
  }
  return hash.hex();
}

/// What is wrong with a file; "" = nothing.
std::string wrong_with(const fs::path& path, const SealedFile& sealed, uint64_t& read_so_far,
                       const std::function<void(uint64_t)>& reads) {
  std::error_code absent;
  // A folder or a pipe under the name is no file that was written, and reading a pipe would never end.
  if (!fs::is_regular_file(path, absent)) return "is missing";
  const uint64_t bytes = fs::file_size(path, absent);
  if (bytes != sealed.bytes) return fmt::format("has {} bytes, not the {} that were written", bytes, sealed.bytes);
  const std::string digest = digest_of(path, read_so_far, reads);
  if (digest == sealed.sha256) return "";
  if (digest.empty()) return "cannot be read";
  return fmt::format("has sha256 {}.., not {}.. as it was written", digest.substr(0, 12), sealed.sha256.substr(0, 12));
}

}  // namespace

std::vector<std::string> files_to_seal(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code failed;
  for (fs::recursive_directory_iterator entry(folder, failed), end; !failed && entry != end; entry.increment(failed)) {
    std::error_code gone;
    if (!entry->is_regular_file(gone)) continue;
    std::string name = entry->path().lexically_relative(folder).string();
    if (!stands_outside(name)) names.push_back(std::move(name));
  }
  if (failed) fail_input("cannot list {} ({})", folder.string(), failed.message());
  std::sort(names.begin(), names.end());
  return names;
}

std::string seal_folder(const fs::path& folder, const Json& about, const std::set<std::string>& without) {
  std::map<std::string, SealedFile> files;
  for (const std::string& name : files_to_seal(folder)) {
    if (without.count(name) > 0) continue;
    // Read back and not remembered from the writing: what is sealed is what lies there, and it is in the kernel's
    // memory still.
    SealedFile& file = files[name];
    file.sha256 = digest_of(folder / name, file.bytes, {});
    if (file.sha256.empty()) fail_input("cannot read {}", (folder / name).string());
  }
  const std::string text = canonical_json(whole_manifest(about, files)) + "\n";
  write_atomically(folder / kManifest, text);
  return sha256_hex(text);
}

std::string sealed_mark(const fs::path& folder) {
  std::error_code absent;
  if (fs::is_regular_file(folder / "DONE", absent)) return digest_in(read_file(folder / "DONE"));
  if (!fs::is_regular_file(folder / "FAILED", absent)) return "";
  const std::string failed = read_file(folder / "FAILED");
  const size_t line = failed.rfind(std::string("\n") + kSealLine);
  return line == std::string::npos ? "" : digest_in(failed.substr(line + 1 + std::string_view(kSealLine).size()));
}

FolderCheck check_folder(const fs::path& folder, const std::string& mark, const Json& about,
                         const std::function<bool(const std::string&)>& wanted,
                         const std::function<void(uint64_t)>& reads) {
  FolderCheck check;
  const auto refuse = [&](const char* what) {
    check.damage.push_back({kManifest, what});
    return check;
  };
  std::error_code absent;
  if (!fs::is_regular_file(folder / kManifest, absent)) return refuse("is missing");
  try {
    const std::string text = read_file(folder / kManifest);
    if (mark.empty() || sha256_hex(text) != mark) return refuse("is not the one whose digest the folder's mark holds");
    check.files = listed_files(text, about);
  } catch (const std::exception&) {  // its digest is right and it is no manifest: nobody wrote that
    return refuse("is no manifest");
  }
  if (check.files.empty()) return refuse("is that of another folder");
  const std::set<std::string> cleaned = cleaned_files(folder);
  for (const auto& [name, sealed] : check.files) {
    if (wanted && !wanted(name)) continue;
    if (cleaned.count(name) > 0 && !fs::exists(folder / name, absent)) {
      check.cleaned.insert(name);
      continue;
    }
    const std::string what = wrong_with(folder / name, sealed, check.bytes, reads);
    if (!what.empty()) check.damage.push_back({name, what});
  }
  return check;
}

std::string describe_damage(const std::string& folder, const FolderDamage& damage) {
  return fmt::format("{}: {} {}", folder, damage.file, damage.what);
}

}  // namespace emf
