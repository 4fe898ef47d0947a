// Scores from judge outputs: GenEval's detections and the answers to question graphs.
#include <optional>

#include "harness/base/file.h"
#include "harness/command/score_options.h"
#include "harness/engine/scoring/judged_folder.h"
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
  Sources sources;
  sources.source = options.images;
  if (!options.save_detections.empty()) require_writable(options.save_detections);
  PicturesOfPrompts pictures = pictures_of_prompts(options.images, metadata != nullptr);
  if (metadata != nullptr) {
    // A picture's own line counts, and contradictions are met before the judge has looked at anything.
    for (const PictureOfPrompt& picture : pictures.pictures) {
      if (!picture.metadata.is_null()) metadata->refuse_contradiction(picture.metadata, picture.path.string());
    }
  }
  JudgedFolder folder =
      judge_folder(pictures.pictures, options.judge, metadata != nullptr ? metadata->lines() : std::vector<Json>());
  sources.judged.rows = std::move(folder.rows);
  sources.judged.warnings = std::move(pictures.warnings);
  sources.without_row = std::move(folder.beyond);
  sources.judge = std::move(folder.judge);
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
  if (judged.rows.size() != all) values = metric->score(input);
  MetricValue& overall = values.front();
  overall.warnings.insert(overall.warnings.begin(), judged.warnings.begin(), judged.warnings.end());
  if (!sources.judge.is_null()) overall.identity["judge"] = sources.judge;
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
  const QuestionRows read = read_question_graphs(options.graph, options.answers, options.generators);
  MetricInput input;
  input.judged = &read.rows;
  input.options = options.metric_options;
  input.options["origin"] = options.answers;
  input.seed = options.seed;
  MetricValue value = metric->score(input).front();
  value.warnings.insert(value.warnings.begin(), read.warnings.begin(), read.warnings.end());
  if (!flags.json) {
    fmt::print("{} {:.6f}{}  ({} items, {} failed)\n", value.name, *value.value, interval_text(value), value.n,
               value.details.at("failed").size());
    for (const auto& [name, category] : value.details.at("categories").items()) {
      fmt::print("  {:<24} {:.6f}  ({} answers)\n", name, category.at("score").get<double>(),
                 category.at("answers").get<int64_t>());
    }
    for (const Json& item : value.details.at("failed")) {
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
  result["warnings"] = value.warnings;
  result["seconds"] = options.seconds();
  print_json(result);
  return ExitCode::kGood;
}

}  // namespace emf
