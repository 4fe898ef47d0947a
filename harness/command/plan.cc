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
#include "harness/command/stage_times.h"
#include "harness/command/store_option.h"
#include "harness/engine/suite/suite_graph.h"

namespace emf {
namespace {

/// What finished stages are asked about a stage of the graph.
StageSize size_of(const Stage& stage, const SuiteGraph& graph) {
  const auto train = std::find_if(stage.inputs.begin(), stage.inputs.end(),
                                  [](const StagePointer& input) { return input->folder->kind() == "train"; });
  const int64_t pictures = graph.judged ? static_cast<int64_t>(graph.judged->size()) : 0;
  return size_of_stage(stage.folder->kind(), stage.folder->spec(), pictures,
                       train == stage.inputs.end() ? Json() : (*train)->folder->spec());
}

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
    SuiteSpec spec = load_suite(suite_, overrides_);
    spec.name = run_name(spec.name, overrides_);
    const SuiteGraph graph = build_suite_graph(spec, store_);
    if (!texts_.empty()) say(fmt::format("{} texts -> {}", write_texts(graph), texts_));
    StageTimes times(store_);
    Json kinds = Json::object();
    double seconds = 0;
    std::map<std::string, double> left;  // seconds by kind
    std::set<std::string> unknown;       // kinds with a stage whose like this store never ran
    for (const StagePointer& stage : graph.stages) {
      const std::string& kind = stage->folder->kind();
      Json& row = kinds[kind];
      if (row.is_null()) row = {{"stages", 0}, {"finished", 0}, {"seconds_each", nullptr}};
      row["stages"] = row["stages"].get<int>() + 1;
      if (stage->folder->state() == StageState::kDone) {
        row["finished"] = row["finished"].get<int>() + 1;
        continue;
      }
      const auto own = times.seconds(size_of(*stage, graph));
      if (!own) unknown.insert(kind);
      left[kind] += own.value_or(0);
      seconds += own.value_or(0);
    }
    for (const auto& [kind, sum] : left) {
      Json& row = kinds[kind];
      if (unknown.count(kind) == 0) row["seconds_each"] = sum / (row["stages"].get<int>() - row["finished"].get<int>());
    }
    const bool guessed = unknown.empty();
    const Json answer = {{"suite", graph.spec.name},
                         {"stages", kinds},
                         {"rows", graph.rows.size()},
                         {"cells", graph.cells.size()},
                         {"training_pictures_a_row", graph.spec.only_probes() ? 0 : graph.spec.train.pictures},
                         {"cpu_seconds_left", guessed ? Json(seconds) : Json()}};
    if (flags.json) {
      print_json(answer);
      return ExitCode::kGood;
    }
    const std::string size = graph.spec.only_probes()
                                 ? fmt::format("{} probes, nothing is trained", graph.probes.size())
                                 : fmt::format("{} rows of {} pictures, {} cells", graph.rows.size(),
                                               graph.spec.train.pictures, graph.cells.size());
    print_shown("{}: {}\n\n{:<18}{:>8}{:>10}{:>14}\n", graph.spec.name, size, "stage", "stages", "finished", "s each");
    for (const auto& [kind, row] : kinds.items()) {
      print_shown("{:<18}{:>8}{:>10}{:>14}\n", kind, row["stages"].get<int>(), row["finished"].get<int>(),
                  row["seconds_each"].is_null() ? "-" : fmt::format("{:.1f}", row["seconds_each"].get<double>()));
    }
    if (guessed) {
      say(fmt::format("about {:.0f} core seconds left, as stages of this store took so far", seconds));
    } else {
      say(fmt::format("cannot say how long the rest takes: this store has finished no {} stage of the same work",
                      fmt::join(unknown, ", ")));
    }
    return ExitCode::kGood;
  }

 private:
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
