// SPDX-License-Identifier: Apache-2.0
// Precision, recall, density and coverage of generated features by nearest-neighbour balls, decided exactly.
//
// Distances come in blocks from a matrix product, with a bound on their rounding; where a comparison falls
// inside the bound, the distance is summed again coordinate by coordinate, so that equal rows are at distance
// zero and ties are ties. In single precision, a mean of 1e4 turns a precision of .96 into 1.
#include <algorithm>
#include <cmath>
#include <limits>

#include "harness/api/metric.h"
#include "harness/base/config.h"
#include "harness/base/options.h"
#include "harness/statistics/statistics.h"
#include "probes/metrics/feature_pair.h"

namespace emf {
namespace {

constexpr const char* kName = "precision_recall";
constexpr Eigen::Index kBlock = 256;  // rows of a distance matrix held at once
constexpr int64_t kLargestBootstrap = 20'000;

struct Settings {
  std::string name = kName;
  int64_t k = 3;
  bool touching = true;  // "le": a point on a ball's surface is inside
  BootstrapOptions bootstrap;
};

/// One side: rows as given for exact distances, and centred for products.
struct Points {
  const RowMatrixMap& rows;
  RowMatrix centred;
  Eigen::VectorXd norms;  // squared, of the centred rows

  Points(const RowMatrixMap& given, const Eigen::RowVectorXd& center)
      : rows(given), centred(given.rowwise() - center), norms(centred.rowwise().squaredNorm()) {}
};

double exact(const Points& a, Eigen::Index i, const Points& b, Eigen::Index j) {
  return (a.rows.row(i) - b.rows.row(j)).squaredNorm();
}

/// Share of |a'|^2 + |b'|^2 by which a squared distance from products may be off: products and norms of D
/// terms err by D eps each, centring by a few eps more.
double slack_of(Eigen::Index dimension) {
  return 4 * (static_cast<double>(dimension) + 16) * std::numeric_limits<double>::epsilon();
}

/// Squared distances of rows [begin, begin + rows) of `a` to all of `b`.
RowMatrix distances(const Points& a, Eigen::Index begin, Eigen::Index rows, const Points& b) {
  RowMatrix squared = -2 * (a.centred.middleRows(begin, rows) * b.centred.transpose());
  squared.colwise() += a.norms.segment(begin, rows);
  squared.rowwise() += b.norms.transpose();
  return squared;
}

/// Squared distance of every point to its k-th nearest other point.
Eigen::VectorXd radii_of(const Points& points, int64_t k) {
  const Eigen::Index n = points.rows.rows();
  const double slack = slack_of(points.rows.cols());
  Eigen::VectorXd radii(n);
  std::vector<double> sorted(static_cast<size_t>(n - 1)), near;
  for (Eigen::Index begin = 0; begin < n; begin += kBlock) {
    const Eigen::Index rows = std::min(kBlock, n - begin);
    const RowMatrix squared = distances(points, begin, rows, points);
    for (Eigen::Index i = 0; i < rows; ++i) {
      const Eigen::Index self = begin + i;
      for (Eigen::Index j = 0, at = 0; j < n; ++j) {
        if (j != self)
          sorted[static_cast<size_t>(at++)] = squared(i, j) + slack * (points.norms[self] + points.norms[j]);
      }
      // The k smallest upper ends hold k distances, so the k-th distance is at most the k-th upper end.
      std::nth_element(sorted.begin(), sorted.begin() + (k - 1), sorted.end());
      const double reach = sorted[static_cast<size_t>(k - 1)];
      near.clear();
      for (Eigen::Index j = 0; j < n; ++j) {
        if (j == self || squared(i, j) - slack * (points.norms[self] + points.norms[j]) > reach) continue;
        near.push_back(exact(points, self, points, j));
      }
      std::nth_element(near.begin(), near.begin() + (k - 1), near.end());
      radii[self] = near[static_cast<size_t>(k - 1)];
    }
  }
  return radii;
}

/// What the four scores are means of.
struct Counts {
  std::vector<double> precise, dense;     // a generated row: in any real ball; number of real balls around it
  std::vector<double> recalled, covered;  // a real row: in any generated ball; its ball holds a generated row
};

Counts count(const Points& real, const Points& generated, const Settings& settings) {
  const Eigen::VectorXd real_radii = radii_of(real, settings.k), generated_radii = radii_of(generated, settings.k);
  const Eigen::Index n = real.rows.rows(), m = generated.rows.rows();
  const double slack = slack_of(real.rows.cols());
  Counts counts;
  counts.precise.assign(static_cast<size_t>(m), 0);
  counts.dense = counts.precise;
  counts.recalled.assign(static_cast<size_t>(n), 0);
  counts.covered = counts.recalled;
  for (Eigen::Index begin = 0; begin < m; begin += kBlock) {
    const Eigen::Index rows = std::min(kBlock, m - begin);
    const RowMatrix squared = distances(generated, begin, rows, real);
    for (Eigen::Index i = 0; i < rows; ++i) {
      const auto g = static_cast<size_t>(begin + i);
      const double own = generated_radii[begin + i];
      int64_t balls = 0;
      for (Eigen::Index j = 0; j < n; ++j) {
        double distance = squared(i, j);
        const double doubt = slack * (generated.norms[begin + i] + real.norms[j]);
        if (std::abs(distance - own) <= doubt || std::abs(distance - real_radii[j]) <= doubt) {
          distance = exact(generated, begin + i, real, j);
        }
        const auto inside = [&](double radius) { return settings.touching ? distance <= radius : distance < radius; };
        if (inside(real_radii[j])) {
          ++balls;
          counts.covered[static_cast<size_t>(j)] = 1;
        }
        if (inside(own)) counts.recalled[static_cast<size_t>(j)] = 1;
      }
      counts.precise[g] = balls > 0 ? 1 : 0;
      counts.dense[g] = static_cast<double>(balls);
    }
  }
  return counts;
}

/// "precision_recall/recall"; of a name with a backbone, "precision_recall_lite0", it is "recall_lite0".
std::string part_name(const std::string& name, const std::string& part) {
  const bool of_backbone = name.rfind(std::string(kName) + "_", 0) == 0;
  return of_backbone ? part + name.substr(std::string(kName).size()) : name + "/" + part;
}

Settings settings_of(const Options& options, uint64_t seed) {
  ConfigReader reader(options);
  Settings settings;
  settings.name =
      reader.text("name", settings.name, "what its value is called; absent: after the network that it reads");
  settings.k = reader.integer("k", settings.k, 1, 1'000'000, "neighbours that make a ball [rows]");
  settings.touching =
      reader.choice("rule", "le", {"le", "lt"},
                    "whether a row on a ball's rim lies in it: le = yes (torch-fidelity), lt = no (prdc)") == "le";
  settings.bootstrap.draws = static_cast<int>(
      reader.integer("draws", 500, 0, 100'000, "resamples of the bootstrap behind intervals; 0 = none [resamples]"));
  settings.bootstrap.seed = seed;
  reader.finish();
  return settings;
}

Settings settings_of(const MetricInput& input) {
  return settings_of(Options(input.options, "precision_recall options"), input.seed);
}

/// Options: k = 3; rule "le" (torch-fidelity, guided-diffusion) or "lt" (prdc, dgm-eval); draws = 500 (0 = no
/// intervals; none beyond 20,000 rows either). The first value is the harmonic mean of precision and recall.
/// Intervals resample the rows that are judged, the balls held fixed: a resample of the balls would hold
/// copies, whose radii are zero.
class PrecisionRecall : public Metric {
 public:
  std::set<MetricNeed> needs() const override { return {MetricNeed::kFeatures}; }
  bool higher_is_better() const override { return true; }
  /// Its parts are then called precision_lite0, recall_lite0, density_lite0 and coverage_lite0.
  std::string name_on(const std::string& backbone, bool) const override {
    return backbone.empty() ? kName : fmt::format("{}_{}", kName, backbone);
  }

  std::vector<std::string> value_names(const std::string& name) const override {
    std::vector<std::string> names = {name};
    for (const char* part : {"precision", "recall", "density", "coverage"}) names.push_back(part_name(name, part));
    return names;
  }

  void check_options(const Options& options) const override { settings_of(options, 0); }
  int64_t least_rows(const Options& options) const override { return settings_of(options, 0).k + 1; }

  std::vector<MetricValue> score(const MetricInput& input) const override {
    const Settings settings = settings_of(input);
    const FeaturePair pair = checked_pair(input, settings.name, settings.k + 1);
    const Eigen::RowVectorXd origin = pair.real.row(0);
    const Eigen::RowVectorXd center = origin + (pair.real.rowwise() - origin).colwise().mean();
    if (!std::isfinite((pair.real.rowwise() - center).squaredNorm() +
                       (pair.generated.rowwise() - center).squaredNorm())) {
      fail_input("{}: features are too large to compare in double precision", settings.name);
    }
    const Counts counts = count(Points(pair.real, center), Points(pair.generated, center), settings);
    std::vector<MetricValue> values(1);
    const double precision = mean(counts.precise), recall = mean(counts.recalled);
    values.front() =
        feature_value(pair, settings.name, precision + recall > 0 ? 2 * precision * recall / (precision + recall) : 0);
    const auto add = [&](const std::string& name, const std::vector<double>& scores, double scale) {
      MetricValue value = feature_value(pair, part_name(settings.name, name), scale * mean(scores));
      BootstrapOptions own = settings.bootstrap;
      const std::string stream = "precision_recall/" + name;
      own.stream = stream;
      own.shares = scale == 1;  // density is none: a point may lie in more than k balls
      if (own.draws > 0 && static_cast<int64_t>(scores.size()) <= kLargestBootstrap) {
        value.ci95 = estimate_mean({scores, {}, {}}, own).ci95;
        if (value.ci95) value.ci95 = {scale * (*value.ci95)[0], scale * (*value.ci95)[1]};
      }
      values.push_back(value);
    };
    add("precision", counts.precise, 1);
    add("recall", counts.recalled, 1);
    add("density", counts.dense, 1 / static_cast<double>(settings.k));
    add("coverage", counts.covered, 1);
    for (MetricValue& value : values) {
      value.identity["estimator"] =
          fmt::format("nearest-neighbour balls, k {}, distance {} radius", settings.k, settings.touching ? "<=" : "<");
    }
    return values;
  }
};

EMF_REGISTER(MetricRegistry, "precision_recall", "Precision, recall, density and coverage by nearest-neighbour balls",
             std::make_unique<PrecisionRecall>, {.title = "Precision and recall"});

}  // namespace
}  // namespace emf
