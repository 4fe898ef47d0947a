// SPDX-License-Identifier: Apache-2.0
// CMMD (Jayasumana et al. 2024, arXiv 2401.09603): squared maximum mean discrepancy with a Gaussian kernel, which the
// paper takes of CLIP ViT-L/14@336 embeddings; here of any features.
//
// Legend: k(a, b) = exp(-|a - b|^2 / (2 sigma^2)); CMMD = 1000 (mean k(x, x') + mean k(y, y') - 2 mean k(x, y)), each
// mean over all pairs, a row with itself included (the V-statistic of the released code, biased upwards by O(1/N)).
#include <algorithm>
#include <cmath>

#include "harness/api/metric.h"
#include "harness/base/config.h"
#include "harness/base/options.h"
#include "harness/statistics/dense/kernels.h"
#include "probes/metrics/distance_interval.h"
#include "probes/metrics/feature_pair.h"

namespace emf {
namespace {

constexpr int64_t kBlock = 128;  // rows of a kernel matrix held at once, and those of a task
constexpr double kScale = 1000;  // of the released code

struct Settings {
  std::string name = "cmmd";
  double sigma = 10;
  bool normalize = true;
  int64_t groups = 20;
  uint64_t seed = 0;
};

Settings settings_of(const Options& options, uint64_t seed) {
  ConfigReader reader(options);
  Settings settings;
  settings.name =
      reader.text("name", settings.name, "what its value is called; absent: after the network that it reads");
  settings.sigma = reader.number("sigma", settings.sigma, 1e-6, 1e9, "width of the Gaussian kernel");
  settings.normalize = reader.flag("normalize", settings.normalize, "rows are scaled to length 1 first");
  settings.groups = reader.integer("groups", settings.groups, 0, 10'000,
                                   "groups of the interval's jackknife; 0 = no interval [groups]");
  settings.seed = seed;
  reader.finish();
  return settings;
}

/// One set: rows, their squared lengths, their groups.
struct Rows {
  RowMatrix rows;
  Eigen::VectorXd squares;
  std::vector<int32_t> group;
  std::vector<int64_t> sizes;  ///< of the groups
};

RowMatrix unit_rows(const RowMatrixMap& rows, const std::string& metric, const char* side) {
  RowMatrix result = rows;
  for (Eigen::Index i = 0; i < result.rows(); ++i) {
    const double length = result.row(i).norm();
    if (length == 0) {
      fail_input(
          "{}: {} features are all zero at row {}, which has no direction; remove that row, or normalize = false",
          metric, side, i);
    }
    result.row(i) /= length;
  }
  return result;
}

/// @param groups  0: one that holds all.
Rows grouped(RowMatrix rows, int64_t groups, uint64_t seed, std::string_view stream) {
  Rows result{std::move(rows), {}, {}, {}};
  result.squares = result.rows.rowwise().squaredNorm();
  groups = std::max<int64_t>(groups, 1);
  result.group = shuffled_groups(result.rows.rows(), groups, seed, stream);
  result.sizes.assign(static_cast<size_t>(groups), 0);
  for (const int32_t group : result.group) ++result.sizes[static_cast<size_t>(group)];
  return result;
}

/// Sums of k - 1 over all pairs of rows, by their groups: [groups, groups]. Of k itself, nearly 1 everywhere where
/// sigma is large, the digits that differ would be lost; the ones cancel from the distance.
Eigen::MatrixXd kernel_sums(const Rows& a, const Rows& b, double sigma) {
  const auto groups = static_cast<Eigen::Index>(a.sizes.size());
  const int64_t tasks = (a.rows.rows() + kBlock - 1) / kBlock;
  std::vector<Eigen::MatrixXd> parts(static_cast<size_t>(tasks));
  const double gamma = 1 / (2 * sigma * sigma);
  auto task = [&](int64_t number) {
    const int64_t begin = number * kBlock, tall = std::min(kBlock, a.rows.rows() - begin), wide = b.rows.rows();
    RowMatrix products(tall, wide);
    dense_kernels().product_of_rows(a.rows.row(begin).data(), tall, b.rows.data(), wide, b.rows.cols(),
                                    products.data());
    Eigen::MatrixXd& part = parts[static_cast<size_t>(number)];
    part = Eigen::MatrixXd::Zero(groups, groups);
    for (int64_t i = 0; i < tall; ++i) {
      const int32_t group = a.group[static_cast<size_t>(begin + i)];
      for (int64_t j = 0; j < wide; ++j) {
        // Rounding may bring the square of no distance below zero.
        const double square = std::max(0.0, a.squares[begin + i] + b.squares[j] - 2 * products(i, j));
        part(group, b.group[static_cast<size_t>(j)]) += std::expm1(-gamma * square);
      }
    }
  };
  const Workers threads = workers();
  threads.run(
      threads.count, tasks, [](void* work, int64_t number, int) { (*static_cast<decltype(task)*>(work))(number); },
      &task);
  // In order, so that threads change no digit.
  Eigen::MatrixXd sums = Eigen::MatrixXd::Zero(groups, groups);
  for (const Eigen::MatrixXd& part : parts) sums += part;
  return sums;
}

/// The distance from the sums of both sets, whole or without one group of one of them.
class Discrepancy {
 public:
  Discrepancy(const Rows& x, const Rows& y, double sigma)
      : x_(x), y_(y), xx_(kernel_sums(x, x, sigma)), yy_(kernel_sums(y, y, sigma)), xy_(kernel_sums(x, y, sigma)) {}

