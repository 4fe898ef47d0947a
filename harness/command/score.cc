// emfbench score METRIC: scores from judge outputs or from features, without pictures or networks.
#include <fmt/format.h>

#include <chrono>
#include <optional>

#include "harness/api/metric.h"
#include "harness/base/file.h"
#include "harness/command/command.h"
#include "harness/command/feature_file.h"

namespace emf {
namespace {

Json interval_json(const MetricValue& value) { return value.ci95 ? Json(*value.ci95) : Json(); }

std::string interval_text(const MetricValue& value) {
  return value.ci95 ? fmt::format("  95 % [{:.6g}, {:.6g}]", (*value.ci95)[0], (*value.ci95)[1]) : "";
}

void print_warnings(const MetricValue& value) {
  for (const std::string& warning : value.warnings) fmt::print("warning: {}\n", warning);
}

class Score : public Command {
 public:
  void declare(CLI::App& app) override {
    app.add_option("metric", metric_, "geneval, frechet, kid (see: emfbench list metrics)")->required();
    app.add_option("--detections", detections_, "geneval: judge outputs, JSON Lines, one picture a line");
    app.add_option("--real", real_, "features of real pictures: .npy, .npz, .safetensors or FILE:name");
    app.add_option("--generated", generated_, "features of generated pictures, likewise");
    app.add_option("--subsets", subsets_, "kid: number of random subsets; 0 scores the whole sets");
    app.add_option("--subset-size", subset_size_, "kid: rows a subset");
    app.add_option("--draws", draws_, "resamples of the bootstrap");
    app.add_option("--seed", seed_, "of every resampling");
  }

  ExitCode run(const CommonFlags& flags) override {
    const auto& entry = MetricRegistry::instance().find(metric_);
    const std::unique_ptr<Metric> metric = entry.make();
    if (metric_ == "geneval") return score_judged(*metric, flags);
    return score_features(*metric, flags);
  }

 private:
  Json options() const {
    Json options = Json::object();
    if (subsets_) options["subsets"] = *subsets_;
    if (subset_size_) options["subset_size"] = *subset_size_;
    if (draws_) options["draws"] = *draws_;
    return options;
  }

  double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

  ExitCode score_judged(const Metric& metric, const CommonFlags& flags) {
    if (detections_.empty()) fail_input("score {} needs --detections F.jsonl", metric_);
    if (!real_.empty() || !generated_.empty())
      fail_input("score {} takes --detections, not features", metric_);
    const std::vector<Json> rows = read_json_lines(detections_);
    MetricInput input;
    input.judged = &rows;
    input.options = options();
    input.options["origin"] = detections_;
    input.seed = seed_;
    const std::vector<MetricValue> values = metric.score(input);
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
    print_json({{"images", metric.items(input)},
                {"tasks", tasks},
                {"overall", *overall.value},
                {"ci95", interval_json(overall)},
                {"n", overall.n},
                {"identity", overall.identity},
                {"warnings", overall.warnings},
                {"seconds", seconds()}});
    return ExitCode::kGood;
  }

  ExitCode score_features(const Metric& metric, const CommonFlags& flags) {
    if (real_.empty() || generated_.empty()) fail_input("score {} needs --real X and --generated Y", metric_);
    if (!detections_.empty()) fail_input("score {} takes features, not --detections", metric_);
    const FeatureMatrix real = read_features(real_), generated = read_features(generated_);
    MetricInput input;
    input.real = &real;
    input.generated = &generated;
    input.options = options();
    input.seed = seed_;
    const MetricValue value = metric.score(input).front();
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
    result["seconds"] = seconds();
    print_json(result);
    return ExitCode::kGood;
  }

  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  std::string metric_, detections_, real_, generated_;
  std::optional<int64_t> subsets_, subset_size_, draws_;
  uint64_t seed_ = 0;
};

EMF_REGISTER(CommandRegistry, "score", "Scores judge outputs (geneval) or features (frechet, kid)",
             std::make_unique<Score>);

}  // namespace
}  // namespace emf
