// SPDX-License-Identifier: Apache-2.0
#include "harness/engine/store/store_audit.h"

#include <algorithm>
#include <set>

#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/base/hash.h"
#include "harness/base/interrupt.h"
#include "harness/base/manifest.h"
#include "harness/base/progress.h"
#include "harness/engine/store/layout.h"
#include "harness/engine/store/run_store.h"
#include "harness/engine/store/store_walk.h"

namespace emf {
namespace {

namespace fs = std::filesystem;

bool is_there(const fs::path& path) {
  std::error_code absent;
  return fs::exists(path, absent);
}

/// Files of a sealed folder that its manifest does not list.
void find_unlisted(const fs::path& folder, const FolderCheck& check, StoreAudit& audit) {
  for (const std::string& name : files_to_seal(folder)) {
    if (check.files.count(name) == 0) {
      audit.findings.push_back({"foreign", stage_name(folder), name, "is in no manifest: nobody reads it"});
    }
  }
}

void audit_stage(const fs::path& folder, StoreAudit& audit,
                 const std::function<void(const fs::path&, StoreAudit&)>& unfinished,
                 const std::function<void(uint64_t)>& reads) {
  const std::string kind = folder.parent_path().filename().string(), hash = folder.filename().string();
  const auto add = [&](const char* state, const std::string& file, const std::string& what) {
    audit.findings.push_back({state, kind + "/" + hash, file, what});
  };
  if (const Json spec = spec_of(folder); !spec.is_null() && spec_hash({{"kind", kind}, {"spec", spec}}) != hash) {
    add("damaged", "spec.json", "does not hash to the folder's name: changed, or a folder that was renamed");
    return;
  }
  const std::string mark = sealed_mark(folder);
  if (mark.empty()) {
    const bool done = is_there(folder / "DONE");
    // Layouts before 3 left DONE empty and had no manifests.
    if (done && (is_there(folder / kManifest) || read_file(folder / "DONE") != "")) {
      add("damaged", "DONE", "holds no digest of a manifest");
    } else if (done) {
      add("unsealed", "", "has no digests (older layout): cannot be checked");
    } else if (!is_there(folder / "FAILED")) {
      add("unfinished", "", "was interrupted, or is being worked on");
      if (unfinished) unfinished(folder, audit);
    }
    return;
  }
  const FolderCheck check = check_folder(folder, mark, {{"kind", kind}, {"hash", hash}}, {}, reads);
  audit.bytes += check.bytes;
  audit.cleaned += static_cast<int64_t>(check.cleaned.size());
  for (const FolderDamage& damage : check.damage) {
    add(damage.what == "is missing" ? "missing" : "damaged", damage.file, damage.what);
  }
  if (!check.files.empty()) find_unlisted(folder, check, audit);
}

/// Stages that records name and that are not here: a store that was copied or removed in part.
void audit_records(const fs::path& store, const std::vector<fs::path>& folders, StoreAudit& audit) {
  std::set<std::string> here;
  for (const fs::path& folder : folders) here.insert(folder.filename().string());
  for (const RecordedSuite& record : recorded_suites(store)) {
    std::vector<std::string> gone;
    std::set_difference(record.stages.begin(), record.stages.end(), here.begin(), here.end(), std::back_inserter(gone));
    if (gone.empty() || sealed_mark(record.folder).empty()) continue;
    audit.findings.push_back({"missing", stage_name(record.folder), "",
                              fmt::format("of its {} stages {} are not here, the first {}: this store was removed or "
                                          "copied in part",
                                          record.stages.size(), gone.size(), gone.front())});
  }
}

void audit_instruments(const fs::path& folder, StoreAudit& audit) {
  const fs::path index = folder / "instruments.json";
  if (!is_there(index)) return;
  try {
    const Json listed = read_json(index);
    for (const Json& row : listed.at("instruments")) {
      const std::string name = row.at("file"), sha256 = row.at("sha256");
      if (!is_there(folder / name)) {
        audit.findings.push_back({"missing", "instruments", name, "is missing"});
      } else if (sha256_file(folder / name) != sha256) {
        audit.findings.push_back({"damaged", "instruments", name, "is not what instruments.json lists"});
      }
    }
  } catch (const std::exception& error) {
    audit.findings.push_back({"damaged", "instruments", "instruments.json", error.what()});
  }
}

}  // namespace

int64_t StoreAudit::count(const std::string& state) const {
  return std::count_if(findings.begin(), findings.end(),
                       [&](const AuditFinding& finding) { return finding.state == state; });
}

StoreAudit audit_store(const fs::path& store, const std::function<void(const fs::path&, StoreAudit&)>& unfinished) {
  if (!fs::is_directory(store / "runs")) fail_missing("{} is no store: it has no folder 'runs'", store.string());
  StoreAudit audit;
  audit.moved = moved_notice(store);
  const std::vector<fs::path> folders = stage_folders(store);
  Progress progress("check stages", static_cast<int64_t>(folders.size()), "stages");
  for (const fs::path& folder : folders) {
    audit_stage(folder, audit, unfinished, [&](uint64_t bytes) {
      if (interrupted()) stop_interrupted();
      progress.update(audit.stages, fmt::format("{:.0f} MB", static_cast<double>(audit.bytes + bytes) / 1e6));
    });
    progress.update(++audit.stages, fmt::format("{:.0f} MB", static_cast<double>(audit.bytes) / 1e6));
    if (interrupted()) stop_interrupted();
  }
  audit_records(store, folders, audit);
  audit_instruments(store / "instruments", audit);
  return audit;
}

}  // namespace emf
