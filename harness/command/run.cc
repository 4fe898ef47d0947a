// SPDX-License-Identifier: Apache-2.0
// emfbench run SUITE: the main job.
#include <fmt/format.h>

#include <thread>

#include "harness/base/file.h"
#include "harness/base/interrupt.h"
#include "harness/base/paths.h"
#include "harness/base/run_name.h"
#include "harness/base/terminal.h"
#include "harness/command/command.h"
#include "harness/command/store_option.h"
#include "harness/engine/store/layout.h"
#include "harness/engine/suite/suite_record.h"
#include "harness/instruments/instrument_suite.h"
#include "harness/tensor/instrument_file.h"
#include "harness/tensor/placement.h"
#include "reports/report.h"

namespace emf {
namespace {

const char* state_word(StageState state) {
  switch (state) {
    case StageState::kDone:
      return "done";
    case StageState::kFailed:
      return "failed before, runs again";
    case StageState::kBroken:
      return "interrupted, continues";
    case StageState::kUnsealed:
      return "has no digests, runs again";
    case StageState::kAbsent:
      break;
  }
  return "to do";
}

Json plan_rows(const std::vector<StagePointer>& stages) {
  Json rows = Json::array();
  for (const StagePointer& stage : stages) {
    rows.push_back({{"stage", stage->folder->kind()},
                    {"label", stage->label},
                    {"run", stage->hash()},
                    {"state", state_word(stage->folder->state())}});
  }
  return rows;
}

class Run : public Command {
 public:
  void declare(const Flags& flags) override {
    flags.option("suite", suite_, "a name from `emfbench list suites`, or a .toml file").required();
    flags.option("overrides", overrides_, "key=value, as in train.pictures=2000 encoders=llm,hash seeds=0..2");
    flags.option("--as", as_,
                 "name of this run, of its record and its report (default: the suite's, with what the command line "
                 "says otherwise: smoke[train.batch=8])");
    flags.option("--jobs", jobs_, "stages that run side by side, one core each (default: all cores)").between(1, 1024);
    flags
        .option("--damaged", damaged_,
                "what is done about stored stages that are not what was written: redo (moved aside and made anew) or "
                "stop")
        .one_of({"redo", "stop"})
        .shows_default();
    flags.flag("--dry-run", dry_run_, "say what would run, and stop");
    flags.flag("--install", install_, "run instruments: let the new instruments replace the shipped ones");
    add_store_option(flags, store_);
  }

  ExitCode run(const CommonFlags& flags) override {
    catch_interrupts();
    const Config config = load_suite_file(suite_, overrides_);
    if (is_instrument_suite(config)) return run_instruments(config, flags);
    if (install_)
      fail_input("{}: --install is for suites that train instruments (experiments/instruments.toml)", suite_);
    const SuiteGraph graph = planned(config);
    if (dry_run_) return print_stages(graph.spec.name, graph.stages, flags);
    require_encoders(graph);
    open_store(store_);  // a store that cannot be written is one line, not one a stage
    const int jobs = jobs_ > 0 ? jobs_ : static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
    say(fmt::format("{}: {} stages, {} side by side, store {}", graph.spec.name, graph.stages.size(), jobs, store_));
    std::vector<std::string> words = {"run", suite_};
    words.insert(words.end(), overrides_.begin(), overrides_.end());
    if (!as_.empty()) words.insert(words.end(), {"--as", as_});
    const std::string& name = graph.spec.name;
    const SuiteOutcome outcome = run_suite(graph, jobs, words, damage_policy(damaged_));
    const auto report = write_report(outcome.folder->path(), store_, std::filesystem::path(store_) / "reports" / name);
    const Json result = outcome.folder->result();
    say(fmt::format("{} stages run, {} found finished, {} failed", outcome.summary.finished, outcome.summary.skipped,
                    outcome.summary.failed.size()));
    if (!outcome.summary.damaged.empty())
      say(fmt::format("{} stages were damaged and made anew; the damaged ones lie in {}",
                      outcome.summary.damaged.size(), (std::filesystem::path(store_) / "aside").string()));
    for (const Json& claim : result.at("claims")) {
      say(fmt::format("  {}: {} ({})", claim.at("verdict").get<std::string>(), claim.at("name").get<std::string>(),
                      claim.value("detail", "")));
    }
    if (flags.json) {
      print_json({{"suite", graph.spec.name},
                  {"result", outcome.folder->file("result.json").string()},
                  {"report", report.string()},
                  {"failed", outcome.summary.failed},
                  {"damaged", outcome.summary.damaged},
                  {"claims", result.at("claims")}});
    } else {
      print_shown("report: {}\n", report.string());
    }
    return outcome.summary.failed.empty() ? ExitCode::kGood : ExitCode::kSomeRunsFailed;
  }

 private:
  SuiteGraph planned(const Config& config) const {
    const SlowWork planning("planning " + suite_);
    SuiteSpec spec = read_suite(config);
    if (!as_.empty()) require_run_name(as_);
    // What only says what would run needs no device.
    if (dry_run_) spec.placement = {};
    require_device(spec.placement, config.place("device"));
    spec.name = as_.empty() ? run_name(spec.name, overrides_) : as_;
    return build_suite_graph(spec, store_);
  }

  static ExitCode print_stages(const std::string& name, const std::vector<StagePointer>& stages,
                               const CommonFlags& flags) {
    const Json rows = plan_rows(stages);
    if (flags.json) {
      print_json({{"suite", name}, {"stages", rows}});
      return ExitCode::kGood;
    }
    for (const Json& row : rows) {
      print_shown("{:<28} {:<16} {}\n", row["state"].get<std::string>(), row["run"].get<std::string>(),
                  row["label"].get<std::string>());
    }
    return ExitCode::kGood;
  }

  /// Instruments are never replaced silently: they go beside the store's runs unless --install is given.
  ExitCode run_instruments(const Config& config, const CommonFlags& flags) const {
    if (dry_run_)
      return print_stages(config.values["suite"].value("name", "instruments"), instrument_stages(config, store_),
                          flags);
    const std::filesystem::path out = install_ ? instruments_folder() : std::filesystem::path(store_) / "instruments";
    const Json index = train_instruments(config, store_, out, damage_policy(damaged_));
    if (flags.json) {
      print_json(index);
    } else {
      for (const Json& row : index.at("instruments")) {
        print_shown("{:<16} {:>9} bytes  sha256 {}\n", row.at("name").get<std::string>(),
                    row.at("bytes").get<int64_t>(), row.at("sha256").get<std::string>());
      }
      print_shown("instruments: {}\n", out.string());
    }
    if (!install_) say("runs go on using the shipped instruments; the same command with --install replaces those");
    return ExitCode::kGood;
  }

  std::string suite_, store_, as_, damaged_ = "redo";
  std::vector<std::string> overrides_;
  int jobs_ = 0;
  bool dry_run_ = false, install_ = false;
};

EMF_REGISTER(CommandRegistry, "run", "Run a suite: train, sample, score, report; again to continue",
             std::make_unique<Run>);

}  // namespace
}  // namespace emf
