// SPDX-License-Identifier: Apache-2.0
// Inception Score: how sure a classifier is of each picture, and how varied the classes are; from its logits
// or probabilities, whatever the classifier.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "harness/api/metric.h"
#include "harness/base/config.h"
#include "harness/base/numpy_random.h"
#include "harness/base/options.h"
#include "harness/statistics/statistics.h"
#include "probes/metrics/feature_pair.h"
#include "probes/metrics/frechet_distance.h"
#include "probes/metrics/inception_interval.h"

namespace emf {
namespace {

constexpr uint32_t kTorchFidelitySeed = 2020;
constexpr int64_t kSmall = 2000;

struct Settings {
  std::string name = "inception";
  bool logits = true, numpy_order = false, shuffled = false;
  int64_t splits = 1;
  BootstrapOptions bootstrap;
};

Settings settings_of(const Options& options, uint64_t seed) {
  ConfigReader reader(options);
  Settings settings;
  settings.name =
      reader.text("name", settings.name, "what its value is called; absent: after the network that it reads");
  settings.logits = reader.choice("kind", "logits", {"logits", "probabilities"}, "what the network gives") == "logits";
  settings.numpy_order =
      reader.choice("compat", "none", {"none", "torch-fidelity"}, "another scorer's conventions") != "none";
  settings.splits = reader.integer("splits", settings.numpy_order ? 10 : 1, 1, 1'000'000,
                                   "parts whose scores are averaged; 1 = the whole set [parts]");
  settings.shuffled =
      reader.choice("order", "given", {"given", "shuffled"}, "how rows are dealt to parts") == "shuffled";
  if (settings.shuffled && settings.numpy_order) {
    fail_input("{}: compat torch-fidelity has an order of its own; leave order out", settings.name);
  }
  settings.bootstrap.draws = static_cast<int>(
      reader.integer("draws", 500, 0, 100'000, "resamples of the bootstrap behind intervals; 0 = none [resamples]"));
  settings.bootstrap.seed = seed;
  settings.bootstrap.stream = "inception";
  reader.finish();
  return settings;
}

Settings settings_of(const MetricInput& input) {
  return settings_of(Options(input.options, "inception options"), input.seed);
}

bool is_distribution(const RowMatrixMap& rows, Eigen::Index i) {
  constexpr double kSumTolerance = 1e-3;  // half precision sums over a thousand classes
  return rows.row(i).minCoeff() >= 0 && std::abs(rows.row(i).sum() - 1) <= kSumTolerance;
}

Classes classes_of(const RowMatrixMap& rows, const Settings& settings) {
  Classes classes;
  if (!settings.logits) {
    for (Eigen::Index i = 0; i < rows.rows(); ++i) {
      if (is_distribution(rows, i)) continue;
      fail_input("{}: row {} is not a probability distribution (smallest {}, sum {}); give --kind logits",
                 settings.name, i, rows.row(i).minCoeff(), rows.row(i).sum());
    }
    classes.shares = rows;
    classes.logs = rows.array().max(std::numeric_limits<double>::min()).log();  // p log p is 0 where p is
    return classes;
  }
  classes.logs = rows.colwise() - rows.rowwise().maxCoeff();
  const Eigen::VectorXd total = classes.logs.array().exp().rowwise().sum().log();
  classes.logs.colwise() -= total;
  classes.shares = classes.logs.array().exp();
  return classes;
}

std::string order_text(const Settings& settings) {
  if (settings.numpy_order) return ", order of numpy's seed 2020";
  if (settings.shuffled && settings.splits > 1) return fmt::format(", shuffled by seed {}", settings.bootstrap.seed);
  return "";
}

/// Options: kind "logits" (default) or "probabilities"; splits = 1: of the whole set, with an interval from resamples
/// (draws = 500; 0 = none). splits > 1: mean and standard deviation (over n) of consecutive parts, in the order given
/// (with a warning where the parts are not alike) or with order "shuffled", by the seed. compat "torch-fidelity": 10
/// splits of rows in the order of numpy's seed 2020. Reads `generated` alone.
class Inception : public Metric {
 public:
  std::set<MetricNeed> needs() const override { return {MetricNeed::kProbabilities}; }
  bool higher_is_better() const override { return true; }
  std::string name_on(const std::string& backbone, bool official) const override {
    if (official) return "inception_score";
    return backbone.empty() ? "inception" : "inception_" + backbone;
  }

  void check_options(const Options& options) const override { settings_of(options, 0); }
  int64_t least_rows(const Options& options) const override { return settings_of(options, 0).splits; }

  std::vector<MetricValue> score(const MetricInput& input) const override {
    const Settings settings = settings_of(input);
    const RowMatrixMap rows = checked_features(input.generated, "generated", settings.name, settings.splits);
    const Classes classes = classes_of(rows, settings);
    std::vector<int64_t> order(static_cast<size_t>(rows.rows()));
    std::iota(order.begin(), order.end(), int64_t{0});
    if (settings.numpy_order) order = NumpyRandom(kTorchFidelitySeed).permutation(rows.rows());
    if (settings.shuffled) order = shuffled_places(rows.rows(), settings.bootstrap.seed, "inception/order");
    std::vector<double> parts;
    for (int64_t s = 0; s < settings.splits; ++s) {
      const int64_t begin = s * rows.rows() / settings.splits, end = (s + 1) * rows.rows() / settings.splits;
      parts.push_back(inception_score(
          classes, std::span(order).subspan(static_cast<size_t>(begin), static_cast<size_t>(end - begin))));
    }
    MetricValue value;
    value.name = settings.name;
    value.value = mean(parts);
    value.n = rows.rows();
    value.identity = {{"features", input.generated->identity},
                      {"estimator", fmt::format("Inception Score, {} split{}{}", settings.splits,
                                                settings.splits == 1 ? "" : "s", order_text(settings))}};
    value.details = {{"n_generated", rows.rows()}, {"dimension", rows.cols()}, {"splits", settings.splits}};
    double squares = 0;
    for (const double part : parts) squares += (part - *value.value) * (part - *value.value);
    value.details["std"] = std::sqrt(squares / static_cast<double>(parts.size()));
    if (settings.splits == 1) value.ci95 = inception_interval(classes, settings.bootstrap);
    if (rows.rows() < kSmall) value.warnings.emplace_back("small_n");
    if (settings.splits > 1 && !settings.numpy_order && !settings.shuffled &&
        !parts_are_alike(classes, order, settings.splits)) {
      value.warnings.emplace_back(
          "the parts are not alike, as of pictures stored class by class, which lowers the score; shuffle them with "
          "--order shuffled");
    }
    bool distributions = settings.logits;
    for (Eigen::Index i = 0; distributions && i < rows.rows(); ++i) distributions = is_distribution(rows, i);
    if (distributions) value.warnings.emplace_back("logits_look_like_probabilities");
    return {value};
  }
};

EMF_REGISTER(MetricRegistry, "inception", "Inception Score from a classifier's logits or probabilities",
             std::make_unique<Inception>, {.title = "Inception Score"});

}  // namespace
}  // namespace emf
