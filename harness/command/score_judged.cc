// Scores from judge outputs: GenEval's detections and the answers to question graphs.
#include "harness/base/file.h"
#include "harness/base/question_graph.h"
#include "harness/command/score_options.h"

namespace emf {

ExitCode score_detections(const ScoreOptions& options, const CommonFlags& flags) {
  if (options.detections.empty()) fail_input("score {} needs --detections F.jsonl", options.metric);
  const std::unique_ptr<Metric> metric = MetricRegistry::instance().make(options.metric);
  const std::vector<Json> rows = read_json_lines(options.detections);
  MetricInput input;
  input.judged = &rows;
  input.options = options.metric_options;
  input.options["origin"] = options.detections;
  input.seed = options.seed;
  const std::vector<MetricValue> values = metric->score(input);
  const MetricValue& overall = values.front();
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
  print_json({{"images", metric->items(input)},
              {"tasks", tasks},
              {"overall", *overall.value},
              {"ci95", interval_json(overall)},
              {"n", overall.n},
              {"identity", overall.identity},
              {"warnings", overall.warnings},
              {"seconds", options.seconds()}});
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
  const MetricValue value = metric->score(input).front();
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
