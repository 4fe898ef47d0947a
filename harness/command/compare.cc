// SPDX-License-Identifier: Apache-2.0
// emfbench compare A B: two runs, or two files of judged pictures, side by side, paired by prompt.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <filesystem>
#include <map>
#include <tuple>

#include "harness/base/bounded.h"
#include "harness/base/file.h"
#include "harness/base/terminal.h"
#include "harness/command/command.h"
#include "harness/command/compared_pictures.h"
#include "harness/command/paired_scores.h"
#include "harness/command/store_option.h"
#include "harness/command/suite_word.h"
#include "probes/metrics/feature_pair.h"
#include "reports/record/encoder_key.h"
#include "reports/record/format.h"
#include "reports/record/names.h"
#include "reports/record/record.h"
#include "reports/report.h"
#include "reports/writers/page.h"

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

/// "a/b/1/0" as paired scores call a row.
std::string paired_name(const Json& row) {
  std::string name =
      fmt::format("{}/{}/{}/{}", row.at("encoder").get<std::string>(), row.at("objective").get<std::string>(),
                  row.at("steps").get<int64_t>(), row.at("seed").get<int64_t>());
  return is_checkpoint(row) ? name + fmt::format("@{}", row.at("checkpoint").get<int64_t>()) : name;
}

/// "[+0.020, +0.110] *": with an asterisk where the corrected p says that it is no chance.
std::string interval_words(const Json& row) {
  if (!row.contains("ci95") || row.at("ci95").is_null()) return "";
  return fmt::format("[{:+.3f}, {:+.3f}]{}", row["ci95"][0].get<double>(), row["ci95"][1].get<double>(),
                     row.at("p_holm").get<double>() < 0.05 ? " *" : "");
}

void print_changed(const Json& changed) {
  if (changed.empty()) {
    print_shown("the two configurations are equal\n\n");
    return;
  }
  print_shown("what differs in the two configurations:\n");
  for (const Json& key : changed)
    print_shown("  {:<32} {} -> {}\n", key.at("key").get<std::string>(), key.at("a").dump(), key.at("b").dump());
  print_shown("\n");
}

class Compare : public Command {
 public:
  void declare(const Flags& flags) override {
    flags
        .option("a", a_,
                "what ran: a suite's or a run's name, a .toml file, or a folder with a result.json; or a .jsonl of "
                "judged pictures (GenEval's results.jsonl, or judge outputs)")
        .required();
    flags.option("b", b_, "another of the same kind").required();
    flags.option("--metric", metric_,
                 "of suites: only this metric (default: the records' main metric); \"all\" for every one");
    flags.option("--html", html_, "write a page of the comparison with both pictures side by side, one file");
    flags
        .option("--pictures", pictures_,
                "with --html, of .jsonl files: the folders that the pictures they name lie in, of a and of b: DIR,DIR "
                "(default: where the files say)")
        .separated_by(',');
    add_store_option(flags, store_);
  }

  ExitCode run(const CommonFlags& flags) override {
    if (!html_.empty()) require_writable(html_);
    const bool a_file = a_.ends_with(".jsonl"), b_file = b_.ends_with(".jsonl");
    if (a_file != b_file) fail_input("{} and {} are of two kinds; name two runs, or two .jsonl files", a_, b_);
    require_fitting_pictures(a_file);
    return a_file ? compare_files(flags) : compare_records(flags);
  }

 private:
  void require_fitting_pictures(bool files) const {
    if (pictures_.empty()) return;
    if (html_.empty()) fail_input("--pictures are for the page; name it with --html");
    if (!files) fail_input("--pictures is for .jsonl files; runs have their pictures in their store (--store)");
    if (pictures_.size() != 2) fail_input("--pictures takes two folders, of {} and of {}: DIR,DIR", a_, b_);
    for (const std::string& folder : pictures_)
      if (!is_folder(folder)) fail_missing("--pictures: there is no folder {}", folder);
  }

  ExitCode compare_files(const CommonFlags& flags) const {
    std::error_code absent;
    if (!metric_.empty()) fail_input("--metric says something only of suites, and {} is a file of pictures", a_);
    if (std::filesystem::equivalent(a_, b_, absent)) fail_input("{} and {} are one file; name two", a_, b_);
    const JudgedFile a = read_judged_file(a_), b = read_judged_file(b_);
    const PairedComparison comparison = paired_scores(a.scores, b.scores);
    for (const JudgedFile* side : {&a, &b})
      for (const std::string& warning : side->warnings) say("warning: " + warning);
    say_left_out(comparison);
    const auto folder = [&](size_t side) { return pictures_.empty() ? "" : pictures_[side]; };
    write_page(comparison, Json::array(), pictures_of_files(a, folder(0)), pictures_of_files(b, folder(1)));
    if (flags.json) {
      Json document = json_of(comparison);
      document.update({{"a", a_}, {"b", b_}});
      print_json(document);
      return ExitCode::kGood;
    }
    constexpr const char* kLine = "{:<18} {:>8} {:>8} {:>9}  {:<21} {:>8} {:>5} {:>5} {:>5}\n";
    print_shown(kLine, "task", "a", "b", "b - a", "95 %", "p, Holm", "won", "lost", "tied");
    const Json rows = json_of(comparison).at("rows");
    for (const Json& row : rows) {
      print_shown(kLine, row["name"].get<std::string>(), fmt::format("{:.4f}", row["a"].get<double>()),
                  fmt::format("{:.4f}", row["b"].get<double>()),
                  fmt::format("{:+.4f}", row["difference"].get<double>()), interval_words(row), format_p(row["p_holm"]),
                  row["won"].size(), row["lost"].size(), row["tied"].get<int64_t>());
    }
    print_shown("\npaired over {} prompts; * corrected p below .05; won: prompts on which b is better\n",
                comparison.prompts);
    return ExitCode::kGood;
  }

