// SPDX-License-Identifier: Apache-2.0
// Frechet distance between two sets of features: exact at any rank and scale, with intervals, the distance at
// infinitely many pictures, and other scorers' conventions by name.
#include <algorithm>
#include <cmath>
#include <future>

#include "harness/api/metric.h"
#include "harness/base/config.h"
#include "harness/base/options.h"
#include "probes/metrics/frechet_distance.h"

namespace emf {
namespace {

/// Below this many pictures the upward bias of the distance (about c / N) is no longer small.
constexpr int64_t kSmall = 2000;
/// Multiplications, a few seconds, that an interval nobody asked for may cost.
constexpr double kUnaskedWork = 5e10;
/// FID-infinity's smallest subset where there are pictures enough; a tenth of them where not.
constexpr int64_t kSmallestSubset = 5000;

struct Settings {
  std::string name = "frechet", compat = "none", interval = "auto", order = "shuffled";
  bool infinity = false;
  int64_t groups = 20, points = 15, smallest = 0;
  BootstrapOptions bootstrap;
};

Settings settings_of(const Options& options, uint64_t seed) {
  ConfigReader reader(options);
  Settings settings;
  settings.name =
      reader.text("name", settings.name, "what its value is called; absent: after the network that it reads");
  settings.compat = reader.choice(
      "compat", "none",
      {"none", "pytorch-fid", "clean-fid", "torch-fidelity", "torchmetrics", "edm2", "torch-fidelity-float32"},
      "another scorer's conventions");
  settings.interval = reader.choice("interval", "auto", {"auto", "none", "jackknife", "bootstrap"},
                                    "how the interval is made; auto = by the jackknife where that takes seconds");
  settings.groups = reader.integer("groups", settings.groups, 2, 10'000, "groups of the jackknife [groups]");
  settings.infinity = reader.flag("infinity", false, "the value at infinitely many pictures, by extrapolation");
  settings.points = reader.integer("points", settings.points, 2, 1000, "sizes that are extrapolated from [sizes]");
  settings.smallest =
      reader.integer("smallest", 0, 0, 1'000'000'000, "the smallest of them; 0 = 5,000, or a tenth [pictures]");
  settings.order = reader.choice("order", "shuffled", {"shuffled", "given"}, "which rows make a size");
  settings.bootstrap.draws = static_cast<int>(
      reader.integer("draws", 200, 2, 100'000, "resamples of the bootstrap behind intervals [resamples]"));
  settings.bootstrap.seed = seed;
  settings.bootstrap.stream = "frechet";
  reader.finish();
  return settings;
}

Settings settings_of(const MetricInput& input) {
  return settings_of(Options(input.options, "frechet options"), input.seed);
}

/// Squared length of the difference of means as torch-fidelity has it: sums, means and their product in
/// single precision (numpy keeps the features' own).
double single_precision_mean_term(const FeaturePair& pair) {
  const auto mean_of = [](const RowMatrixMap& rows) {
    Eigen::RowVectorXf sum = Eigen::RowVectorXf::Zero(rows.cols());
    for (Eigen::Index i = 0; i < rows.rows(); ++i) sum += rows.row(i).cast<float>();
    return Eigen::RowVectorXf(sum / static_cast<float>(rows.rows()));
  };
  return static_cast<double>((mean_of(pair.generated) - mean_of(pair.real)).squaredNorm());
}

/// Sizes from smallest to n, evenly, as numpy's linspace cut to whole numbers.
std::vector<int64_t> sizes_of(int64_t smallest, int64_t n, int64_t points) {
  std::vector<int64_t> sizes;
  for (int64_t i = 0; i < points; ++i) {
    const double place = static_cast<double>(smallest) +
                         static_cast<double>(i) * (static_cast<double>(n - smallest) / static_cast<double>(points - 1));
    const int64_t size = i + 1 == points ? n : static_cast<int64_t>(place);
    if (sizes.empty() || size > sizes.back()) sizes.push_back(size);
  }
  return sizes;
}

/// What is known of both sides: rows where they were given, statistics in any case.
struct Inputs {
  std::optional<FeaturePair> rows;             // where both sides have them
  std::optional<RowMatrixMap> generated_rows;  // where that side has them
  FrechetSide real, generated;
};

FrechetSide side_of(const FeatureMatrix* rows, const FeatureStatistics* statistics, const char* side,
                    const std::string& name) {
  if (statistics == nullptr) {
    FeatureStatistics made;
    made.add(checked_features(rows, side, name, 2));
    return FrechetSide(std::move(made));
  }
  if (!statistics->from_file() && statistics->rows() < 2) {
    fail_input("{}: needs at least 2 rows of {} features, not {}", name, side, statistics->rows());
  }
  return FrechetSide(*statistics);
}

Inputs inputs_of(const MetricInput& input, const std::string& name) {
  std::optional<FeaturePair> rows;
  if (input.real_statistics == nullptr && input.generated_statistics == nullptr) {
    rows.emplace(checked_pair(input, name, 2));
  }
  // Two independent halves of most of the work; neither knows of the other, so threads change no digit.
  auto other = std::async(std::launch::async,
                          [&] { return side_of(input.generated, input.generated_statistics, "generated", name); });
  FrechetSide real = side_of(input.real, input.real_statistics, "real", name), generated = other.get();
  const int64_t left = real.statistics.dimension(), right = generated.statistics.dimension();
  if (left != right) {
    fail_input("{}: real features have {} columns, generated {}; both need the same backbone and layer", name, left,
               right);
  }
  std::optional<RowMatrixMap> generated_rows;
  if (rows) {
    generated_rows.emplace(rows->generated);
  } else if (input.generated_statistics == nullptr) {
    generated_rows.emplace(checked_features(input.generated, "generated", name, 2));
  }
  return {std::move(rows), generated_rows, std::move(real), std::move(generated)};
}

/// Options:
///  - compat: another scorer's conventions. pytorch-fid, clean-fid, torch-fidelity, torchmetrics and edm2 mean the same
///    number in double precision and differ from it by the rounding of their matrix roots (up to 5e-6), which is not
///    imitated; torch-fidelity-float32 takes the means of single-precision features in single precision, which moves
///    the distance by up to 1e-2 where means are large.
///  - interval: jackknife (groups = 20), bootstrap (draws = 200), none, or auto: jackknife where it takes some seconds
///    at most.
///  - infinity: the value is the intercept of the distance on 1 / N over `points` = 15 sizes from `smallest` (0: 5,000,
///    or a tenth) to all generated rows, in `order` shuffled (by the seed) or given.
class Frechet : public Metric {
 public:
  std::set<MetricNeed> needs() const override { return {MetricNeed::kFeatures}; }
  bool higher_is_better() const override { return false; }
  std::string name_on(const std::string& backbone, bool official) const override {
    if (official) return "fid";
    return backbone.empty() ? "frechet" : "fd_" + backbone;
  }

  void check_options(const Options& options) const override { settings_of(options, 0); }

  std::vector<MetricValue> score(const MetricInput& input) const override {
    const Settings settings = settings_of(input);
    const Inputs inputs = inputs_of(input, settings.name);
    if (!inputs.generated_rows &&
        (settings.infinity || settings.interval == "jackknife" || settings.interval == "bootstrap")) {
      fail_input("{}: {} needs the features of the generated pictures, of which there are statistics alone",
                 settings.name, settings.infinity ? "infinity" : "an interval");
    }
    if (!inputs.rows && settings.compat == "torch-fidelity-float32") {
      fail_input("{}: float32 means need the features of both sides, of which one has statistics alone", settings.name);
    }
    FrechetTerms terms = frechet_terms(inputs.real, inputs.generated);
    if (settings.compat == "torch-fidelity-float32") terms.mean_term = single_precision_mean_term(*inputs.rows);
    if (!std::isfinite(terms.mean_term + terms.trace_real + terms.trace_generated + terms.trace_root)) {
      fail_input("{}: features are too large to compare in double precision", settings.name);
    }
    MetricValue value = described(input, inputs, settings, terms);
    if (settings.infinity) {
      extrapolate(value, inputs, settings);
    } else if (inputs.generated_rows) {
      add_interval(value, inputs, settings);
    }
    return {value};
  }

 private:
  static MetricValue described(const MetricInput& input, const Inputs& inputs, const Settings& settings,
                               const FrechetTerms& terms) {
    MetricValue value;
    const int64_t n = inputs.real.statistics.rows(), m = inputs.generated.statistics.rows();
    if (inputs.rows) {
      value = feature_value(*inputs.rows, settings.name, terms.distance());
    } else {
      value.name = settings.name;
      value.value = terms.distance();
      value.n = m;
      value.details["dimension"] = inputs.real.statistics.dimension();
      const FeatureMatrix* known = input.generated != nullptr ? input.generated : input.real;
      value.identity["features"] = known != nullptr ? known->identity : Json::object();
      if (inputs.real.statistics.from_file() || inputs.generated.statistics.from_file()) {
        value.warnings.emplace_back("identity_of_statistics_unknown");
      }
    }
    value.details["n_real"] = n > 0 ? Json(n) : Json();
    value.details["n_generated"] = m > 0 ? Json(m) : Json();
    value.details["mean_term"] = terms.mean_term;
    value.details["trace_real"] = terms.trace_real;
    value.details["trace_generated"] = terms.trace_generated;
    value.details["trace_root"] = terms.trace_root;
    value.identity["estimator"] = "frechet, covariance over N - 1, nuclear norm";
    value.identity["n_real"] = value.details["n_real"];
    value.identity["n_generated"] = value.details["n_generated"];
    if (settings.compat != "none") value.identity["compat"] = settings.compat;
    if (n == 0 || m == 0) value.warnings.emplace_back("n_unknown");
    if ((n > 0 && n < kSmall) || (m > 0 && m < kSmall)) value.warnings.emplace_back("small_n");
    return value;
  }

  /// Over the rows of both sides, or of the generated one where the other is a statistics file: then the interval says
  /// how sure the distance from that very reference is.
  static void add_interval(MetricValue& value, const Inputs& inputs, const Settings& settings) {
    const RowMatrixMap& generated = *inputs.generated_rows;
    const FeaturePair* pair = inputs.rows ? &*inputs.rows : nullptr;
    const int64_t m = generated.rows(), n = pair != nullptr ? pair->real.rows() : m;
    const int64_t groups = std::min({settings.groups, n, m});
    const bool asked = settings.interval == "jackknife";
    const double work = (pair != nullptr ? 2 : 1) * static_cast<double>(groups) *
                        frechet_work(pair != nullptr ? n : generated.cols(), m, generated.cols());
    const char* of = pair != nullptr ? "" : " of generated rows";
    // Two rows less a group of one have no covariance.
    const bool possible = std::min(n, m) > 2 && std::min(n, m) - (std::min(n, m) + groups - 1) / groups >= 2;
    std::optional<DistanceInterval> interval;
    if (possible && (asked || (settings.interval == "auto" && work <= kUnaskedWork))) {
      interval =
          pair != nullptr
              ? frechet_jackknife(*pair, inputs.real, inputs.generated, *value.value, groups, settings.bootstrap.seed)
              : frechet_jackknife(inputs.real, generated, *value.value, groups, settings.bootstrap.seed);
      value.details["interval"] = fmt::format("jackknife, {} groups{}", groups, of);
      value.details["bias_corrected"] = *interval->corrected;
    } else if (settings.interval == "bootstrap") {
      interval = pair != nullptr ? frechet_bootstrap(*pair, *value.value, settings.bootstrap)
                                 : frechet_bootstrap(inputs.real, generated, *value.value, settings.bootstrap);
      value.details["interval"] = fmt::format("bootstrap, {} draws{}", settings.bootstrap.draws, of);
    } else if (asked) {
      fail_input("{}: a jackknife needs at least 4 rows a side", settings.name);
    }
    if (!interval) return;
    value.ci95 = interval->ci95;
    value.details["standard_error"] = interval->standard_error;
  }

  static void extrapolate(MetricValue& value, const Inputs& inputs, const Settings& settings) {
    const RowMatrixMap& generated = *inputs.generated_rows;
    const int64_t n = generated.rows();
    int64_t smallest = settings.smallest;
    if (smallest == 0) smallest = n > 2 * kSmallestSubset ? kSmallestSubset : std::max<int64_t>(2, n / 10);
    if (smallest < 2 || smallest >= n) {
      fail_input("{}: the smallest subset must hold 2 rows or more and fewer than the {} generated ones", settings.name,
                 n);
    }
    std::vector<int64_t> order = shuffled_places(n, settings.bootstrap.seed, "frechet/infinity");
    if (settings.order == "given") std::sort(order.begin(), order.end());
    const FrechetLine line = frechet_line(inputs.real, generated, order, sizes_of(smallest, n, settings.points));
    value.details["distance_of_all"] = *value.value;
    value.details["line"] = {{"n", line.sizes}, {"value", line.distances}, {"slope", line.slope}};
    value.value = line.intercept;
    value.identity["estimator"] =
        fmt::format("frechet at infinite N, {} sizes from {}, {}", line.sizes.size(), smallest,
                    settings.order == "given" ? "rows in order" : fmt::format("seed {}", settings.bootstrap.seed));
    const int64_t groups = std::min(settings.groups, smallest / 2);
    const double work = static_cast<double>(groups * settings.points) *
                        frechet_work(inputs.rows ? inputs.rows->real.rows() : generated.cols(), n, generated.cols());
    if (settings.interval == "none" || (settings.interval == "auto" && work > kUnaskedWork)) return;
    if (groups < 2) fail_input("{}: an interval needs subsets of 4 rows or more", settings.name);
    const DistanceInterval interval = frechet_line_jackknife(inputs.real, generated, order, line, groups);
    value.ci95 = interval.ci95;
    value.details["standard_error"] = interval.standard_error;
    value.details["interval"] = fmt::format("jackknife, {} groups of generated rows", groups);
  }
};

EMF_REGISTER(MetricRegistry, "frechet", "Frechet distance between two sets of features (nuclear-norm form)",
             std::make_unique<Frechet>, {.title = "Fr\u00e9chet distance"});

}  // namespace
}  // namespace emf