  double whole() const { return of(xx_.sum(), yy_.sum(), xy_.sum(), rows(x_), rows(y_)); }
  std::vector<double> without_each_of_x() const {
    std::vector<double> values;
    for (Eigen::Index g = 0; g < xx_.rows(); ++g) {
      values.push_back(of(rest(xx_, g), yy_.sum(), xy_.sum() - xy_.row(g).sum(), rows(x_) - size(x_, g), rows(y_)));
    }
    return values;
  }
  std::vector<double> without_each_of_y() const {
    std::vector<double> values;
    for (Eigen::Index g = 0; g < yy_.rows(); ++g) {
      values.push_back(of(xx_.sum(), rest(yy_, g), xy_.sum() - xy_.col(g).sum(), rows(x_), rows(y_) - size(y_, g)));
    }
    return values;
  }

 private:
  static double rows(const Rows& side) { return static_cast<double>(side.rows.rows()); }
  static double size(const Rows& side, Eigen::Index group) {
    return static_cast<double>(side.sizes[static_cast<size_t>(group)]);
  }
  static double rest(const Eigen::MatrixXd& sums, Eigen::Index g) {
    return sums.sum() - sums.row(g).sum() - sums.col(g).sum() + sums(g, g);
  }
  static double of(double xx, double yy, double xy, double n, double m) {
    return kScale * (xx / (n * n) + yy / (m * m) - 2 * xy / (n * m));
  }

  const Rows &x_, &y_;
  Eigen::MatrixXd xx_, yy_, xy_;
};

/// Options: sigma = 10; normalize = true (rows of length 1, as the released code makes embeddings before it compares);
/// groups = 20 of the interval's jackknife, which costs nothing beside the value; 0 = none.
/// @cost  2 (N^2 + M^2 + N M) D, and as many exponentials as pairs.
class Cmmd : public Metric {
 public:
  std::set<MetricNeed> needs() const override { return {MetricNeed::kFeatures}; }
  bool higher_is_better() const override { return false; }
  std::string name_on(const std::string& backbone, bool official) const override {
    // The paper's network is CLIP; the 2015 Inception is nothing special here.
    const std::string network = official && backbone.empty() ? "inception" : backbone;
    return network.empty() ? "cmmd" : "cmmd_" + network;
  }
  void check_options(const Options& options) const override { settings_of(options, 0); }

  std::vector<MetricValue> score(const MetricInput& input) const override {
    const Settings settings = settings_of(Options(input.options, "cmmd options"), input.seed);
    const FeaturePair pair = checked_pair(input, settings.name, 2);
    RowMatrix real = settings.normalize ? unit_rows(pair.real, settings.name, "real") : RowMatrix(pair.real);
    RowMatrix generated =
        settings.normalize ? unit_rows(pair.generated, settings.name, "generated") : RowMatrix(pair.generated);
    // Distances do not see where the origin is, and digits do.
    const Eigen::RowVectorXd origin = real.colwise().mean();
    real.rowwise() -= origin;
    generated.rowwise() -= origin;
    const int64_t groups = std::min({settings.groups, real.rows(), generated.rows()});
    const Rows x = grouped(std::move(real), groups, settings.seed, "cmmd/real");
    const Rows y = grouped(std::move(generated), groups, settings.seed, "cmmd/generated");
    const Discrepancy discrepancy(x, y, settings.sigma);
    MetricValue value = feature_value(pair, settings.name, discrepancy.whole());
    value.identity["estimator"] = fmt::format("V-statistic of MMD^2 x 1000, Gaussian kernel, sigma {:g}, rows {}",
                                              settings.sigma, settings.normalize ? "of length 1" : "as they are");
    if (groups < 2) return {value};
    const DistanceInterval interval =
        jackknife_interval(*value.value, {discrepancy.without_each_of_x(), discrepancy.without_each_of_y()}, 0);
    value.ci95 = interval.ci95;
    value.details["interval"] = fmt::format("jackknife, {} groups", groups);
    value.details["standard_error"] = interval.standard_error;
    value.details["bias_corrected"] = *interval.corrected;
    return {value};
  }
};

EMF_REGISTER(MetricRegistry, "cmmd", "Squared maximum mean discrepancy with a Gaussian kernel, x 1000 (CMMD)",
             std::make_unique<Cmmd>, {.title = "CMMD"});

}  // namespace
}  // namespace emf
