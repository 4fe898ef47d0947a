// emfbench status: what a store holds, suite by suite, and what was left unfinished.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "harness/base/bounded.h"
#include "harness/base/file.h"
#include "harness/base/manifest.h"
#include "harness/base/terminal.h"
#include "harness/command/command.h"
#include "harness/command/store_option.h"
#include "harness/engine/store/layout.h"
#include "reports/schema/validate.h"

namespace emf {
namespace {

namespace fs = std::filesystem;

/// DONE and FAILED are written last; a folder with neither was interrupted, or is being worked on.
std::string state_of(const fs::path& folder) {
  if (path_exists(folder / "DONE")) return "done";
  return path_exists(folder / "FAILED") ? "failed" : "unfinished";
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
      Json counts = {{"done", 0}, {"failed", 0}, {"unfinished", 0}, {"bytes", bytes_of(kind.path())}};
      for (const auto& folder : fs::directory_iterator(kind.path())) {
        if (!folder.is_directory()) continue;
        const std::string state = state_of(folder.path());
        counts[state] = counts[state].get<int>() + 1;
        unsealed += state == "done" && sealed_mark(folder.path()).empty() ? 1 : 0;
        if (kind.path().filename() == "suite") suites.push_back(suite_row(folder.path(), state));
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
    }
    constexpr const char* kStage = "{:<18} {:>6} {:>7} {:>11} {:>10}\n";
    print_shown("\n");
    print_shown(kStage, "stages", "done", "failed", "unfinished", "MB");
    for (const auto& [kind, counts] : stages.items()) {
      print_shown(kStage, kind, counts["done"].get<int>(), counts["failed"].get<int>(), counts["unfinished"].get<int>(),
                  fmt::format("{:.1f}", static_cast<double>(counts["bytes"].get<uint64_t>()) / 1e6));
    }
  }

  std::string store_;
};

EMF_REGISTER(CommandRegistry, "status", "What a store holds: suites, stages, what is unfinished",
             std::make_unique<Status>);

}  // namespace
}  // namespace emf
