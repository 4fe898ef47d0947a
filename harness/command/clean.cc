// SPDX-License-Identifier: Apache-2.0
// emfbench clean: what no finished record needs, shown and, with --yes, removed.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

#include "harness/base/error.h"
#include "harness/base/interrupt.h"
#include "harness/base/near_name.h"
#include "harness/base/terminal.h"
#include "harness/command/command.h"
#include "harness/command/store_option.h"
#include "harness/engine/store/store_clean.h"

namespace emf {
namespace {

/// What there is of one kind.
struct Sum {
  int64_t count = 0;
  uint64_t bytes = 0;
};

std::string megabytes(uint64_t bytes) { return fmt::format("{:.1f} MB", static_cast<double>(bytes) / 1e6); }

class Clean : public Command {
 public:
  void declare(const Flags& flags) override {
    std::vector<std::string> names;
    for (const CleanKind& kind : clean_kinds()) names.push_back(kind.name);
    flags
        .option("--only", only_,
                fmt::format("only these kinds, several with commas: {}; weights, which sample reads, go only when "
                            "named here",
                            fmt::join(names, ", ")))
        .separated_by(',');
    flags.flag("--yes", yes_, "remove it; without, what would go is shown and nothing is removed");
    add_store_option(flags, store_);
    flags.footer(
        "report, verify, export and compare of a finished run need none of it. Files are removed, records, scores, "
        "curves and the report's pictures stay; what an interrupted run has still to read stays too.");
  }

  ExitCode run(const CommonFlags& flags) override {
    catch_interrupts();
    for (const std::string& word : only_) require_kind(word);
    std::map<std::string, Sum> there, removed;
    Json files = Json::array();
    for (const LeftOver& one : find_cleanable(store_)) {
      if (!wanted(one.kind)) continue;
      if (interrupted()) stop_interrupted();
      const std::string path = one.path.lexically_relative(store_).string();
      const bool gone = yes_ && clean(one);
      if (yes_ && !gone) say(fmt::format("warning: {} is in use and stays", path));
      for (Sum* sum : {&there[one.kind], gone ? &removed[one.kind] : nullptr}) {
        if (sum == nullptr) continue;
        ++sum->count;
        sum->bytes += one.bytes;
      }
      files.push_back({{"kind", one.kind}, {"path", path}, {"bytes", one.bytes}, {"removed", gone}});
    }
    print(there, removed, files, flags);
    return ExitCode::kGood;
  }

 private:
  static void require_kind(const std::string& word) {
    std::vector<std::string> names;
    for (const CleanKind& kind : clean_kinds()) names.push_back(kind.name);
    if (std::find(names.begin(), names.end(), word) == names.end())
      fail_input("--only: no kind '{}'{}", word, suggestion(word, names));
  }

  bool wanted(const std::string& kind) const {
    if (!only_.empty()) return std::find(only_.begin(), only_.end(), kind) != only_.end();
    return std::none_of(clean_kinds().begin(), clean_kinds().end(),
                        [&](const CleanKind& one) { return one.name == kind && one.asked; });
  }

  void print(const std::map<std::string, Sum>& there, const std::map<std::string, Sum>& removed, const Json& files,
             const CommonFlags& flags) const {
    Json rows = Json::array();
    uint64_t all = 0, gone = 0;
    for (const CleanKind& kind : clean_kinds()) {
      const auto found = there.find(kind.name);
      if (found == there.end()) continue;
      const auto [count, bytes] = found->second;
      all += bytes;
      const auto went = removed.find(kind.name);
      gone += went == removed.end() ? 0 : went->second.bytes;
      rows.push_back(
          {{"kind", kind.name}, {"count", count}, {"bytes", bytes}, {"what", kind.what}, {"again", kind.again}});
      if (flags.json) continue;
      print_shown("{:<12} {:>6} {:>12}  {}\n{:>34}{}\n", kind.name, count, megabytes(bytes), kind.what, "", kind.again);
    }
    if (flags.json) {
      print_json({{"store", store_}, {"kinds", rows}, {"files", files}, {"bytes", all}, {"removed_bytes", gone}});
    }
    if (rows.empty()) {
      say(only_.empty() ? "nothing to clean: all that is here, some finished record or an interrupted run needs"
                        : "nothing of these kinds is here");
    } else if (yes_) {
      say("removed " + megabytes(gone));
    } else {
      say(fmt::format("{} in all, and nothing was removed; to remove it: emfbench clean {}--yes", megabytes(all),
                      only_.empty() ? "" : fmt::format("--only {} ", fmt::join(only_, ","))));
    }
  }

  std::string store_;
  std::vector<std::string> only_;
  bool yes_ = false;
};

EMF_REGISTER(CommandRegistry, "clean", "What no finished run needs any more, with its size; removed with --yes",
             std::make_unique<Clean>);

}  // namespace
}  // namespace emf
