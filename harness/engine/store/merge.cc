#include "harness/engine/store/merge.h"

#include <algorithm>
#include <set>

#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/base/interrupt.h"
#include "harness/base/progress.h"
#include "harness/engine/store/layout.h"
#include "harness/engine/store/run_store.h"

namespace emf {
namespace {

namespace fs = std::filesystem;

/// Folders of stages, kind by kind, in order of their names.
std::vector<fs::path> stage_folders(const fs::path& store) {
  std::vector<fs::path> folders;
  for (const auto& kind : fs::directory_iterator(store / "runs")) {
    if (!kind.is_directory()) continue;
    for (const auto& folder : fs::directory_iterator(kind.path())) {
      if (folder.is_directory()) folders.push_back(folder.path());
    }
  }
  std::sort(folders.begin(), folders.end());
  return folders;
}

/// Copies a stage's files, its mark last.
uint64_t copy_stage(const fs::path& from, const RunFolder& to) {
  const StageLock lock(to);
  uint64_t bytes = 0;
  // A mark of a failure would outlive what is copied over it.
  fs::remove(to.file("FAILED"));
  for (const auto& entry : fs::recursive_directory_iterator(from)) {
    const fs::path name = entry.path().lexically_relative(from);
    if (name == "LOCK" || name == "DONE") continue;
    if (entry.is_directory()) {
      make_folder(to.path() / name);
    } else {
      fs::copy_file(entry.path(), to.path() / name, fs::copy_options::overwrite_existing);
      bytes += entry.file_size();
    }
  }
  write_atomically(to.file("DONE"), "");
  return bytes;
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
  merged.bytes += copy_stage(folder, own);
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
