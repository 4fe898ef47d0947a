// Scores from features: a set of generated pictures against a set of real ones.
#include "harness/command/feature_file.h"
#include "harness/command/score_options.h"

namespace emf {

ExitCode score_features(const ScoreOptions& options, const CommonFlags& flags) {
  if (options.real.empty() || options.generated.empty()) {
    fail_input("score {} needs --real X and --generated Y", options.metric);
  }
  const std::unique_ptr<Metric> metric = MetricRegistry::instance().make(options.metric);
  const FeatureMatrix real = read_features(options.real), generated = read_features(options.generated);
  MetricInput input;
  input.real = &real;
  input.generated = &generated;
  input.options = options.metric_options;
  input.seed = options.seed;
  const MetricValue value = metric->score(input).front();
  if (!flags.json) {
    fmt::print("{} {:.10g}{}  ({} real, {} generated, {} features)\n", value.name, *value.value,
               interval_text(value), real.rows, generated.rows, real.columns);
    print_warnings(value);
    return ExitCode::kGood;
  }
  Json result = value.details;
  result["value"] = *value.value;
  if (value.ci95) result["ci95"] = *value.ci95;
  result["identity"] = value.identity;
  result["warnings"] = value.warnings;
  result["seconds"] = options.seconds();
  print_json(result);
  return ExitCode::kGood;
}

}  // namespace emf
