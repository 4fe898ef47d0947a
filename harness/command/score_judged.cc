// SPDX-License-Identifier: Apache-2.0
// Scores from judge outputs: GenEval's detections and the answers to question graphs.
#include <optional>

#include "harness/base/file.h"
#include "harness/base/terminal.h"
#include "harness/command/judge_images.h"
#include "harness/command/score_options.h"
#include "harness/rules/judged_lines.h"
#include "harness/rules/metadata_file.h"
#include "harness/rules/question_graph.h"

namespace emf {

namespace {

/// What is to be scored, and from where.
struct Sources {
  JudgedRows judged;
  std::string source;                    ///< names it in messages
  std::vector<std::string> without_row;  ///< prompts that nobody judged
  Json judge;                            ///< null when the rows came from a file
};

Sources judged_pictures(const ScoreOptions& options, const MetadataFile* metadata) {
  if (!options.save_detections.empty()) require_writable(options.save_detections);
  JudgedImages images = judge_images(options.images, options.judge, options.device, metadata);
  Sources sources;
  sources.source = options.images;
  sources.judged.rows = std::move(images.rows);
  sources.judged.warnings = std::move(images.warnings);
  sources.without_row = std::move(images.beyond);
  sources.judge = std::move(images.judge);
  if (!options.save_detections.empty()) write_atomically(options.save_detections, json_lines(sources.judged.rows));
  return sources;
}

/// @throws UserError  not exactly one source; lines that are no verdicts where --results promises them.
Sources judged_rows(const ScoreOptions& options, const MetadataFile* metadata) {
  const int count = !options.detections.empty() + !options.results.empty() + !options.images.empty();
  if (count != 1) {
    fail_input("score {} needs one of --detections F.jsonl, --results results.jsonl and --images DIR", options.metric);
  }
  if (!options.images.empty()) return judged_pictures(options, metadata);
  Sources sources;
  JudgedRows& judged = sources.judged;
  sources.source = options.detections.empty() ? options.results : options.detections;
  if (options.results.empty()) {
    for (JudgedLine& line : read_judged_lines(sources.source)) {
      judged.rows.push_back(std::move(line.row));
      judged.detections.push_back(std::move(line.detections));
    }
  } else {
    judged.rows = read_json_lines(sources.source);
    for (size_t i = 0; i < judged.rows.size(); ++i) {
      Json& row = judged.rows[i];
      if (!row.is_object() || !row.contains("correct")) {
        fail_input("{} row {}: \"correct\" is missing, so this is no line of results.jsonl", sources.source, i + 1);
      }
      row.erase("detections");
    }
  }
  return sources;
}

std::string text_at(const Json& row, const char* key) {
  const auto found = row.find(key);
  return found == row.end() || !found->is_string() ? "" : found->get<std::string>();
}

/// By what a row's picture or prompt is called in its file.
std::vector<std::string> names_of(const Json& row) {
  std::vector<std::string> names = {text_at(row, "filename"), text_at(row, "item_id"), text_at(row, "prompt")};
  if (row.contains("metadata") && row["metadata"].is_object()) names.push_back(text_at(row["metadata"], "prompt"));
  std::erase(names, "");
  return names;
}

/// Takes rows out that a file names.   @param detections  of the rows, or empty.
Exclusions leave_out(const ScoreOptions& options, std::vector<Json>& rows,
                     std::vector<std::optional<std::vector<Detection>>>& detections) {
  if (options.exclude.empty()) return {};
  Exclusions exclusions(options.exclude);
  size_t kept = 0;
  for (size_t i = 0; i < rows.size(); ++i) {
    if (exclusions.excludes(names_of(rows[i]))) continue;
    if (kept != i) {
      rows[kept] = std::move(rows[i]);
      if (!detections.empty()) detections[kept] = std::move(detections[i]);
    }
    ++kept;
  }
  exclusions.require_matched();
  if (kept == 0) fail_input("--exclude leaves nothing to score");
  rows.resize(kept);
  if (!detections.empty()) detections.resize(kept);
  return exclusions;
}

/// A results.jsonl of the released code names no prompt that it lacks, and its mean hides the lack.
void warn_of_few_prompts(MetricValue& overall) {
  constexpr int64_t kReleased = 553;  // lines of GenEval's evaluation_metadata.jsonl
  const int64_t prompts = overall.details.value("prompts", kReleased);
  if (prompts >= kReleased) return;
  overall.warnings.push_back(fmt::format(
      "{} prompts, of the {} that GenEval has; where they should be all, --metadata FILE names what is missing",
      prompts, kReleased));
}

}  // namespace

ExitCode score_detections(const ScoreOptions& options, const CommonFlags& flags) {
  const std::unique_ptr<Metric> metric = MetricRegistry::instance().make(options.metric);
  std::optional<MetadataFile> metadata;
  if (!options.metadata.empty()) metadata.emplace(options.metadata);
  Sources sources = judged_rows(options, metadata ? &*metadata : nullptr);
  JudgedRows& judged = sources.judged;
  std::vector<std::string>& unjudged = sources.without_row;
  if (metadata) unjudged = metadata->attach(judged.rows, sources.source, judged.warnings);
  MetricInput input;
  input.options = options.metric_options;
  input.options["origin"] = sources.source;
  input.options["verbose"] = true;
  input.seed = options.seed;
  // Numbers of rows in messages are those of the file, so each row is judged before repeated ones are taken out.
  input.judged = &judged.rows;
  if (!judged.detections.empty()) input.detections = &judged.detections;
  std::vector<MetricValue> values = metric->score(input);
  const size_t all = judged.rows.size();
  count_pictures_once(judged, sources.source);
  const Exclusions exclusions = leave_out(options, judged.rows, judged.detections);
  if (judged.rows.size() != all) values = metric->score(input);
  MetricValue& overall = values.front();
  overall.warnings.insert(overall.warnings.begin(), judged.warnings.begin(), judged.warnings.end());
  if (!sources.judge.is_null()) overall.identity["judge"] = sources.judge;
  if (!options.results.empty() && !metadata) warn_of_few_prompts(overall);
  if (!unjudged.empty()) overall.warnings.push_back(fmt::format("{}_prompts_not_judged", unjudged.size()));
  if (options.summary && !flags.json) {
    print_lines(overall.details.at("summary").get<std::string>());
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
                 {"excluded", exclusions.lines()},
                 {"identity", overall.identity},
                 {"warnings", overall.warnings}};
  write_score_page(options, result);
  if (!flags.json) {
    for (const MetricValue& value : values) {
      print_shown("{:<24} {:.5f}{}  ({} / {})\n", value.name, *value.value, interval_text(value),
                  value.details.at("correct").dump(), value.details.at("total").dump());
    }
    print_exclusions(exclusions);
    print_warnings(overall);
    return ExitCode::kGood;
  }
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
  QuestionRows read = read_question_graphs(options.graph, options.answers, options.generators);
  std::vector<std::optional<std::vector<Detection>>> no_detections;
  const Exclusions exclusions = leave_out(options, read.rows, no_detections);
  MetricInput input;
  input.judged = &read.rows;
  input.options = options.metric_options;
  input.options["origin"] = options.answers;
  input.seed = options.seed;
  std::vector<MetricValue> values = metric->score(input);
  MetricValue& value = values.front();
  value.warnings.insert(value.warnings.begin(), read.warnings.begin(), read.warnings.end());
  const Json failed = value.details.value("failed", Json::array());
  Json result = value.details;
  result["value"] = *value.value;
  result["ci95"] = interval_json(value);
  result["n"] = value.n;
  result["excluded"] = exclusions.lines();
  result["identity"] = value.identity;
  for (size_t i = 1; i < values.size(); ++i) {
    result["values"][values[i].name] = {
        {"value", *values[i].value}, {"ci95", interval_json(values[i])}, {"n", values[i].n}};
  }
  result["warnings"] = value.warnings;
  write_score_page(options, result);
  if (!flags.json) {
    print_shown("{} {:.6f}{}  ({} items{})\n", value.name, *value.value, interval_text(value), value.n,
                value.details.contains("failed") ? fmt::format(", {} failed", failed.size()) : "");
    const Json categories = value.details.value("categories", Json::object());
    for (const auto& [name, category] : categories.items()) {
      print_shown("  {:<24} {:.6f}  ({} answers)\n", name, category.at("score").get<double>(),
                  category.at("answers").get<int64_t>());
    }
    for (size_t i = 1; i < values.size(); ++i) {
      print_shown("  {:<24} {:.6f}{}  ({} pictures)\n", values[i].name, *values[i].value, interval_text(values[i]),
                  values[i].n);
    }
    for (const Json& item : failed) {
      print_shown("failed: {} ({})\n", item.at("item_id").get<std::string>(), item.at("why").get<std::string>());
    }
    print_exclusions(exclusions);
    print_warnings(value);
    return ExitCode::kGood;
  }
  result["seconds"] = options.seconds();
  print_json(result);
  return ExitCode::kGood;
}

}  // namespace emf
