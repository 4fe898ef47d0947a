// GenEval's task scores and overall score from detections, with intervals clustered by prompt.
#include <algorithm>

#include "harness/api/metric.h"
#include "harness/base/config.h"
#include "harness/base/caption_grammar.h"
#include "harness/base/geneval_rule.h"
#include "harness/base/statistics.h"

namespace emf {
namespace {

constexpr int kMostDraws = 1'000'000;

struct Judged {
  std::string tag;
  std::string cluster;  // prompt text, or the whole metadata line when it has no prompt
  GenEvalVerdict verdict;
};

/// Options of the metric itself, taken out of the rule's.
struct Settings {
  std::string name = "geneval", origin = "judged";
  BootstrapOptions bootstrap;
  GenEvalOptions rule;
  Json rule_json = Json::object();
};

Settings settings_of(const MetricInput& input) {
  Config config;
  config.values = input.options;
  config.origin = "geneval options";
  ConfigReader reader(config, "");
  Settings settings;
  settings.name = reader.text("name", settings.name);
  settings.origin = reader.text("origin", settings.origin);
  settings.bootstrap.draws =
      static_cast<int>(reader.integer("draws", settings.bootstrap.draws, 1, kMostDraws));
  settings.bootstrap.seed = input.seed;
  settings.bootstrap.stream = "geneval";
  for (const char* key :
       {"threshold", "counting_threshold", "max_objects", "max_overlap", "position_threshold"}) {
    if (reader.has(key)) settings.rule_json[key] = reader.raw(key);
  }
  reader.finish();
  settings.rule = geneval_options(settings.rule_json, config.origin);
  return settings;
}

std::vector<Judged> judge(const MetricInput& input, const Settings& settings) {
  if (input.judged == nullptr || input.judged->empty()) {
    fail_input("{}: geneval needs judge outputs, but there is not one row", settings.origin);
  }
  std::vector<Judged> results;
  results.reserve(input.judged->size());
  for (const Json& row : *input.judged) {
    const std::string where = fmt::format("{} row {}", settings.origin, results.size() + 1);
    if (!row.is_object() || !row.contains("metadata") || !row.contains("detections")) {
      fail_input("{}: a judged row must be an object with \"metadata\" and \"detections\"", where);
    }
    const GenEvalMetadata metadata = geneval_metadata(row["metadata"], where);
    const GenEvalOptions options =
        row.contains("options") ? geneval_options(row["options"], where, settings.rule) : settings.rule;
    results.push_back({metadata.tag, metadata.prompt.empty() ? row["metadata"].dump() : metadata.prompt,
                       geneval_verdict(metadata, geneval_detections(row["detections"], where), options)});
  }
  return results;
}

/// The official order of tasks first, then others by name.
std::vector<std::string> tags_in_order(const std::vector<Judged>& results) {
  std::vector<std::string> others;
  for (const Judged& result : results) others.push_back(result.tag);
  std::sort(others.begin(), others.end());
  others.erase(std::unique(others.begin(), others.end()), others.end());
  std::vector<std::string> tags;
  for (const std::string_view task : geneval_tasks()) {
    const auto found = std::find(others.begin(), others.end(), task);
    if (found == others.end()) continue;
    tags.emplace_back(task);
    others.erase(found);
  }
  tags.insert(tags.end(), others.begin(), others.end());
  return tags;
}

/// Score of the rows of one tag, or of all of them ("").
MetricValue value_of(const std::vector<Judged>& results, const std::string& tag, const Settings& settings) {
  Scores scores;
  for (const Judged& result : results) {
    if (!tag.empty() && result.tag != tag) continue;
    scores.values.push_back(result.verdict.correct ? 1.0 : 0.0);
    scores.clusters.push_back(result.cluster);
    scores.strata.push_back(result.tag);
  }
  const Estimate estimate = estimate_mean(scores, settings.bootstrap);
  MetricValue value;
  value.name = tag.empty() ? settings.name : settings.name + "/" + tag;
  value.value = estimate.value;
  value.ci95 = estimate.ci95;
  value.n = estimate.n;
  value.identity = {{"rule", "djghosh13/geneval af4902f"}, {"options", settings.rule_json}};
  value.details = {{"correct", std::count(scores.values.begin(), scores.values.end(), 1.0)},
                   {"total", estimate.n},
                   {"prompts", estimate.clusters}};
  return value;
}

class GenEval : public Metric {
 public:
  bool higher_is_better() const override { return true; }

  std::vector<MetricValue> score(const MetricInput& input) const override {
    const Settings settings = settings_of(input);
    const std::vector<Judged> results = judge(input, settings);
    const std::vector<std::string> tags = tags_in_order(results);
    std::vector<MetricValue> values = {value_of(results, "", settings)};
    for (const std::string& tag : tags) values.push_back(value_of(results, tag, settings));
    // The official mean leaves an absent task out silently, which makes it another score.
    for (const std::string_view task : geneval_tasks()) {
      if (std::find(tags.begin(), tags.end(), task) == tags.end()) {
        values.front().warnings.push_back(fmt::format("no_{}", task));
      }
    }
    return values;
  }

  std::vector<double> item_scores(const MetricInput& input) const override {
    std::vector<double> scores;
    for (const Judged& result : judge(input, settings_of(input)))
      scores.push_back(result.verdict.correct ? 1 : 0);
    return scores;
  }

  std::vector<Json> items(const MetricInput& input) const override {
    std::vector<Json> rows;
    for (const Judged& result : judge(input, settings_of(input))) {
      rows.push_back({{"correct", result.verdict.correct}, {"reason", result.verdict.reason}});
    }
    return rows;
  }
};

EMF_REGISTER(MetricRegistry, "geneval",
             "GenEval's official rule on detections: task scores and their plain mean",
             std::make_unique<GenEval>);

}  // namespace
}  // namespace emf
