// emfbench plan SUITE: what a run would do, what is there already, and about how long the rest takes.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "harness/base/file.h"
#include "harness/command/command.h"
#include "harness/command/store_option.h"
#include "harness/engine/suite/suite_graph.h"

namespace emf {
namespace {

/// Mean seconds of the stages a store has finished, by kind.
class Experience {
 public:
  explicit Experience(const std::filesystem::path& store) : store_(store) {}

  /// @return  seconds of one core of a stage of this kind, or nothing when the store never ran one.
  std::optional<double> seconds(const std::string& kind) {
    const auto [known, fresh] = means_.try_emplace(kind);
    if (!fresh) return known->second;
    double sum = 0;
    int count = 0;
    std::error_code absent;
    for (const auto& folder : std::filesystem::directory_iterator(store_ / "runs" / kind, absent)) {
      const auto file = folder.path() / "provenance.json";
      if (!std::filesystem::exists(folder.path() / "DONE") || !std::filesystem::exists(file)) continue;
      sum += read_json(file).value("seconds", 0.0);
      ++count;
    }
    if (count > 0) known->second = sum / count;
    return known->second;
  }

 private:
  std::filesystem::path store_;
  std::map<std::string, std::optional<double>> means_;
};

class Plan : public Command {
 public:
  void declare(CLI::App& app) override {
    app.add_option("suite", suite_, "a name from `emfbench list suites`, or a .toml file")->required();
    app.add_option("overrides", overrides_, "key=value, as for run");
    add_store_option(app, store_);
  }

  ExitCode run(const CommonFlags& flags) override {
    const SuiteGraph graph = build_suite_graph(load_suite(suite_, overrides_), store_);
    Experience experience(store_);
    Json kinds = Json::object();
    double seconds = 0;
    bool guessed = true;
    for (const StagePointer& stage : graph.stages) {
      const std::string& kind = stage->folder->kind();
      Json& row = kinds[kind];
      if (row.is_null()) row = {{"stages", 0}, {"finished", 0}, {"seconds_each", nullptr}};
      row["stages"] = row["stages"].get<int>() + 1;
      if (stage->folder->state() == StageState::kDone) {
        row["finished"] = row["finished"].get<int>() + 1;
        continue;
      }
      const auto each = experience.seconds(kind);
      if (each) row["seconds_each"] = *each;
      guessed = guessed && each.has_value();
      seconds += each.value_or(0);
    }
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
    fmt::print("{}: {}\n\n{:<18}{:>8}{:>10}{:>14}\n", graph.spec.name, size, "stage", "stages", "finished", "s each");
    for (const auto& [kind, row] : kinds.items()) {
      fmt::print("{:<18}{:>8}{:>10}{:>14}\n", kind, row["stages"].get<int>(), row["finished"].get<int>(),
                 row["seconds_each"].is_null() ? "-" : fmt::format("{:.1f}", row["seconds_each"].get<double>()));
    }
    if (guessed) {
      say(fmt::format("about {:.0f} core seconds left, as stages of this store took so far", seconds));
    } else {
      say("this store has not run every kind of stage yet, so it cannot say how long they take");
    }
    return ExitCode::kGood;
  }

 private:
  std::string suite_, store_;
  std::vector<std::string> overrides_;
};

EMF_REGISTER(CommandRegistry, "plan", "What a run of a suite would do, and what is there already",
             std::make_unique<Plan>);

}  // namespace
}  // namespace emf
