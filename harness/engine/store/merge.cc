// SPDX-License-Identifier: Apache-2.0
#include "harness/engine/store/merge.h"

#include <optional>
#include <set>

#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/base/interrupt.h"
#include "harness/base/manifest.h"
#include "harness/base/progress.h"
#include "harness/engine/store/layout.h"
#include "harness/engine/store/run_store.h"
#include "harness/engine/store/store_walk.h"

namespace emf {
namespace {

namespace fs = std::filesystem;

/// Copies the files of a stage's manifest, its mark last, once the copies are sound.
/// @return  the bytes, or nothing where the stage there is damaged: `merged` then says so.
std::optional<uint64_t> copy_stage(const fs::path& from, const RunFolder& to, MergedStores& merged) {
  const std::string mark = sealed_mark(from);
  const FolderCheck there = check_folder(from, mark, to.sealed_as());
  if (!there.damage.empty()) {
    merged.damaged.push_back(describe_damage(to.name(), there.damage.front()));
    return std::nullopt;
  }
  const StageLock lock(to);
  if (to.state() == StageState::kUnsealed) {
    fail_input("{} has no digests (older layout); `emfbench store seal` takes it as it is, or move it away",
               to.path().string());
  }
  // A mark of a failure would outlive what is copied over it.
  std::error_code absent;
  fs::remove(to.file("FAILED"), absent);
  std::set<std::string> names = {kManifest};
  for (const auto& [name, file] : there.files) {
    if (there.cleaned.count(name) == 0) names.insert(name);
  }
  if (!there.cleaned.empty()) names.insert(kCleaned);
  for (const std::string& name : names) {
    make_folder(to.file(name).parent_path());
    fs::copy_file(from / name, to.file(name), fs::copy_options::overwrite_existing);
  }
  const FolderCheck here = check_folder(to.path(), mark, to.sealed_as());
  if (!here.damage.empty()) {
    fail_input("{} as it was copied to {}; is the disk sound?", describe_damage(to.name(), here.damage.front()),
               to.store().string());
  }
  write_atomically(to.file("DONE"), mark + "\n");
  return here.bytes;
}

void require_store(const fs::path& from, const fs::path& to) {
  if (!fs::is_directory(from / "runs")) fail_missing("{} is no store: it has no folder 'runs'", from.string());
  if (fs::exists(to) && fs::equivalent(from, to)) fail_input("{} is this very store", from.string());
  const std::string notice = older_layout_notice(from);
  if (!notice.empty()) fail_input("{}", notice);
  const int layout = store_layout(from);
  if (layout != kStoreLayout) {
    fail_input("{} was made by a newer emfbench (layout {}, this one knows {}); merge with that one", from.string(),
               layout, kStoreLayout);
  }
}

void merge_stage(const fs::path& folder, const fs::path& to, MergedStores& merged, std::set<std::string>& suites) {
  const std::string kind = folder.parent_path().filename().string();
  const std::string name = kind + "/" + folder.filename().string();
  if (!fs::exists(folder / "DONE")) {
    ++merged.unfinished;
    return;
  }
  const RunFolder own(to, kind, read_json(folder / "spec.json"));
  if (own.hash() != folder.filename()) {
    merged.foreign.push_back(name);
    return;
  }
  if (own.state() == StageState::kDone) {
    ++merged.known;
    if (read_json(folder / "result.json") != own.result()) merged.different.push_back(name);
    return;
  }
  const std::optional<uint64_t> bytes = copy_stage(folder, own, merged);
  if (!bytes) return;
  merged.bytes += *bytes;
  ++merged.merged;
  if (kind == "suite") suites.insert(own.spec().value("suite", "?"));
}

}  // namespace

MergedStores merge_stores(const fs::path& from, const fs::path& to) {
  require_store(from, to);
  open_store(to);
  const std::vector<fs::path> folders = stage_folders(from);
  MergedStores merged;
  std::set<std::string> suites;
  Progress progress("merge", static_cast<int64_t>(folders.size()), "stages");
  int64_t looked_at = 0;
  for (const fs::path& folder : folders) {
    if (interrupted()) stop_interrupted();
    try {
      merge_stage(folder, to, merged, suites);
    } catch (const fs::filesystem_error& error) {
      throw UserError(fmt::format("cannot merge {}: {}; what came in before is kept, run the same command again",
                                  folder.string(), error.code().message()),
                      ExitCode::kInterrupted);
    }
    progress.update(++looked_at);
  }
  merged.suites.assign(suites.begin(), suites.end());
  return merged;
}

}  // namespace emf
