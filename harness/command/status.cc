// SPDX-License-Identifier: Apache-2.0
// emfbench status: what a store holds, suite by suite, and what is running and what was stopped.
#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <map>

#include "harness/base/bounded.h"
#include "harness/base/file.h"
#include "harness/base/manifest.h"
#include "harness/base/terminal.h"
#include "harness/command/command.h"
#include "harness/command/store_option.h"
#include "harness/engine/store/layout.h"
#include "harness/engine/store/pace.h"
#include "reports/schema/validate.h"

namespace emf {
namespace {

namespace fs = std::filesystem;

/// DONE and FAILED are written last; of a folder with neither the kernel knows whether somebody works on it. A record
/// that is gathered again is at work, too, whatever mark it had.
std::string state_of(const fs::path& folder, bool is_record) {
  const bool done = path_exists(folder / "DONE");
  if ((is_record || !done) && is_worked_on(folder)) return "running";
  if (done) return "done";
  return path_exists(folder / "FAILED") ? "failed" : "stopped";
}

/// What a run that is at work, or was stopped, last told: {"stages", "done", "seconds_left", "at", ...}; null where it
/// told nothing that can be read.
Json told_by(const fs::path& folder) {
  if (!path_exists(folder / kToldFile)) return nullptr;
  try {
    Json told = read_json(folder / kToldFile);
    for (const char* key : {"stages", "done", "failed", "at_work", "seconds_left", "at"}) {
      if (!told.at(key).is_number()) return nullptr;
    }
    return told.at("some_unknown").is_boolean() ? told : Json();
  } catch (const std::exception&) {  // half of it, or another program's
    return nullptr;
  }
}

/// "34/143 stages, 9 min left, said 4 s ago".
std::string told_words(const Json& told, bool running) {
  PaceNow now;
  now.stages = told["stages"].get<int64_t>();
  now.done = told["done"].get<int64_t>();
  now.failed = told["failed"].get<int64_t>();
  now.seconds_left = told["seconds_left"].get<double>();
  now.some_unknown = told["some_unknown"].get<bool>();
  if (!running) return fmt::format("{} of {} stages were done", now.done, now.stages);
  return fmt::format("{}, said {} ago", now.words(),
                     time_words(std::max(0.0, static_cast<double>(std::time(nullptr) - told["at"].get<int64_t>()))));
}

uint64_t bytes_of(const fs::path& folder) {
  uint64_t bytes = 0;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) bytes += entry.file_size();
  }
  return bytes;
}

class Status : public Command {
 public:
  void declare(const Flags& flags) override { add_store_option(flags, store_); }

  ExitCode run(const CommonFlags& flags) override {
    const fs::path runs = fs::path(store_) / "runs";
    if (!is_folder(runs)) fail_missing("no results in {}; run a suite first: emfbench run quick", store_);
    Json stages = Json::object(), suites = Json::array();
    int64_t unsealed = 0;
    for (const auto& kind : fs::directory_iterator(runs)) {
      if (!kind.is_directory()) continue;
      const bool records = kind.path().filename() == "suite";
      Json counts = {{"done", 0}, {"failed", 0}, {"running", 0}, {"stopped", 0}, {"bytes", bytes_of(kind.path())}};
      for (const auto& folder : fs::directory_iterator(kind.path())) {
        if (!folder.is_directory()) continue;
        const std::string state = state_of(folder.path(), records);
        counts[state] = counts[state].get<int>() + 1;
        unsealed += state == "done" && sealed_mark(folder.path()).empty() ? 1 : 0;
        if (records) suites.push_back(suite_row(folder.path(), state));
      }
      stages[kind.path().filename().string()] = counts;
    }
    std::sort(suites.begin(), suites.end(), [](const Json& a, const Json& b) { return age_of(a) < age_of(b); });
    if (const std::string notice = older_layout_notice(store_); !notice.empty()) say(notice);
    if (unsealed > 0) {
      say(
          fmt::format("note: {} finished stages and records carry no digests (older layout) and run again; `emfbench "
                      "store seal` takes them as they are",
                      unsealed));
    }
    if (flags.json) {
      print_json({{"store", store_}, {"suites", suites}, {"stages", stages}});
    } else {
      print(suites, stages);
    }
    return ExitCode::kGood;
  }

 private:
  /// As reports order records: by their number in the store first.
  static std::pair<int64_t, std::string> age_of(const Json& row) { return {row.at("sequence"), row.at("finished")}; }

  static Json suite_row(const fs::path& folder, const std::string& state) {
    Json row = {{"record", folder.filename().string()},
                {"state", state},
                {"suite", "?"},
                {"finished", ""},
                {"sequence", 0},
                {"claims", Json::object()}};
    const fs::path result = folder / "result.json", provenance = folder / "provenance.json";
    if (const std::string mark = sealed_mark(folder); !mark.empty()) {
      const FolderCheck check = check_folder(folder, mark, {{"kind", "suite"}, {"hash", folder.filename().string()}});
      if (!check.damage.empty()) {
        say("warning: " + describe_damage("suite/" + folder.filename().string(), check.damage.front()));
        row["state"] = "damaged";
        return row;
      }
    }
    if (state == "running" || state == "stopped") row["progress"] = told_by(folder);
    if (path_exists(folder / "spec.json")) row["suite"] = text_under(read_json(folder / "spec.json"), "suite", "?");
    if (path_exists(provenance)) {
      const Json told = read_json(provenance);
      row["finished"] = text_under(told, "finished");
      row["sequence"] = whole_number_under(told, "sequence");
    }
    if (!path_exists(result)) return row;
    const Json record = read_json(result);
    // A record of another shape is named, and does not hide what else the store holds.
    try {
      validate_result(record);
    } catch (const UserError& error) {
      say(fmt::format("{}: {}", result.string(), error.what()));
      row["state"] = "unreadable";
      return row;
    }
    for (const Json& claim : record.value("claims", Json::array())) {
      const std::string verdict = claim.at("verdict");
      row["claims"][verdict] = row["claims"].value(verdict, 0) + 1;
    }
    return row;
  }

  void print(const Json& suites, const Json& stages) const {
    constexpr const char* kSuite = "{:<22} {:<11} {:<21} {:<17} {}\n";
    print_shown(kSuite, "suite", "state", "finished", "record", "claims");
    for (const Json& row : suites) {
      std::string claims;
      for (const auto& [verdict, count] : row["claims"].items())
        claims += fmt::format("{} {}  ", count.get<int>(), verdict);
      print_shown(kSuite, row["suite"].get<std::string>(), row["state"].get<std::string>(),
                  row["finished"].get<std::string>(), row["record"].get<std::string>(), claims);
      if (const Json told = row.value("progress", Json()); told.is_object())
        print_shown("  {}\n", told_words(told, row["state"] == "running"));
    }
    constexpr const char* kStage = "{:<18} {:>6} {:>7} {:>8} {:>8} {:>10}\n";
    print_shown("\n");
    print_shown(kStage, "stages", "done", "failed", "running", "stopped", "MB");
    for (const auto& [kind, counts] : stages.items()) {
      print_shown(kStage, kind, counts["done"].get<int>(), counts["failed"].get<int>(), counts["running"].get<int>(),
                  counts["stopped"].get<int>(),
                  fmt::format("{:.1f}", static_cast<double>(counts["bytes"].get<uint64_t>()) / 1e6));
    }
  }

  std::string store_;
};

EMF_REGISTER(CommandRegistry, "status", "What a store holds: suites, stages, what is running",
             std::make_unique<Status>);

}  // namespace
}  // namespace emf
