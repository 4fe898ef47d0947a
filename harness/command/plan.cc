// SPDX-License-Identifier: Apache-2.0
// emfbench plan SUITE: what a run would do, what is there already, and about how long the rest takes.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>

#include "harness/base/file.h"
#include "harness/base/run_name.h"
#include "harness/base/terminal.h"
#include "harness/command/command.h"
#include "harness/command/store_option.h"
#include "harness/engine/store/stage_times.h"
#include "harness/engine/suite/suite_graph.h"
#include "harness/instruments/instrument_suite.h"

namespace emf {
namespace {

class Plan : public Command {
 public:
  void declare(const Flags& flags) override {
    flags.option("suite", suite_, "a name from `emfbench list suites`, or a .toml file").required();
    flags.option("overrides", overrides_, "key=value, as for run");
    flags.option("--texts", texts_,
                 "write every text that the suite's rows encode into a .jsonl: captions of training, then judged "
                 "prompts (of probes, those that read training's captions are among them)");
    add_store_option(flags, store_);
  }

  ExitCode run(const CommonFlags& flags) override {
    std::optional<SlowWork> planning(std::in_place, "planning " + suite_);
    const Config config = load_suite_file(suite_, overrides_);
    Foreseen plan;
    if (is_instrument_suite(config)) {
      if (!texts_.empty()) fail_input("{} trains instruments, which read no texts", suite_);
      plan = of_stages(instrument_stages(config, store_), 0);
      plan.head["suite"] = run_name(config.values["suite"].value("name", "instruments"), overrides_);
      plan.size = "an autoencoder and a detector";
    } else {
      plan = of_suite(config);
    }
    planning.reset();
    if (flags.json) {
      Json answer = plan.head;
      answer["stages"] = plan.kinds;
      answer["cpu_seconds_left"] = plan.unknown.empty() ? Json(plan.seconds) : Json();
      print_json(answer);
    } else {
      print(plan);
    }
    return ExitCode::kGood;
  }

 private:
  /// What there is to do.
  struct Foreseen {
    Json head = Json::object(), kinds = Json::object();
    std::string size;  ///< of the suite, in words
    int64_t stages = 0, finished = 0;
    double seconds = 0;             ///< of one core, that are left
    std::set<std::string> unknown;  ///< kinds with a stage whose like this store never ran
    std::string trial;              ///< words of a run whose stages tell how long these take; "" = none
  };

  Foreseen of_suite(const Config& config) const {
    SuiteSpec spec = read_suite(config);
    spec.placement = {};  // nothing is computed, so a suite is planned where its device is not
    spec.name = run_name(spec.name, overrides_);
    const SuiteGraph graph = build_suite_graph(spec, store_);
    if (!texts_.empty()) say(fmt::format("{} texts -> {}", write_texts(graph), texts_));
    Foreseen plan = of_stages(graph.stages, graph.judged ? static_cast<int64_t>(graph.judged->size()) : 0);
    const int64_t pictures = spec.only_probes() ? 0 : graph.spec.train.pictures;
    constexpr int64_t kTrialSteps = 20;
    if (const int64_t trial = kTrialSteps * graph.spec.train.batch; trial < pictures) plan.trial = trial_run(trial);
    plan.head = {{"suite", graph.spec.name},
                 {"rows", graph.rows.size()},
                 {"cells", graph.cells.size()},
                 {"training_pictures_a_row", pictures}};
    plan.size = spec.only_probes()
                    ? fmt::format("{} probes, nothing is trained", graph.probes.size())
                    : fmt::format("{} rows of {} pictures, {} cells", graph.rows.size(), pictures, graph.cells.size());
    return plan;
  }

  /// @param pictures  that `sample` stages paint.
  Foreseen of_stages(const std::vector<StagePointer>& stages, int64_t pictures) const {
    Foreseen plan;
    StageTimes times(store_);
    std::map<std::string, double> left;  // seconds by kind
    for (const StagePointer& stage : stages) {
      const std::string& kind = stage->folder->kind();
      Json& row = plan.kinds[kind];
      if (row.is_null()) row = {{"stages", 0}, {"finished", 0}, {"seconds_each", nullptr}};
      row["stages"] = row["stages"].get<int>() + 1;
      ++plan.stages;
      if (stage->done()) {
        row["finished"] = row["finished"].get<int>() + 1;
        ++plan.finished;
        continue;
      }
      const auto own = times.seconds(size_of_stage(*stage, pictures));
      if (!own) plan.unknown.insert(kind);
      left[kind] += own.value_or(0);
      plan.seconds += own.value_or(0);
    }
    for (const auto& [kind, sum] : left) {
      Json& row = plan.kinds[kind];
      if (plan.unknown.count(kind) == 0)
        row["seconds_each"] = sum / (row["stages"].get<int>() - row["finished"].get<int>());
    }
    return plan;
  }

  /// The same suite with little training.
  std::string trial_run(int64_t pictures) const {
    std::string words = suite_;
    for (const std::string& word : overrides_) {
      if (!word.starts_with("train.pictures=") && !word.starts_with("train.steps=")) words += " '" + word + "'";
    }
    return words + fmt::format(" train.pictures={}", pictures);
  }

  static void print(const Foreseen& plan) {
    print_shown("{}: {}\n\n{:<18}{:>8}{:>10}{:>14}\n", plan.head["suite"].get<std::string>(), plan.size, "stage",
                "stages", "finished", "s each");
    for (const auto& [kind, row] : plan.kinds.items()) {
      print_shown("{:<18}{:>8}{:>10}{:>14}\n", kind, row["stages"].get<int>(), row["finished"].get<int>(),
                  row["seconds_each"].is_null() ? "-" : fmt::format("{:.1f}", row["seconds_each"].get<double>()));
    }
    if (plan.finished == plan.stages) {
      say(fmt::format("all {} stages are finished", plan.stages));
    } else if (plan.unknown.empty()) {
      say(fmt::format("about {} of one core left, as stages of this store took so far", time_words(plan.seconds)));
    } else {
      say(fmt::format("cannot say how long the rest takes: this store has finished no {} stage of the same work{}",
                      fmt::join(plan.unknown, ", "),
                      plan.trial.empty() ? "" : "; a small run tells: emfbench run " + plan.trial));
    }
  }

  /// @return  how many.
  size_t write_texts(const SuiteGraph& graph) const {
    if (std::filesystem::path(texts_).extension() != ".jsonl") fail_input("{}: texts are written as .jsonl", texts_);
    std::vector<Json> lines;
    std::set<std::string> seen;
    const auto add = [&](const std::string& text) {
      if (seen.insert(text).second) lines.push_back({{"text", text}});
    };
    if (graph.spec.only_probes()) fail_input("{} trains nothing, and probes say their texts themselves", suite_);
    for (int64_t i = 0; i < graph.captions->index().size(); ++i) add(graph.captions->caption(i).text);
    for (const Prompt& prompt : graph.judged->prompts) add(prompt.text);
    write_atomically(texts_, json_lines(lines));
    return lines.size();
  }

  std::string suite_, store_, texts_;
  std::vector<std::string> overrides_;
};

EMF_REGISTER(CommandRegistry, "plan", "What a run of a suite would do, and what is there already",
             std::make_unique<Plan>);

}  // namespace
}  // namespace emf
