// SPDX-License-Identifier: Apache-2.0
// Kernel distance between two sets of features: unbiased squared MMD with the cubic kernel (a.b / D + 1)^3.
//
// Legend: m = the mean of all rows; a = m + a', so a.b/D + 1 = base + t with base = m.m/D + 1 and
// t = m.a'/D + m.b'/D + g, g = a'.b'/D. The constant base^3 cancels from the distance, and in the linear term
// all but g does: left out, features far from the origin keep their digits (a mean of 1e4 loses nine of
// sixteen otherwise).
#include <algorithm>
#include <cmath>
#include <numeric>

#include "harness/api/metric.h"
#include "harness/base/config.h"
#include "harness/base/numpy_random.h"
#include "harness/base/options.h"
#include "harness/base/random.h"
#include "harness/statistics/statistics.h"
#include "probes/metrics/feature_pair.h"

namespace emf {
namespace {

constexpr Eigen::Index kBlock = 256;  // rows of a Gram matrix held at once
constexpr uint32_t kTorchFidelitySeed = 2020;
constexpr int64_t kLargestBootstrap = 4000;  // rows a side; beyond, a bootstrap takes minutes and no interval is given

struct Centred {
  RowMatrix rows;        // a'
  Eigen::VectorXd lean;  // m.a'/D
};

struct Settings {
  std::string name = "kid";
  int64_t subsets = 0, subset_size = 1000;
  bool numpy_draws = false;
  BootstrapOptions bootstrap;
};

/// Sums of the kernel over all pairs (without the diagonal where `same`), for the value and for every
/// bootstrap draw.
struct PairSums {
  double value = 0;
  Eigen::VectorXd draws;  // sum_ij w_di v_dj k_ij, with the linear term whole
};

class Kernel {
 public:
  explicit Kernel(const Eigen::RowVectorXd& center)
      : center_(center), dimension_(static_cast<double>(center.size())), base_(center.squaredNorm() / dimension_ + 1) {}

  Centred centred(const RowMatrix& rows) const {
    Centred set{rows.rowwise() - center_, {}};
    set.lean = set.rows * center_.transpose() / dimension_;
    return set;
  }

  /// @param left_counts, right_counts  [rows, draws] multiplicities of a bootstrap; no columns: the value
  /// alone.
  PairSums sums(const Centred& left, const Centred& right, bool same, const Eigen::MatrixXd& left_counts,
                const Eigen::MatrixXd& right_counts) const {
    PairSums result;
    result.draws = Eigen::VectorXd::Zero(left_counts.cols());
    Eigen::ArrayXXd g, t, kernel;
    for (Eigen::Index begin = 0; begin < left.rows.rows(); begin += kBlock) {
      const Eigen::Index rows = std::min(kBlock, left.rows.rows() - begin);
      g = (left.rows.middleRows(begin, rows) * right.rows.transpose() / dimension_).array();
      t = g;
      t.colwise() += left.lean.segment(begin, rows).array();
      t.rowwise() += right.lean.transpose().array();
      kernel = 3 * base_ * base_ * g + t.square() * (3 * base_ + t);
      if (same) {
        for (Eigen::Index i = 0; i < rows; ++i) kernel(i, begin + i) = 0;
      }
      result.value += kernel.sum();
      if (left_counts.cols() == 0) continue;
      kernel = t * (3 * base_ * base_ + t * (3 * base_ + t));
      if (same) {
        for (Eigen::Index i = 0; i < rows; ++i) kernel(i, begin + i) = 0;
      }
      const Eigen::MatrixXd weighted = kernel.matrix() * right_counts;
      result.draws += left_counts.middleRows(begin, rows).cwiseProduct(weighted).colwise().sum().transpose();
    }
    return result;
  }