  ExitCode compare_records(const CommonFlags& flags) const {
    const std::filesystem::path a_folder = record_folder(a_, store_), b_folder = record_folder(b_, store_);
    if (std::filesystem::equivalent(a_folder, b_folder)) {
      fail_input("{} and {} are one record ({}); name two (see: emfbench status)", a_, b_, a_folder.string());
    }
    const SectionInput a = read_record(a_folder, store_), b = read_record(b_folder, store_);
    if (instruments_of(a.result) != instruments_of(b.result)) {
      fail_input(
          "{} and {} were judged with different instruments, so their scores do not compare; run one of them again", a_,
          b_);
    }
    if (a.result.at("prompts") != b.result.at("prompts"))
      say(fmt::format("note: {} and {} judged different prompts; only common ones are paired", a_, b_));
    const std::string metric = metric_.empty() ? main_metric_of(a, b) : metric_;
    Json rows = rows_of(a, b, metric);
    if (rows.empty()) fail_input("{} and {} have no row of metric '{}' in common", a_, b_, metric);
    const Json changed =
        changed_keys(a.result.value("config", Json::object()), b.result.value("config", Json::object()));
    add_paired(rows, a, b, changed, pictures_of_record(a, stores_of(a_folder, store_)),
               pictures_of_record(b, stores_of(b_folder, store_)));
    if (flags.json) {
      print_json({{"a", a_}, {"b", b_}, {"changed", changed}, {"rows", rows}});
      return ExitCode::kGood;
    }
    print_changed(changed);
    print_rows(rows);
    return ExitCode::kGood;
  }

  Json rows_of(const SectionInput& a, const SectionInput& b, const std::string& metric) const {
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
    return rows;
  }

  /// Intervals of the main metric's rows, from the scores that both records hold of every prompt.
  void add_paired(Json& rows, const SectionInput& a, const SectionInput& b, const Json& changed, const PicturesOf& of_a,
                  const PicturesOf& of_b) const {
    const NamedScores left = scores_of_record(a.result), right = scores_of_record(b.result);
    const std::string main = Names(a.result).main_metric();
    if (left.empty() || right.empty() || Names(b.result).main_metric() != main) {
      if (!html_.empty())
        fail_input("--html shows paired differences, and {} holds no scores of single prompts; run it again",
                   left.empty() ? a_ : b_);
      return;
    }
    const PairedComparison comparison = paired_scores(left, right);
    say_left_out(comparison);
    const Json paired = json_of(comparison).at("rows");
    for (Json& row : rows) {
      if (row.at("metric") != main) continue;
      const std::string name = paired_name(row);
      for (const Json& one : paired) {
        if (one.at("name") != name) continue;
        for (const char* key : {"difference", "ci95", "p", "p_holm", "won", "lost", "tied"}) row[key] = one.at(key);
      }
    }
    write_page(comparison, changed, of_a, of_b);
  }

  static void print_rows(const Json& rows) {
    constexpr const char* kLine = "{:<16} {:<15} {:>7} {:>4}  {:<15} {:>9} {:>9} {:>9}  {}\n";
    print_shown(kLine, "encoder", "objective", "steps", "seed", "metric", "a", "b", "b - a", "95 %, paired");
    bool marked = false;
    for (const Json& row : rows) {
      const double from = row["a"], to = row["b"];
      const std::string interval = interval_words(row);
      marked = marked || interval.ends_with("*");
      print_shown(kLine, row["encoder"].get<std::string>(), row["objective"].get<std::string>(), steps_of(row),
                  row["seed"].get<int64_t>(), row["metric"].get<std::string>(), fmt::format("{:.4f}", from),
                  fmt::format("{:.4f}", to), fmt::format("{:+.4f}", to - from), interval);
    }
    if (marked) print_shown("\n* p below .05 after Holm's correction over the rows\n");
  }

  void say_left_out(const PairedComparison& comparison) const {
    if (comparison.prompts_left_out > 0)
      say(fmt::format("note: {} prompts stand on one side alone and are left out", comparison.prompts_left_out));
    for (const auto& [names, side] : {std::pair{comparison.only_a, a_}, {comparison.only_b, b_}})
      if (!names.empty()) say(fmt::format("note: only {} has {}", side, fmt::join(names, ", ")));
  }

  void write_page(const PairedComparison& comparison, const Json& changed, const PicturesOf& of_a,
                  const PicturesOf& of_b) const {
    if (html_.empty()) return;
    std::vector<Chapter> chapters = {{"differences", "Paired differences", blocks_of(comparison, changed, a_, b_)}};
    std::vector<Block> pictures = side_by_side(comparison, a_, b_, of_a, of_b);
    if (!pictures.empty()) chapters.push_back({"side_by_side", "Prompts won and lost by most", std::move(pictures)});
    const std::string page = render_plain_page(fmt::format("{} against {}", b_, a_), "emfbench compare", chapters);
    write_atomically(html_, page);
    say("page: " + html_);
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

  std::string a_, b_, store_, metric_, html_;
  std::vector<std::string> pictures_;
};

EMF_REGISTER(CommandRegistry, "compare", "Two runs, or two files of judged pictures: paired differences with intervals",
             std::make_unique<Compare>);

}  // namespace
}  // namespace emf
