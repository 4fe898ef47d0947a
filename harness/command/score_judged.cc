// Scores from judge outputs: GenEval's detections and the answers to question graphs.
#include <map>
#include <optional>
#include <set>

#include "harness/base/file.h"
#include "harness/command/score_options.h"
#include "harness/engine/scoring/judged_folder.h"
#include "harness/rules/judged_lines.h"
#include "harness/rules/question_graph.h"

namespace emf {

namespace {

/// Gives rows the official metadata of their prompt ("prompt", or "index": line of the file from 0, as the
/// official folders are named), and says which prompts have no row.
/// @throws UserError  a row whose prompt or index the file does not hold (names the row).
std::vector<std::string> attach_metadata(std::vector<Json>& rows, const std::string& path, const std::string& origin) {
  const std::vector<Json> lines = read_json_lines(path);
  if (lines.empty()) fail_input("{} is empty: it must hold one metadata object a line", path);
  std::map<std::string, size_t> places;
  for (size_t i = 0; i < lines.size(); ++i) {
    const GenEvalMetadata line = geneval_metadata(lines[i], fmt::format("{}:{}", path, i + 1));
    if (line.prompt.empty()) fail_input("{}:{}: \"prompt\" is missing", path, i + 1);
    places.emplace(line.prompt, i);
  }
  std::set<size_t> judged;
  for (size_t r = 0; r < rows.size(); ++r) {
    Json& row = rows[r];
    std::optional<size_t> place;
    const Json prompt = !row.is_object()         ? Json()
                        : row.contains("prompt") ? row["prompt"]
                        : row.contains("metadata") && row["metadata"].is_object()
                            ? row["metadata"].value("prompt", Json())
                            : Json();
    if (row.is_object() && row.contains("index") && row["index"].is_number_unsigned())
      place = row["index"].get<size_t>();
    if (prompt.is_string()) {
      const auto found = places.find(prompt.get<std::string>());
      if (found == places.end())
        fail_input("{} row {}: no prompt '{}' in {}", origin, r + 1, prompt.get<std::string>(), path);
      place = found->second;
    }
    if (!place) fail_input("{} row {}: needs \"prompt\" or \"index\" to find its line of {}", origin, r + 1, path);
    if (*place >= lines.size())
      fail_input("{} row {}: index {} of {} lines in {}", origin, r + 1, *place, lines.size(), path);
    judged.insert(*place);
    if (!row.contains("correct")) row["metadata"] = lines[*place];
  }
  std::vector<std::string> missing;
  for (size_t i = 0; i < lines.size(); ++i) {
    if (judged.count(i) == 0) missing.push_back(lines[i]["prompt"]);
  }
  return missing;
}

/// What is to be scored, and from where.
struct JudgedRows {
  std::vector<Json> rows;
  std::vector<std::optional<std::vector<Detection>>> detections;  ///< those of the rows, where read from a file
  std::string source;                                             ///< names it in messages
  std::vector<std::string> without_row;                           ///< prompts that nobody judged
  Json judge;                                                     ///< null when the rows came from a file
};

/// @throws UserError  not exactly one source; lines that are no verdicts where --results promises them.
JudgedRows judged_rows(const ScoreOptions& options) {
  const int sources = !options.detections.empty() + !options.results.empty() + !options.images.empty();
  if (sources != 1) {
    fail_input("score {} needs one of --detections F.jsonl, --results results.jsonl and --images DIR", options.metric);
  }
  JudgedRows judged;
  if (!options.images.empty()) {
    judged.source = options.images;
    std::vector<Json> prompts;
    if (!options.metadata.empty()) prompts = read_json_lines(options.metadata);
    JudgedFolder folder =
        judge_folder(pictures_of_prompts(options.images, !options.metadata.empty()), options.judge, prompts);
    judged.rows = std::move(folder.rows);
    judged.without_row = std::move(folder.beyond);
    judged.judge = std::move(folder.judge);
    if (!options.save_detections.empty()) write_atomically(options.save_detections, json_lines(judged.rows));
    return judged;
  }
  judged.source = options.detections.empty() ? options.results : options.detections;
  if (options.results.empty()) {
    for (JudgedLine& line : read_judged_lines(judged.source)) {
      judged.rows.push_back(std::move(line.row));
      judged.detections.push_back(std::move(line.detections));
    }
    return judged;
  }
  judged.rows = read_json_lines(judged.source);
  for (size_t i = 0; i < judged.rows.size(); ++i) {
    Json& row = judged.rows[i];
    if (!row.is_object() || !row.contains("correct")) {
      fail_input("{} row {}: \"correct\" is missing, so this is no line of results.jsonl", judged.source, i + 1);
    }
    row.erase("detections");
  }
  return judged;
}

}  // namespace

ExitCode score_detections(const ScoreOptions& options, const CommonFlags& flags) {
  const std::unique_ptr<Metric> metric = MetricRegistry::instance().make(options.metric);
  JudgedRows judged = judged_rows(options);
  std::vector<Json>& rows = judged.rows;
  const std::string& source = judged.source;
  if (!options.metadata.empty()) judged.without_row = attach_metadata(rows, options.metadata, source);
  const std::vector<std::string>& unjudged = judged.without_row;
  MetricInput input;
  input.judged = &rows;
  if (!judged.detections.empty()) input.detections = &judged.detections;
  input.options = options.metric_options;
  input.options["origin"] = source;
  input.options["verbose"] = true;
  input.seed = options.seed;
  std::vector<MetricValue> values = metric->score(input);
  MetricValue& overall = values.front();
  if (!judged.judge.is_null()) overall.identity["judge"] = judged.judge;
  if (!unjudged.empty()) overall.warnings.push_back(fmt::format("{}_prompts_not_judged", unjudged.size()));
  if (options.summary && !flags.json) {
    fmt::print("{}", overall.details.at("summary").get<std::string>());
    return ExitCode::kGood;
  }
  if (!flags.json) {
    for (const MetricValue& value : values) {
      fmt::print("{:<24} {:.5f}{}  ({} / {})\n", value.name, *value.value, interval_text(value),
                 value.details.at("correct").dump(), value.details.at("total").dump());
    }
    print_warnings(overall);
    return ExitCode::kGood;
  }
  Json tasks = Json::object();
  for (size_t i = 1; i < values.size(); ++i) {
    tasks[values[i].name.substr(overall.name.size() + 1)] = {{"correct", values[i].details.at("correct")},
                                                             {"total", values[i].details.at("total")},
                                                             {"prompts", values[i].details.at("prompts")},
                                                             {"score", *values[i].value},
                                                             {"ci95", interval_json(values[i])}};
  }
  Json images;
  images.swap(overall.details["images"]);
  Json result = {{"tasks", tasks},
                 {"overall", *overall.value},
                 {"ci95", interval_json(overall)},
                 {"n", overall.n},
                 {"images_correct", overall.details.at("images_correct")},
                 {"prompts_correct", overall.details.at("prompts_correct")},
                 {"summary", overall.details.at("summary")},
                 {"not_judged", unjudged},
                 {"identity", overall.identity},
                 {"warnings", overall.warnings}};
  result["images"].swap(images);
  result["seconds"] = options.seconds();
  print_json(result);
  return ExitCode::kGood;
}

ExitCode score_questions(const ScoreOptions& options, const CommonFlags& flags) {
  if (options.graph.empty() || options.answers.empty()) {
    fail_input("score {} needs --graph G.csv and --answers A.csv", options.metric);
  }
  const std::unique_ptr<Metric> metric = MetricRegistry::instance().make(options.metric);
  const std::vector<Json> rows = read_question_graphs(options.graph, options.answers, options.generators);
  MetricInput input;
  input.judged = &rows;
  input.options = options.metric_options;
  input.options["origin"] = options.answers;
  input.seed = options.seed;
  const std::vector<MetricValue> values = metric->score(input);
  const MetricValue& value = values.front();
  const Json failed = value.details.value("failed", Json::array());
  if (!flags.json) {
    fmt::print("{} {:.6f}{}  ({} items{})\n", value.name, *value.value, interval_text(value), value.n,
               value.details.contains("failed") ? fmt::format(", {} failed", failed.size()) : "");
    const Json categories = value.details.value("categories", Json::object());
    for (const auto& [name, category] : categories.items()) {
      fmt::print("  {:<24} {:.6f}  ({} answers)\n", name, category.at("score").get<double>(),
                 category.at("answers").get<int64_t>());
    }
    for (size_t i = 1; i < values.size(); ++i) {
      fmt::print("  {:<24} {:.6f}{}  ({} pictures)\n", values[i].name, *values[i].value, interval_text(values[i]),
                 values[i].n);
    }
    for (const Json& item : failed) {
      fmt::print("failed: {} ({})\n", item.at("item_id").get<std::string>(), item.at("why").get<std::string>());
    }
    print_warnings(value);
    return ExitCode::kGood;
  }
  Json result = value.details;
  result["value"] = *value.value;
  result["ci95"] = interval_json(value);
  result["n"] = value.n;
  result["identity"] = value.identity;
  for (size_t i = 1; i < values.size(); ++i) {
    result["values"][values[i].name] = {
        {"value", *values[i].value}, {"ci95", interval_json(values[i])}, {"n", values[i].n}};
  }
  result["warnings"] = value.warnings;
  result["seconds"] = options.seconds();
  print_json(result);
  return ExitCode::kGood;
}

}  // namespace emf
