// SPDX-License-Identifier: Apache-2.0
#include "harness/engine/store/store_walk.h"

#include <algorithm>

#include "harness/base/error.h"
#include "harness/base/file.h"

namespace emf {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> folders_in(const fs::path& parent) {
  std::vector<fs::path> folders;
  std::error_code failed;
  for (fs::directory_iterator entry(parent, failed), end; !failed && entry != end; entry.increment(failed)) {
    std::error_code gone;
    if (entry->is_directory(gone)) folders.push_back(entry->path());
  }
  if (failed) fail_input("cannot list {} ({})", parent.string(), failed.message());
  return folders;
}

}  // namespace

std::vector<fs::path> stage_folders(const fs::path& store) {
  std::vector<fs::path> all;
  for (const fs::path& kind : folders_in(store / "runs")) {
    const std::vector<fs::path> folders = folders_in(kind);
    all.insert(all.end(), folders.begin(), folders.end());
  }
  std::sort(all.begin(), all.end());
  return all;
}

std::string stage_name(const fs::path& folder) {
  return folder.parent_path().filename().string() + "/" + folder.filename().string();
}

Json spec_of(const fs::path& folder) {
  try {
    return read_json(folder / "spec.json");
  } catch (const UserError&) {
    return nullptr;
  }
}

std::vector<RecordedSuite> recorded_suites(const fs::path& store) {
  std::vector<RecordedSuite> suites;
  std::error_code absent;
  if (!fs::is_directory(store / "runs" / "suite", absent)) return suites;
  for (const fs::path& folder : folders_in(store / "runs" / "suite")) {
    const Json spec = spec_of(folder);
    RecordedSuite suite{folder, "?", {}};
    if (spec.is_object()) {
      if (const Json name = spec.value("suite", Json()); name.is_string()) suite.suite = name;
      for (const Json& stage : spec.value("stages", Json::array())) {
        if (stage.is_string()) suite.stages.insert(stage.get<std::string>());
      }
    }
    suites.push_back(std::move(suite));
  }
  std::sort(suites.begin(), suites.end(), [](const auto& a, const auto& b) { return a.folder < b.folder; });
  return suites;
}

}  // namespace emf