 private:
  Eigen::RowVectorXd center_;
  double dimension_, base_;
};

/// The kernel distance of two sets and, when draws are given, of their resamples.
///
/// A resample never pairs a row with its own copy: such pairs would bring the diagonal back that the unbiased
/// estimate drops.
struct Distance {
  double value = 0;
  std::vector<double> draws;
};

Eigen::MatrixXd counts_of(int64_t rows, const BootstrapOptions& options, const char* side) {
  BootstrapOptions own = options;
  const std::string stream = fmt::format("{}/{}", options.stream, side);
  own.stream = stream;
  Eigen::MatrixXd counts(rows, options.draws);
  for (int d = 0; d < options.draws; ++d) {
    const std::vector<int32_t> draw = bootstrap_counts(rows, d, own);
    for (int64_t i = 0; i < rows; ++i) counts(i, d) = draw[static_cast<size_t>(i)];
  }
  return counts;
}

Distance distance_of(const RowMatrix& real, const RowMatrix& generated, const BootstrapOptions& options) {
  const auto n = static_cast<double>(real.rows()), m = static_cast<double>(generated.rows());
  // From the first row, so that the mean of large numbers is itself exact to the last digits.
  const Eigen::RowVectorXd origin = real.row(0);
  const Kernel kernel(
      origin + ((real.rowwise() - origin).colwise().sum() + (generated.rowwise() - origin).colwise().sum()) / (n + m));
  const Centred x = kernel.centred(real), y = kernel.centred(generated);
  const Eigen::MatrixXd x_counts = counts_of(real.rows(), options, "real");
  const Eigen::MatrixXd y_counts = counts_of(generated.rows(), options, "generated");
  const PairSums xx = kernel.sums(x, x, true, x_counts, x_counts);
  const PairSums yy = kernel.sums(y, y, true, y_counts, y_counts);
  const PairSums xy = kernel.sums(x, y, false, x_counts, y_counts);
  Distance distance;
  distance.value = xx.value / (n * (n - 1)) + yy.value / (m * (m - 1)) - 2 * xy.value / (n * m);
  for (Eigen::Index d = 0; d < x_counts.cols(); ++d) {
    // Ordered pairs of different rows left in the draw; none when every draw hit one row.
    const double x_pairs = n * n - x_counts.col(d).squaredNorm(), y_pairs = m * m - y_counts.col(d).squaredNorm();
    if (x_pairs == 0 || y_pairs == 0) continue;
    distance.draws.push_back(xx.draws[d] / x_pairs + yy.draws[d] / y_pairs - 2 * xy.draws[d] / (n * m));
  }
  return distance;
}

RowMatrix chosen_rows(const RowMatrixMap& rows, const std::vector<int64_t>& places) {
  RowMatrix chosen(static_cast<Eigen::Index>(places.size()), rows.cols());
  for (size_t i = 0; i < places.size(); ++i) chosen.row(static_cast<Eigen::Index>(i)) = rows.row(places[i]);
  return chosen;
}

/// `size` different rows: the first places of a shuffle that belongs to (seed, side, subset).
RowMatrix subset_of(const RowMatrixMap& rows, int64_t size, const Settings& settings, const char* side,
                    int64_t subset) {
  Random random(settings.bootstrap.seed, fmt::format("kid/subset/{}", side), static_cast<uint64_t>(subset));
  std::vector<int64_t> order(static_cast<size_t>(rows.rows()));
  std::iota(order.begin(), order.end(), int64_t{0});
  for (int64_t i = 0; i < size; ++i) {
    const auto place = static_cast<size_t>(i);
    std::swap(order[place], order[place + random.below(static_cast<uint32_t>(rows.rows() - i))]);
  }
  order.resize(static_cast<size_t>(size));
  return chosen_rows(rows, order);
}

Settings settings_of(const Options& options, uint64_t seed) {
  ConfigReader reader(options);
  Settings settings;
  settings.name =
      reader.text("name", settings.name, "what its value is called; absent: after the network that it reads");
  settings.numpy_draws =
      reader.choice("compat", "none", {"none", "torch-fidelity"}, "another scorer's conventions") != "none";
  settings.subsets = reader.integer("subsets", settings.numpy_draws ? 100 : 0, 0, 1'000'000,
                                    "subsets whose distances are averaged; 0 = whole sets [subsets]");
  settings.subset_size =
      reader.integer("subset_size", settings.subset_size, 2, 1'000'000, "rows of a subset [pictures]");
  settings.bootstrap.draws = static_cast<int>(
      reader.integer("draws", 500, 0, 100'000, "resamples of the bootstrap behind intervals; 0 = none [resamples]"));
  settings.bootstrap.seed = seed;
  settings.bootstrap.stream = "kid";
  reader.finish();
  return settings;
}

Settings settings_of(const MetricInput& input) {
  return settings_of(Options(input.options, "kid options"), input.seed);
}

/// Options:
///  - subsets = 0: whole sets, ci95 from a bootstrap of rows on both sides (draws, default 500; 0 = none;
///  none beyond 4,000
///    rows a side either). Wide rather than narrow where both sets are alike.
///  - subsets > 0: mean and standard deviation (over n) of that many subsets of subset_size rows without
///  replacement, as
///    torch-fidelity has it; ci95 is the central 95 % of the subsets' own values.
///  - compat = "torch-fidelity": its very subsets (numpy's seed 2020, the generated side drawn first), 100 of
///  1,000
///    rows unless said otherwise.
class Kid : public Metric {
 public:
  std::set<MetricNeed> needs() const override { return {MetricNeed::kFeatures}; }
  bool higher_is_better() const override { return false; }
  std::string name_on(const std::string& backbone, bool official) const override {
    if (official) return "kid";
    return backbone.empty() ? "kid" : "kid_" + backbone;
  }

  void check_options(const Options& options) const override { settings_of(options, 0); }
  int64_t least_rows(const Options& options) const override {
    const Settings settings = settings_of(options, 0);
    return settings.subsets == 0 ? 2 : settings.subset_size;
  }

  std::vector<MetricValue> score(const MetricInput& input) const override {
    const Settings settings = settings_of(input);
    // Smaller subsets than were asked for would be another estimator, and one as large as the set is always the same.
    const FeaturePair pair = checked_pair(input, settings.name, settings.subsets == 0 ? 2 : settings.subset_size);
    return {settings.subsets == 0 ? whole(pair, settings) : subsets(pair, settings)};
  }

 private:
  static MetricValue whole(const FeaturePair& pair, const Settings& settings) {
    BootstrapOptions bootstrap = settings.bootstrap;
    if (std::max(pair.real.rows(), pair.generated.rows()) > kLargestBootstrap) bootstrap.draws = 0;
    const Distance distance = distance_of(pair.real, pair.generated, bootstrap);
    MetricValue value = feature_value(pair, settings.name, distance.value);
    value.identity["estimator"] = "unbiased MMD^2, kernel (a.b/D + 1)^3, whole sets";
    if (!distance.draws.empty()) value.ci95 = percentile_interval(distance.draws);
    return value;
  }

  static MetricValue subsets(const FeaturePair& pair, const Settings& settings) {
    const int64_t size = settings.subset_size;
    BootstrapOptions none = settings.bootstrap;
    none.draws = 0;
    std::vector<double> values;
    NumpyRandom numpy(kTorchFidelitySeed);
    for (int64_t i = 0; i < settings.subsets; ++i) {
      const RowMatrix generated = settings.numpy_draws
                                      ? chosen_rows(pair.generated, numpy.choice(pair.generated.rows(), size))
                                      : subset_of(pair.generated, size, settings, "generated", i);
      const RowMatrix real = settings.numpy_draws ? chosen_rows(pair.real, numpy.choice(pair.real.rows(), size))
                                                  : subset_of(pair.real, size, settings, "real", i);
      values.push_back(distance_of(real, generated, none).value);
    }
    const double center = mean(values);
    double squares = 0;
    for (const double value : values) squares += (value - center) * (value - center);
    MetricValue result = feature_value(pair, settings.name, center);
    result.identity["estimator"] =
        fmt::format("unbiased MMD^2, kernel (a.b/D + 1)^3, {} subsets of {}, {}", settings.subsets, size,
                    settings.numpy_draws ? "numpy's seed 2020" : fmt::format("seed {}", settings.bootstrap.seed));
    result.details["std"] = std::sqrt(squares / static_cast<double>(values.size()));
    result.details["subsets"] = settings.subsets;
    result.details["subset_size"] = size;
    if (values.size() > 1) result.ci95 = percentile_interval(values);
    return result;
  }
};

EMF_REGISTER(MetricRegistry, "kid", "Unbiased kernel distance between two sets of features (cubic kernel)",
             std::make_unique<Kid>, {.title = "Kernel distance"});

}  // namespace
}  // namespace emf
