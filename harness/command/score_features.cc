// Scores from features: a set of generated pictures against a set of real ones.
#include "harness/command/feature_file.h"
#include "harness/command/score_options.h"

namespace emf {

namespace {

std::string suffix_of(const MetricValue& value, const std::string& name) {
  return value.name == name ? value.name : value.name.substr(name.size() + 1);
}

void print_values(const std::vector<MetricValue>& values) {
  for (const MetricValue& value : values) {
    fmt::print("{} {:.10g}{}\n", value.name, *value.value, interval_text(value));
  }
  const Json& facts = values.front().details;
  for (const char* fact : {"n_real", "n_generated", "dimension", "std"}) {
    if (facts.contains(fact)) fmt::print("  {} {}\n", fact, facts[fact].dump());
  }
  print_warnings(values.front());
}

/// The first value, and any further ones under their own names.
Json json_of(const std::vector<MetricValue>& values) {
  const MetricValue& first = values.front();
  Json result = first.details;
  result["value"] = *first.value;
  if (first.ci95) result["ci95"] = *first.ci95;
  for (size_t i = 1; i < values.size(); ++i) {
    const std::string name = suffix_of(values[i], first.name);
    result[name] = *values[i].value;
    if (values[i].ci95) result["ci95"][name] = *values[i].ci95;
  }
  result["identity"] = first.identity;
  result["warnings"] = first.warnings;
  return result;
}

}  // namespace

ExitCode score_features(const ScoreOptions& options, const CommonFlags& flags) {
  const bool alone = options.metric == "inception";
  if (options.generated.empty() || (options.real.empty() && !alone)) {
    fail_input("score {} needs {}--generated Y", options.metric, alone ? "" : "--real X and ");
  }
  const std::unique_ptr<Metric> metric = MetricRegistry::instance().make(options.metric);
  std::optional<FeatureMatrix> real;
  if (!alone) real = read_features(options.real);
  const FeatureMatrix generated = read_features(options.generated);
  MetricInput input;
  if (real) input.real = &*real;
  input.generated = &generated;
  input.options = options.metric_options;
  input.seed = options.seed;
  const std::vector<MetricValue> values = metric->score(input);
  if (!flags.json) {
    print_values(values);
    return ExitCode::kGood;
  }
  Json result = json_of(values);
  result["seconds"] = options.seconds();
  print_json(result);
  return ExitCode::kGood;
}

}  // namespace emf
