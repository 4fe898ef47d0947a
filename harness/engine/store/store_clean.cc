// SPDX-License-Identifier: Apache-2.0
#include "harness/engine/store/store_clean.h"

#include <unistd.h>

#include <map>
#include <set>

#include "harness/base/bounded.h"
#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/base/manifest.h"
#include "harness/engine/store/store_walk.h"

namespace emf {
namespace {

namespace fs = std::filesystem;

/// The large file of each kind of stage that only other stages read, and what its removal is called.
const std::map<std::string, std::pair<const char*, const char*>>& large_files() {
  static const std::map<std::string, std::pair<const char*, const char*>> files = {
      {"train", {"checkpoints/final.safetensors", "checkpoints"}},
      {"latents", {"latents.safetensors", "latents"}},
      {"sample", {"pictures.safetensors", "pictures"}},
      {"draw", {"pictures.safetensors", "pictures"}},
      {"picture_features", {"features.safetensors", "features"}},
      {"reference_features", {"features.safetensors", "features"}}};
  return files;
}

/// What the records of a store say of its stages.
struct Named {
  std::set<std::string> finished;  ///< by records that are
  std::set<std::string> open;      ///< by records that are not: their stages are still to be read
  std::set<std::string> painting;  ///< stages that rows of finished records were painted with
};

Named named_stages(const fs::path& store) {
  Named named;
  for (const RecordedSuite& record : recorded_suites(store)) {
    const bool done = path_exists(record.folder / "DONE") && path_exists(record.folder / "result.json");
    (done ? named.finished : named.open).insert(record.stages.begin(), record.stages.end());
    if (!done) continue;
    const Json result = read_json(record.folder / "result.json");
    for (const char* list : {"rows", "budgets", "samples"}) {
      for (const Json& row : result.value(list, Json::array())) named.painting.insert(row.value("run", ""));
    }
  }
  return named;
}

}  // namespace

const std::vector<CleanKind>& clean_kinds() {
  static const std::vector<CleanKind> kinds = {
      {"checkpoints", "states of trainings that others went on from",
       "trained again by a run of another objective or a longer budget that goes on from them"},
      {"latents", "training pictures through the codec", "encoded again by a run that trains another row on them"},
      {"pictures", "painted and drawn pictures; the report's grids stay",
       "painted again by a run with another judge or metric"},
      {"features", "what backbones saw in pictures", "measured again by a run with another metric on them"},
      {"unneeded", "stages that no record names", "made again by a run that needs them"},
      {"aside", "what was damaged and moved aside", "nothing: nobody reads it"},
      {"temporary", "files of writers that were killed", "nothing: nobody reads them"},
      {"weights", "weights of finished rows",
       "sample and export --format huggingface no longer work; trained again by a run that needs them", true}};
  return kinds;
}

std::vector<LeftOver> find_cleanable(const fs::path& store) {
  std::vector<LeftOver> found = find_left_over(store);
  const Named named = named_stages(store);
  for (const fs::path& folder : stage_folders(store)) {
    const std::string kind = folder.parent_path().filename().string(), hash = folder.filename().string();
    const auto large = large_files().find(kind);
    if (large == large_files().end() || named.finished.count(hash) == 0 || named.open.count(hash) > 0) continue;
    const fs::path file = folder / large->second.first;
    std::error_code absent;
    const uint64_t bytes = fs::file_size(file, absent);
    if (absent || !path_exists(folder / "DONE")) continue;
    const bool paints = kind == "train" && named.painting.count(hash) > 0;
    found.push_back({paints ? "weights" : large->second.second, file, bytes, "no finished record needs it"});
    if (paints) found.back().why = "a finished record's row paints with it";
  }
  return found;
}

bool clean(const LeftOver& one) {
  std::error_code absent;
  const bool left_over = one.kind == "temporary" || one.kind == "aside" || one.kind == "unneeded";
  if (left_over) return remove_left_over(one);
  fs::path folder = one.path.parent_path();
  if (folder.filename() == "checkpoints") folder = folder.parent_path();
  const int lock = lock_if_free(folder);
  if (lock < 0) return false;
  // Said first: a file that is gone without a word counts as damage.
  const std::string before = path_exists(folder / kCleaned) ? read_file(folder / kCleaned) : "";
  const std::string name = one.path.lexically_relative(folder).string() + "\n";
  if (before.find(name) == std::string::npos) write_atomically(folder / kCleaned, before + name);
  fs::remove(one.path, absent);
  ::close(lock);
  if (absent) fail_input("cannot remove {} ({})", one.path.string(), absent.message());
  return true;
}

}  // namespace emf
