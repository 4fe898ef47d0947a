// SPDX-License-Identifier: Apache-2.0
// emfbench store ACTION: is a store what was written, what takes room in it, what is left over.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

#include "harness/base/bounded.h"
#include "harness/base/file.h"
#include "harness/base/interrupt.h"
#include "harness/base/terminal.h"
#include "harness/command/command.h"
#include "harness/command/store_option.h"
#include "harness/engine/store/damage.h"
#include "harness/engine/store/layout.h"
#include "harness/engine/store/store_audit.h"
#include "harness/engine/store/store_room.h"
#include "harness/engine/store/store_walk.h"
#include "harness/engine/text/cache_audit.h"
#include "harness/engine/training/checkpoint.h"

namespace emf {
namespace {

namespace fs = std::filesystem;

std::string megabytes(uint64_t bytes) { return fmt::format("{:.1f} MB", static_cast<double>(bytes) / 1e6); }

/// What an interrupted training would go on from.
void audit_checkpoints(const fs::path& store, const fs::path& folder, StoreAudit& audit) {
  const Json spec = spec_of(folder);
  if (spec.is_null()) return;
  const RunFolder stage(store, folder.parent_path().filename().string(), spec);
  for (const char* file : {kFinalCheckpoint, kLatestCheckpoint}) {
    if (!path_exists(stage.file(file))) continue;
    try {
      read_training_state(stage, file);
    } catch (const DamagedStage& error) {
      const bool older = error.damage().what == kNoDigest;
      audit.findings.push_back(
          {older ? "unsealed" : "damaged", stage.name(), error.damage().file, error.damage().what});
    }
  }
}

class Store : public Command {
 public:
  void declare(const Flags& flags) override {
    flags.require_verb();
    verify_ = add(flags, "verify",
                  "Check every file of every stage, record, cached feature and instrument against what was written; "
                  "exit code 4 where anything is damaged or missing");
    list_ = add(flags, "ls", "What takes room: by kind of stage, by suite, by folder");
    collect_ = add(flags, "gc",
                   "What is left over: temporary files of killed processes, what was moved aside, stages that no "
                   "record names; nothing is removed without --remove");
    collect_->option("--remove", remove_, "which of them to remove: temporary, aside, unneeded; several with commas")
        .separated_by(',')
        .one_of({"temporary", "aside", "unneeded"});
    seal_ = add(flags, "seal",
                "Give the finished stages of an older store, which carry no digests, a manifest of what they hold now: "
                "they are then read as they are, and checked from then on");
  }

  ExitCode run(const CommonFlags& flags) override {
    catch_interrupts();
    const bool json = json_ || flags.json;
    if (!is_folder(fs::path(store_) / "runs"))
      fail_missing("no results in {}; run a suite first: emfbench run quick", store_);
    if (verify_->chosen()) return verify(json);
    if (list_->chosen()) return list(json);
    return seal_->chosen() ? seal(json) : collect(json);
  }

 private:
  Flags add(const Flags& flags, const char* name, const char* summary) {
    const Flags action = flags.verb(name, summary);
    add_store_option(action, store_);
    const Flags common = action.under("Common options");
    common.flag("--json", json_, "one JSON document on stdout");
    common.flag("--quiet,-q", Talk::quiet(), "no progress on stderr; what fails is said all the same");
    return action;
  }

  ExitCode verify(bool json) const {
    const fs::path store = store_;
    StoreAudit audit =
        audit_store(store, [&](const fs::path& folder, StoreAudit& found) { audit_checkpoints(store, folder, found); });
    const CacheAudit cache = audit_cache(store);
    for (const DamagedShard& shard : cache.damaged)
      audit.findings.push_back({"damaged", "cache", shard.file, shard.what});
    const uint64_t bytes = audit.bytes + cache.bytes;
    if (json) {
      Json findings = Json::array();
      for (const AuditFinding& found : audit.findings) {
        findings.push_back(
            {{"state", found.state}, {"where", found.where}, {"file", found.file}, {"what", found.what}});
      }
      print_json({{"store", store_},
                  {"sound", audit.sound()},
                  {"stages", audit.stages},
                  {"shards", cache.shards},
                  {"bytes", bytes},
                  {"moved", audit.moved},
                  {"cleaned", audit.cleaned},
                  {"findings", findings}});
    } else {
      for (const AuditFinding& found : audit.findings) {
        print_shown("{:<10} {}{}{}: {}\n", found.state, found.where, found.file.empty() ? "" : ", ", found.file,
                    found.what);
      }
    }
    if (!audit.moved.empty()) say(fmt::format("note: {} {}", store_, audit.moved));
    say(
        fmt::format("{} stages and {} shards of features, {}: {} damaged, {} missing, {} foreign, {} without digests, "
                    "{} unfinished",
                    audit.stages, cache.shards, megabytes(bytes), audit.count("damaged"), audit.count("missing"),
                    audit.count("foreign"), audit.count("unsealed"), audit.count("unfinished")));
    if (audit.cleaned > 0) say(fmt::format("{} files were removed by emfbench clean", audit.cleaned));
    if (!audit.sound()) say("what is damaged or missing is made anew by: emfbench run SUITE");
    return audit.sound() ? ExitCode::kGood : ExitCode::kClaimFailed;
  }

