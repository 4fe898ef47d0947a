// emfbench compare A B: the same numbers of two suites' records side by side.
#include <fmt/format.h>

#include <map>

#include "harness/base/file.h"
#include "harness/command/command.h"
#include "harness/command/store_option.h"
#include "reports/report.h"

namespace emf {
namespace {

using Place =
    std::tuple<std::string, std::string, int64_t, int64_t, std::string>;  // encoder, objective, steps, seed, metric

std::map<Place, Json> rows_by_place(const Json& document) {
  std::map<Place, Json> rows;
  for (const Json& row : document.at("rows")) {
    rows[{row.at("encoder"), row.at("objective"), row.at("steps"), row.at("seed"), row.at("metric")}] = row;
  }
  return rows;
}

/// Instruments a record was made with: name -> sha256.
std::map<std::string, std::string> instruments_of(const std::filesystem::path& folder) {
  std::map<std::string, std::string> instruments;
  const Json record = read_json(folder / "result.json");
  for (const Json& row : record.value("instruments", Json::array())) instruments[row.at("name")] = row.at("sha256");
  return instruments;
}

Json prompts_of(const std::filesystem::path& folder) {
  return read_json(folder / "result.json").value("prompts", Json::array());
}

class Compare : public Command {
 public:
  void declare(CLI::App& app) override {
    app.add_option("a", a_, "a suite that ran: its name, or the folder of its record")->required();
    app.add_option("b", b_, "another")->required();
    app.add_option("--metric", metric_, "only this metric (default: geneval); \"all\" for every one")
        ->capture_default_str();
    add_store_option(app, store_);
  }

  ExitCode run(const CommonFlags& flags) override {
    const auto a = folder_of(a_), b = folder_of(b_);
    if (instruments_of(a) != instruments_of(b)) {
      fail_input(
          "{} and {} were judged with different instruments, so their scores do not compare; run one of them again", a_,
          b_);
    }
    if (prompts_of(a) != prompts_of(b))
      say(fmt::format("note: {} and {} judged different prompts; differences mix prompts and training", a_, b_));
    const auto left = rows_by_place(report_document(a)), right = rows_by_place(report_document(b));
    Json rows = Json::array();
    for (const auto& [place, row] : left) {
      const auto other = right.find(place);
      if (other == right.end() || (metric_ != "all" && std::get<4>(place) != metric_)) continue;
      if (!row.at("value").is_number() || !other->second.at("value").is_number()) continue;
      rows.push_back({{"encoder", row.at("encoder")},
                      {"objective", row.at("objective")},
                      {"steps", row.at("steps")},
                      {"seed", row.at("seed")},
                      {"metric", row.at("metric")},
                      {"a", row.at("value")},
                      {"b", other->second.at("value")},
                      {"a_ci95", row.at("ci95")},
                      {"b_ci95", other->second.at("ci95")}});
    }
    if (rows.empty()) fail_input("{} and {} have no row of metric '{}' in common", a_, b_, metric_);
    if (flags.json) {
      print_json({{"a", a_}, {"b", b_}, {"rows", rows}});
      return ExitCode::kGood;
    }
    fmt::print("{:<14}{:<15}{:>5}{:>5}  {:<16}{:>10}{:>10}{:>10}\n", "encoder", "objective", "steps", "seed", "metric",
               "a", "b", "b - a");
    for (const Json& row : rows) {
      const double from = row["a"], to = row["b"];
      fmt::print("{:<14}{:<15}{:>5}{:>5}  {:<16}{:>10.4f}{:>10.4f}{:>+10.4f}\n", row["encoder"].get<std::string>(),
                 row["objective"].get<std::string>(), row["steps"].get<int64_t>(), row["seed"].get<int64_t>(),
                 row["metric"].get<std::string>(), from, to, to - from);
    }
    return ExitCode::kGood;
  }

 private:
  std::filesystem::path folder_of(const std::string& word) const {
    if (std::filesystem::exists(std::filesystem::path(word) / "result.json")) return word;
    return newest_suite_folder(store_, word);
  }

  std::string a_, b_, store_, metric_ = "geneval";
};

EMF_REGISTER(CommandRegistry, "compare", "The same numbers of two suites side by side", std::make_unique<Compare>);

}  // namespace
}  // namespace emf
