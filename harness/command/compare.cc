// emfbench compare A B: the same numbers of two suites' records side by side.
#include <fmt/format.h>

#include <filesystem>
#include <map>
#include <tuple>

#include "harness/base/bounded.h"
#include "harness/base/terminal.h"
#include "harness/command/command.h"
#include "harness/command/store_option.h"
#include "harness/command/suite_word.h"
#include "probes/metrics/feature_pair.h"
#include "reports/record/encoder_key.h"
#include "reports/record/names.h"
#include "reports/record/record.h"
#include "reports/report.h"

namespace emf {
namespace {

/// What must be equal of two rows for their values to be set side by side.
/// Encoder, objective, steps, the checkpoint's pictures (0: the finished row), seed, metric.
using Place = std::tuple<std::string, std::string, int64_t, int64_t, int64_t, std::string>;

std::map<Place, Json> rows_by_place(const SectionInput& record) {
  std::map<Place, Json> rows;
  for (const Json& row : report_rows(record)) {
    const int64_t checkpoint = is_checkpoint(row) ? row.at("checkpoint").get<int64_t>() : 0;
    rows[{row.at("encoder"), row.at("objective"), row.at("steps"), checkpoint, row.at("seed"), row.at("metric")}] = row;
  }
  return rows;
}

/// Instruments a record was made with: name -> sha256.
std::map<std::string, std::string> instruments_of(const Json& result) {
  std::map<std::string, std::string> instruments;
  for (const Json& row : result.value("instruments", Json::array())) instruments[row.at("name")] = row.at("sha256");
  return instruments;
}

/// What a metric's values were made by: its plugin and, of features, the network that gave them. The network's identity
/// says more than its name, which may hold the path of a file; the name counts where there is no identity.
Json origin_of(const Json& metric) {
  Json origin = {{"metric", metric.value("metric", "")}};
  for (const char* key : {"identity", "backbone"}) {
    if (!metric.contains(key)) continue;
    origin[key] = metric.at(key);
    break;
  }
  return origin;
}

/// Numbers that two networks gave are no two measurements of one thing, however alike their names are.
/// @throws UserError  the records say that the metric's values come from different plugins or networks.
void require_equal_origin(const std::string& metric, const SectionInput& a, const SectionInput& b) {
  const std::string base = metric_base(metric);
  const Json ours = a.result.value("metrics", Json::object()), others = b.result.value("metrics", Json::object());
  // Older records do not say; they are taken at the metric's name.
  if (!ours.contains(base) || !others.contains(base)) return;
  const Json left = origin_of(ours.at(base)), right = origin_of(others.at(base));
  if (left == right) return;
  fail_input(
      "metric '{}' is not the same in both records ({}), so its values do not compare; name another with --metric",
      base, first_difference(left, right));
}

/// "1", or "1@256" of a checkpoint after 256 pictures.
std::string steps_of(const Json& row) {
  const std::string steps = std::to_string(row.at("steps").get<int64_t>());
  return is_checkpoint(row) ? fmt::format("{}@{}", steps, row.at("checkpoint").get<int64_t>()) : steps;
}

class Compare : public Command {
 public:
  void declare(CLI::App& app) override {
    app.add_option("a", a_, "a suite that ran: its name, its .toml file, or the folder of its record")->required();
    app.add_option("b", b_, "another")->required();
    app.add_option("--metric", metric_, "only this metric (default: the records' main metric); \"all\" for every one");
    add_store_option(app, store_);
  }

  ExitCode run(const CommonFlags& flags) override {
    const SectionInput a = record_of(a_), b = record_of(b_);
    if (instruments_of(a.result) != instruments_of(b.result)) {
      fail_input(
          "{} and {} were judged with different instruments, so their scores do not compare; run one of them again", a_,
          b_);
    }
    if (a.result.at("prompts") != b.result.at("prompts"))
      say(fmt::format("note: {} and {} judged different prompts; differences mix prompts and training", a_, b_));
    const std::string metric = metric_.empty() ? main_metric_of(a, b) : metric_;
    const auto left = rows_by_place(a), right = rows_by_place(b);
    Json rows = Json::array();
    for (const auto& [place, row] : left) {
      const auto other = right.find(place);
      if (other == right.end() || (metric != "all" && row.at("metric") != metric)) continue;
      if (!row.at("value").is_number() || !other->second.at("value").is_number()) continue;
      require_equal_origin(row.at("metric"), a, b);
      Json side_by_side = {
          {"encoder", row.at("encoder")},   {"objective", row.at("objective")}, {"steps", row.at("steps")},
          {"seed", row.at("seed")},         {"metric", row.at("metric")},       {"a", row.at("value")},
          {"b", other->second.at("value")}, {"a_ci95", row.at("ci95")},         {"b_ci95", other->second.at("ci95")}};
      if (is_checkpoint(row)) side_by_side["checkpoint"] = row.at("checkpoint");
      rows.push_back(std::move(side_by_side));
    }
    if (rows.empty()) fail_input("{} and {} have no row of metric '{}' in common", a_, b_, metric);
    if (flags.json) {
      print_json({{"a", a_}, {"b", b_}, {"rows", rows}});
      return ExitCode::kGood;
    }
    constexpr const char* kLine = "{:<14} {:<15} {:>9} {:>5}  {:<16} {:>10} {:>10} {:>10}\n";
    print_shown(kLine, "encoder", "objective", "steps", "seed", "metric", "a", "b", "b - a");
    for (const Json& row : rows) {
      const double from = row["a"], to = row["b"];
      print_shown(kLine, row["encoder"].get<std::string>(), row["objective"].get<std::string>(), steps_of(row),
                  row["seed"].get<int64_t>(), row["metric"].get<std::string>(), fmt::format("{:.4f}", from),
                  fmt::format("{:.4f}", to), fmt::format("{:+.4f}", to - from));
    }
    return ExitCode::kGood;
  }

 private:
  SectionInput record_of(const std::string& word) const {
    const bool folder = path_exists(std::filesystem::path(word) / "result.json");
    return read_record(folder ? std::filesystem::path(word) : newest_suite_folder(store_, recorded_name(word)), store_);
  }

  /// @throws UserError  the records are ordered by different metrics.
  std::string main_metric_of(const SectionInput& a, const SectionInput& b) const {
    const std::string ours = Names(a.result).main_metric(), others = Names(b.result).main_metric();
    if (ours != others) {
      fail_input("the main metric of {} is '{}', that of {} '{}'; say which to compare with --metric", a_, ours, b_,
                 others);
    }
    return ours;
  }

  std::string a_, b_, store_, metric_;
};

EMF_REGISTER(CommandRegistry, "compare", "The same numbers of two suites side by side", std::make_unique<Compare>);

}  // namespace
}  // namespace emf
