// SPDX-License-Identifier: Apache-2.0
#include "harness/engine/store/store_room.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <set>

#include "harness/base/atomic_file.h"
#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/engine/store/layout.h"
#include "harness/engine/store/store_walk.h"

namespace emf {
namespace {

namespace fs = std::filesystem;

/// Trained on their own, by no suite that leaves a record.
const std::set<std::string> kOfInstruments = {"train_autoencoder", "train_detector", "calibrate_detector",
                                              "measure_instruments"};

struct Size {
  int64_t files = 0;
  uint64_t bytes = 0;
};

/// Sizes of folders in which a file with several names counts where it is met first.
class Measure {
 public:
  Size of(const fs::path& folder) {
    Size size;
    std::error_code failed;
    for (fs::recursive_directory_iterator entry(folder, failed), end; !failed && entry != end;
         entry.increment(failed)) {
      struct stat status {};
      if (::lstat(entry->path().c_str(), &status) != 0 || !S_ISREG(status.st_mode)) continue;
      if (status.st_nlink > 1 && !seen_.emplace(status.st_dev, status.st_ino).second) continue;
      ++size.files;
      size.bytes += static_cast<uint64_t>(status.st_size);
    }
    return size;
  }

 private:
  std::set<std::pair<dev_t, ino_t>> seen_;
};

void require_runs(const fs::path& store) {
  std::error_code absent;
  if (!fs::is_directory(store / "runs", absent)) {
    fail_missing("{} is no store: it has no folder 'runs'", store.string());
  }
}

void largest_first(std::vector<RoomRow>& rows) {
  std::stable_sort(rows.begin(), rows.end(), [](const RoomRow& a, const RoomRow& b) { return a.bytes > b.bytes; });
}

/// What each suite's records name, all of one name together.
std::vector<RoomRow> measure_suites(const fs::path& store, const std::map<std::string, uint64_t>& bytes_of_hash) {
  std::map<std::string, std::set<std::string>> named;
  std::map<std::string, int> namers;
  for (const RecordedSuite& record : recorded_suites(store)) {
    std::set<std::string>& stages = named[record.suite];
    for (const std::string& hash : record.stages) stages.insert(hash);
    stages.insert(record.folder.filename().string());
  }
  for (const auto& [suite, stages] : named) {
    for (const std::string& hash : stages) ++namers[hash];
  }
  std::vector<RoomRow> rows;
  for (const auto& [suite, stages] : named) {
    RoomRow row{suite};
    for (const std::string& hash : stages) {
      const auto found = bytes_of_hash.find(hash);
      if (found == bytes_of_hash.end()) continue;
      ++row.stages;
      row.bytes += found->second;
      if (namers.at(hash) == 1) row.alone += found->second;
    }
    rows.push_back(row);
  }
  return rows;
}

void find_aside(const fs::path& store, Measure& measure, std::vector<LeftOver>& found) {
  std::error_code failed;
  for (fs::directory_iterator entry(store / "aside", failed), end; !failed && entry != end; entry.increment(failed)) {
    std::error_code absent;
    std::string why = fs::exists(entry->path() / "WHY", absent) ? read_file(entry->path() / "WHY") : "";
    while (!why.empty() && why.back() == '\n') why.pop_back();
    found.push_back({"aside", entry->path(), measure.of(entry->path()).bytes, why});
  }
  std::error_code none;
  for (fs::recursive_directory_iterator entry(store / "cache", none), end; !none && entry != end;
       entry.increment(none)) {
    std::error_code gone;
    if (entry->path().extension() != ".damaged" || !entry->is_regular_file(gone)) continue;
    found.push_back({"aside", entry->path(), entry->file_size(gone), "features that were not what was written"});
  }
}

void find_unneeded(const fs::path& store, Measure& measure, std::vector<LeftOver>& found) {
  std::set<std::string> needed;
  for (const RecordedSuite& record : recorded_suites(store)) needed.insert(record.stages.begin(), record.stages.end());
  for (const fs::path& folder : stage_folders(store)) {
    const std::string kind = folder.parent_path().filename().string();
    if (kind == "suite" || kOfInstruments.count(kind) > 0 || needed.count(folder.filename().string()) > 0) continue;
    found.push_back({"unneeded", folder, measure.of(folder).bytes, "no record names it"});
  }
}

}  // namespace

StoreRoom measure_store(const fs::path& store) {
  require_runs(store);
  StoreRoom room;
  Measure measure;
  // The cache first: stages have second names for its files.
  for (const char* folder : {"cache", "reports", "instruments", "aside"}) {
    const Size size = measure.of(store / folder);
    if (size.files > 0) room.folders.push_back({folder, size.files, size.bytes});
    room.bytes += size.bytes;
  }
  std::map<std::string, RoomRow> kinds;
  std::map<std::string, uint64_t> bytes_of_hash;
  for (const fs::path& folder : stage_folders(store)) {
    const uint64_t bytes = measure.of(folder).bytes;
    RoomRow& row = kinds[folder.parent_path().filename().string()];
    ++row.stages;
    row.bytes += bytes;
    bytes_of_hash[folder.filename().string()] = bytes;
    room.bytes += bytes;
  }
  for (auto& [kind, row] : kinds) {
    row.name = kind;
    room.kinds.push_back(row);
  }
  room.suites = measure_suites(store, bytes_of_hash);
  for (auto* rows : {&room.kinds, &room.suites, &room.folders}) largest_first(*rows);
  return room;
}

std::vector<LeftOver> find_left_over(const fs::path& store) {
  require_runs(store);
  std::vector<LeftOver> found;
  Measure measure;
  for (const fs::path& file : find_leftovers(store, /*removes=*/false).files) {
    std::error_code gone;
    const uint64_t bytes = fs::file_size(file, gone);
    found.push_back({"temporary", file, gone ? 0 : bytes, "its writer was killed"});
  }
  find_aside(store, measure, found);
  find_unneeded(store, measure, found);
  return found;
}

int lock_if_free(const fs::path& folder) {
  const int descriptor = ::open((folder / "LOCK").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (descriptor < 0) return -1;
  if (::flock(descriptor, LOCK_EX | LOCK_NB) == 0) return descriptor;
  ::close(descriptor);
  return -1;
}

bool remove_left_over(const LeftOver& left_over) {
  // Its writer may be another than the one that was killed: asked again while it is removed.
  if (left_over.kind == "temporary") return left_by_the_dead(left_over.path, /*removes=*/true);
  const bool stage = left_over.kind == "unneeded";
  const int lock = stage ? lock_if_free(left_over.path) : -1;
  if (stage && lock < 0) return false;
  std::error_code failed;
  // The mark first: what is removed in part is never taken for whole.
  if (stage) fs::remove(left_over.path / "DONE", failed);
  fs::remove_all(left_over.path, failed);
  if (lock >= 0) ::close(lock);
  if (failed) fail_input("cannot remove {} ({})", left_over.path.string(), failed.message());
  return true;
}

}  // namespace emf
