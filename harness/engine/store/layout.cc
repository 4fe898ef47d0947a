// SPDX-License-Identifier: Apache-2.0
#include "harness/engine/store/layout.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <charconv>

#include "harness/base/atomic_file.h"
#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/base/progress.h"

namespace emf {
namespace {

constexpr const char* kLayoutFile = "LAYOUT";
constexpr const char* kPlaceFile = "PLACE";

/// A file's number is kept when it is moved within a disk, and is another one in a copy; 0 = nothing is there.
uint64_t file_number(const std::filesystem::path& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 ? static_cast<uint64_t>(status.st_ino) : 0;
}

Json place_of(const std::filesystem::path& store) {
  std::error_code failed;
  const std::filesystem::path path = std::filesystem::canonical(store, failed);
  return {{"path", failed ? store.string() : path.string()}, {"inode", file_number(store)}};
}

void note_place(const std::filesystem::path& store) {
  if (const std::string notice = moved_notice(store); !notice.empty()) {
    say(fmt::format("note: {} {}; stages are checked when they are read, all of them by: emfbench store verify",
                    store.string(), notice));
  }
  const std::string place = canonical_json(place_of(store)) + "\n";
  std::error_code absent;
  if (std::filesystem::exists(store / kPlaceFile, absent) && read_file(store / kPlaceFile) == place) return;
  try {
    write_atomically(store / kPlaceFile, place);
  } catch (const UserError&) {  // a store that is only read says so again next time
  }
}

void remove_leftovers(const std::filesystem::path& store) {
  const Leftovers left = find_leftovers(store, /*removes=*/true);
  if (left.files.empty()) return;
  say(fmt::format("note: removed {} temporary files of processes that were killed ({:.1f} MB)", left.files.size(),
                  static_cast<double>(left.bytes) / 1e6));
}

}  // namespace

std::string moved_notice(const std::filesystem::path& store) {
  std::error_code absent;
  if (!std::filesystem::exists(store / kPlaceFile, absent)) return "";
  Json before;
  try {
    before = parse_json(read_file(store / kPlaceFile), kPlaceFile);
  } catch (const UserError&) {
    return "has a damaged PLACE, which says where it lay";
  }
  const Json now = place_of(store);
  if (!before.is_object() || before == now) return "";
  const std::string path = before.value("path", "?");
  const bool same_folder = before.value("inode", uint64_t{0}) == now.at("inode");
  if (path == now.at("path")) return "is another folder than the one that was last used here: copied or restored";
  if (same_folder) return "was moved from " + path;
  return file_number(path) == before.value("inode", uint64_t{0}) ? "is a copy of " + path
                                                                 : "was moved or copied from " + path;
}

Leftovers find_leftovers(const std::filesystem::path& folder, bool removes) {
  Leftovers left;
  std::error_code failed;
  using Walk = std::filesystem::recursive_directory_iterator;
  for (Walk entry(folder, failed), end; !failed && entry != end; entry.increment(failed)) {
    std::error_code gone;
    if (!is_temporary_name(entry->path().filename().string()) || !entry->is_regular_file(gone)) continue;
    const uint64_t bytes = entry->file_size(gone);
    if (gone || !left_by_the_dead(entry->path(), removes)) continue;
    left.files.push_back(entry->path());
    left.bytes += bytes;
  }
  return left;
}

int store_layout(const std::filesystem::path& store) {
  // Layouts before 2 left no file.
  const std::filesystem::path file = store / kLayoutFile;
  if (!std::filesystem::exists(file)) {
    std::error_code absent;
    const auto stages = std::filesystem::directory_iterator(store / "runs", absent);
    return absent || stages == std::filesystem::directory_iterator() ? 0 : 1;
  }
  std::string text = read_file(file);
  while (!text.empty() && text.back() == '\n') text.pop_back();
  int layout = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), layout);
  // What is no number, or one that no layout can have, was not written by this program.
  if (error != std::errc() || end != text.data() + text.size() || layout < 1) {
    fail_input("{}: not the number of a layout; is {} a store of emfbench?", file.string(), store.string());
  }
  return layout;
}

std::string older_layout_notice(const std::filesystem::path& store) {
  const int layout = store_layout(store);
  if (layout == 0 || layout >= kStoreLayout) return "";
  if (layout == kUnsealedLayout) {
    return fmt::format(
        "{} holds stages of an older layout ({}, now {}), which carry no digests: they are kept and not read, and what "
        "a suite needs runs again beside; its finished suites can still be reported, and `emfbench store seal` takes "
        "the stages as they are",
        store.string(), layout, kStoreLayout);
  }
  return fmt::format(
      "{} holds stages of an older layout ({}, now {}): they are kept and not read, and what a suite needs runs again; "
      "its finished suites can still be reported, or remove {}",
      store.string(), layout, kStoreLayout, (store / "runs").string());
}

void mark_layout(const std::filesystem::path& store) {
  write_atomically(store / kLayoutFile, std::to_string(kStoreLayout) + "\n");
}

void open_store(const std::filesystem::path& store) {
  const int layout = store_layout(store);
  if (layout > kStoreLayout) {
    fail_input("{} was made by a newer emfbench (layout {}, this one knows {}); use that one, or another --store",
               store.string(), layout, kStoreLayout);
  }
  const std::string notice = older_layout_notice(store);
  if (!notice.empty()) say(notice);
  // Who makes folders knows no command line; that this one is named by --store is known here.
  try {
    make_folder(store / "runs");
  } catch (const UserError& error) {
    if (error.code() != ExitCode::kBadInput) throw;
    throw UserError(fmt::format("{} with --store", error.what()));
  }
  // From here on the store is of this layout and the notice is said no more. Older stages stay where they are:
  // their specs differ, so their hashes never meet those of new ones.
  if (layout != kStoreLayout) mark_layout(store);
  remove_leftovers(store);
  note_place(store);
}

}  // namespace emf