  ExitCode list(bool json) const {
    const StoreRoom room = measure_store(store_);
    const auto rows = [](const std::vector<RoomRow>& from, const char* count) {
      Json all = Json::array();
      for (const RoomRow& row : from) all.push_back({{"name", row.name}, {count, row.stages}, {"bytes", row.bytes}});
      return all;
    };
    if (json) {
      Json suites = rows(room.suites, "stages");
      for (size_t i = 0; i < room.suites.size(); ++i) suites[i]["alone"] = room.suites[i].alone;
      print_json({{"store", store_},
                  {"bytes", room.bytes},
                  {"kinds", rows(room.kinds, "stages")},
                  {"suites", suites},
                  {"folders", rows(room.folders, "files")}});
      return ExitCode::kGood;
    }
    constexpr const char* kLine = "{:<24} {:>7} {:>12}\n";
    print_shown(kLine, "kind", "stages", "");
    for (const RoomRow& row : room.kinds) print_shown(kLine, row.name, row.stages, megabytes(row.bytes));
    print_shown("\n{:<24} {:>7} {:>12} {:>16}\n", "suite", "stages", "", "no other suite's");
    for (const RoomRow& row : room.suites)
      print_shown("{:<24} {:>7} {:>12} {:>16}\n", row.name, row.stages, megabytes(row.bytes), megabytes(row.alone));
    print_shown("\n");
    print_shown(kLine, "folder", "files", "");
    for (const RoomRow& row : room.folders) print_shown(kLine, row.name, row.stages, megabytes(row.bytes));
    print_shown("\n");
    print_shown(kLine, "all", "", megabytes(room.bytes));
    return ExitCode::kGood;
  }

  ExitCode collect(bool json) const {
    const fs::path store = store_;
    const auto asked = [&](const LeftOver& one) {
      return std::find(remove_.begin(), remove_.end(), one.kind) != remove_.end();
    };
    Json rows = Json::array();
    std::map<std::string, std::pair<int64_t, uint64_t>> left;
    uint64_t removed_bytes = 0;
    for (const LeftOver& one : find_left_over(store)) {
      if (interrupted()) stop_interrupted();
      const bool removed = asked(one) && remove_left_over(one);
      const std::string path = one.path.lexically_relative(store).string();
      if (asked(one) && !removed) say(fmt::format("warning: {} is in use and stays", path));
      if (!json && !removed) print_shown("{:<10} {:>12}  {} ({})\n", one.kind, megabytes(one.bytes), path, one.why);
      rows.push_back(
          {{"kind", one.kind}, {"path", path}, {"bytes", one.bytes}, {"why", one.why}, {"removed", removed}});
      if (removed) removed_bytes += one.bytes;
      if (removed) continue;
      ++left[one.kind].first;
      left[one.kind].second += one.bytes;
    }
    if (json) print_json({{"store", store_}, {"left_over", rows}, {"removed_bytes", removed_bytes}});
    if (!remove_.empty()) say("removed " + megabytes(removed_bytes));
    for (const auto& [kind, sum] : left) say(fmt::format("{} {}, {}", sum.first, kind, megabytes(sum.second)));
    if (!left.empty() && remove_.empty()) {
      std::string kinds;
      for (const auto& [kind, sum] : left) kinds += (kinds.empty() ? "" : ",") + kind;
      say("to remove them: emfbench store gc --remove " + kinds);
    }
    if (rows.empty()) say("nothing is left over");
    return ExitCode::kGood;
  }

  ExitCode seal(bool json) const {
    const fs::path store = store_;
    std::vector<std::string> sealed, refused;
    const std::vector<fs::path> folders = stage_folders(store);
    Progress progress("seal stages", static_cast<int64_t>(folders.size()), "stages");
    int64_t looked_at = 0;
    for (const fs::path& folder : folders) {
      if (interrupted()) stop_interrupted();
      seal_stage(store, folder, sealed, refused);
      progress.update(++looked_at);
    }
    if (store_layout(store) < kStoreLayout) mark_layout(store);
    for (const std::string& name : refused)
      say(fmt::format("warning: {} left as it is: its files do not make up the stage that its name says", name));
    if (json) print_json({{"store", store_}, {"sealed", sealed}, {"refused", refused}});
    if (!json) print_shown("{} stages sealed as they are\n", sealed.size());
    return refused.empty() ? ExitCode::kGood : ExitCode::kSomeRunsFailed;
  }

  static void seal_stage(const fs::path& store, const fs::path& folder, std::vector<std::string>& sealed,
                         std::vector<std::string>& refused) {
    const Json spec = spec_of(folder);
    const RunFolder stage(store, folder.parent_path().filename().string(), spec);
    const bool here = !spec.is_null() && stage.hash() == folder.filename();
    if (here && stage.state() != StageState::kUnsealed) return;
    if (!here && !path_exists(folder / "DONE")) return;
    try {
      if (!here) fail_input("{} has another spec", stage_name(folder));
      stage.result();  // what is no JSON was not written so
      stage.provenance();
    } catch (const UserError&) {
      refused.push_back(stage_name(folder));
      return;
    }
    const StageLock lock(stage);
    if (stage.state() == StageState::kUnsealed) stage.seal();
    sealed.push_back(stage.name());
  }

  std::optional<Flags> verify_, list_, collect_, seal_;
  std::string store_;
  std::vector<std::string> remove_;
  bool json_ = false;
};

EMF_REGISTER(CommandRegistry, "store", "Check a store, see what takes room in it, clear up what is left over",
             std::make_unique<Store>);

}  // namespace
}  // namespace emf
