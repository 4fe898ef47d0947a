// Scores from features: a set of generated pictures against a set of real ones.
#include "harness/base/file.h"
#include "harness/command/feature_file.h"
#include "harness/command/score_options.h"
#include "probes/metrics/feature_pair.h"

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

/// One side as it was read: rows, or statistics alone.
struct Set {
  std::optional<FeatureMatrix> rows;
  std::optional<FeatureStatistics> statistics;
};

/// Rows only where the metric needs them: statistics files have none, and large files need not fit in memory.
Set read_set(const std::string& path, const ScoreOptions& options, bool rows_alone) {
  Set set;
  if (!rows_alone)
    set.statistics = read_feature_statistics(path, options.metric_options.value("interval", "") == "none");
  if (!set.statistics) set.rows = read_features(path);
  return set;
}

bool needs_rows(const ScoreOptions& options) {
  if (options.metric != "frechet") return true;
  const Json& given = options.metric_options;
  const std::string interval = given.value("interval", "auto");
  return given.value("infinity", false) || interval == "jackknife" || interval == "bootstrap" ||
         given.value("compat", "none") == "torch-fidelity-float32";
}

/// Metrics speak of sides; the command line adds which files those are.
std::vector<MetricValue> scored(const Metric& metric, const MetricInput& input, const ScoreOptions& options) {
  try {
    return metric.score(input);
  } catch (const UserError& error) {
    throw UserError(fmt::format("{} (real: {}; generated: {})", error.what(),
                                options.real.empty() ? "none" : options.real, options.generated),
                    error.code());
  }
}

/// Writes the statistics of --real (the reference, as a rule), or of --generated when that is alone.
Json save_statistics(const ScoreOptions& options) {
  const std::string& source = options.real.empty() ? options.generated : options.real;
  if (source.empty()) fail_input("--save-statistics needs --real X (or --generated Y)");
  std::optional<FeatureStatistics> statistics = read_feature_statistics(source, true);
  if (!statistics) {
    const FeatureMatrix rows = read_features(source);
    statistics.emplace();
    statistics->add(checked_features(&rows, options.real.empty() ? "generated" : "real", "save-statistics", 2));
  }
  write_statistics(options.save_statistics, *statistics);
  return {{"statistics", options.save_statistics}, {"n", statistics->rows()}, {"dimension", statistics->dimension()}};
}

/// The difference from an earlier result of the same kind.
/// @throws UserError  results whose identity differs (says in what): their difference would mean nothing.
Json difference_from(const std::string& path, const Json& result, const std::string& metric) {
  const Json other = read_json(path);
  if (!other.is_object() || !other.contains("value") || !other["value"].is_number() || !other.contains("identity")) {
    fail_input("{} is no result of score: it has no value and identity", path);
  }
  if (other["identity"] != result["identity"]) {
    fail_input("{}: {} and this {} are not comparable ({})", path, path, metric,
               first_difference(other["identity"], result["identity"]));
  }
  return {{"file", path},
          {"value", other["value"]},
          {"difference", result["value"].get<double>() - other["value"].get<double>()}};
}

}  // namespace

ExitCode score_features(const ScoreOptions& options, const CommonFlags& flags) {
  if (!options.save_statistics.empty()) {
    if (options.metric != "frechet") fail_input("score {} has no statistics to save; frechet has", options.metric);
    const Json saved = save_statistics(options);
    if (options.real.empty() || options.generated.empty()) {
      if (flags.json) print_json(saved);
      return ExitCode::kGood;
    }
  }
  const bool alone = options.metric == "inception";
  if (options.generated.empty() || (options.real.empty() && !alone)) {
    fail_input("score {} needs {}--generated Y", options.metric, alone ? "" : "--real X and ");
  }
  const std::unique_ptr<Metric> metric = MetricRegistry::instance().make(options.metric);
  const bool rows_alone = needs_rows(options);
  Set real, generated;
  if (!alone) real = read_set(options.real, options, rows_alone);
  generated = read_set(options.generated, options, rows_alone);
  MetricInput input;
  if (real.rows) input.real = &*real.rows;
  if (generated.rows) input.generated = &*generated.rows;
  if (real.statistics) input.real_statistics = &*real.statistics;
  if (generated.statistics) input.generated_statistics = &*generated.statistics;
  input.options = options.metric_options;
  input.seed = options.seed;
  std::vector<MetricValue> values = scored(*metric, input, options);
  if (!alone) values.front().identity["real_sha256"] = feature_file_sha256(options.real);
  Json result = json_of(values);
  if (!options.against.empty()) result["against"] = difference_from(options.against, result, options.metric);
  if (!flags.json) {
    print_values(values);
    if (result.contains("against"))
      fmt::print("  difference from {} {:.10g}\n", options.against, result["against"]["difference"].get<double>());
    return ExitCode::kGood;
  }
  result["seconds"] = options.seconds();
  print_json(result);
  return ExitCode::kGood;
}

}  // namespace emf
