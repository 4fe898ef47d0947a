// SPDX-License-Identifier: Apache-2.0
#include "probes/metrics/inception_interval.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace emf {
namespace {

/// rows x classes x draws; beyond, a normal shape does: with so many pictures K is nearly normal, too.
constexpr double kMostBootstrapWork = 2e9;

Eigen::ArrayXXd log_of(const Eigen::ArrayXXd& shares) {
  return shares.max(std::numeric_limits<double>::min()).log();  // p log p is 0 where p is
}

double negative_entropy(const Eigen::RowVectorXd& shares) { return shares.dot(log_of(shares.array()).matrix().row(0)); }

/// Variance of the log score by leaving each picture out.
double jackknife_variance(const Classes& classes, const Eigen::VectorXd& sureness, const Eigen::RowVectorXd& center) {
  const Eigen::Index rows = classes.shares.rows();
  const auto n = static_cast<double>(rows);
  const double total = sureness.sum();
  Eigen::ArrayXd without(rows);
  for (Eigen::Index i = 0; i < rows; ++i) {
    const Eigen::RowVectorXd others = (n * center - classes.shares.row(i)) / (n - 1);
    without[i] = (total - sureness[i]) / (n - 1) - negative_entropy(others);
  }
  return (without - without.mean()).square().sum() * (n - 1) / n;
}

/// The two parts of each resample's error, about zero.
struct Errors {
  Eigen::ArrayXd linear, divergence;
};

Errors resampled_errors(const Classes& classes, const Eigen::VectorXd& sureness, const Eigen::RowVectorXd& center,
                        const BootstrapOptions& options) {
  const Eigen::Index rows = classes.shares.rows();
  const Eigen::RowVectorXd log_center = log_of(center.array()).matrix();
  const Eigen::VectorXd influence = sureness - classes.shares * log_center.transpose();
  Errors errors{Eigen::ArrayXd(options.draws), Eigen::ArrayXd(options.draws)};
  constexpr int kTogether = 64;  // draws a product of matrices
  for (int begin = 0; begin < options.draws; begin += kTogether) {
    const int count = std::min(kTogether, options.draws - begin);
    RowMatrix weights(count, rows);
    for (int d = 0; d < count; ++d) {
      const std::vector<int32_t> counts = bootstrap_counts(rows, begin + d, options);
      weights.row(d) = Eigen::Map<const Eigen::Matrix<int32_t, 1, Eigen::Dynamic>>(counts.data(), rows).cast<double>() /
                       static_cast<double>(rows);
    }
    const RowMatrix moved = weights * classes.shares;
    errors.linear.segment(begin, count) = weights * influence;
    for (int d = 0; d < count; ++d) {
      errors.divergence[begin + d] = negative_entropy(moved.row(d)) - moved.row(d).dot(log_center);
    }
  }
  errors.linear -= errors.linear.mean();
  errors.divergence -= errors.divergence.mean();
  return errors;
}

/// Widens or narrows the linear part until the whole has the wanted variance.
Eigen::ArrayXd scaled_errors(const Errors& errors, double wanted) {
  const auto n = static_cast<double>(errors.linear.size());
  const double linear = errors.linear.square().sum() / n, own = errors.divergence.square().sum() / n,
               together = (errors.linear * errors.divergence).sum() / n;
  // Var(c linear - divergence) = wanted, solved for c.
  const double root = together * together - linear * (own - wanted);
  const double factor = linear > 0 && root > 0 ? std::max(0.0, (together + std::sqrt(root)) / linear) : 0;
  return factor * errors.linear - errors.divergence;
}

}  // namespace

double inception_score(const Classes& classes, std::span<const int64_t> rows) {
  const auto n = static_cast<double>(rows.size());
  Eigen::RowVectorXd center = Eigen::RowVectorXd::Zero(classes.shares.cols());
  for (const int64_t i : rows) center += classes.shares.row(i);
  const Eigen::RowVectorXd log_center = log_of((center / n).array()).matrix();
  double sum = 0;
  for (const int64_t i : rows) sum += classes.shares.row(i).dot(classes.logs.row(i) - log_center);
  return std::exp(sum / n);
}

std::optional<Interval> inception_interval(const Classes& classes, const BootstrapOptions& options) {
  const Eigen::Index rows = classes.shares.rows();
  if (options.draws == 0 || rows < 3) return std::nullopt;
  const Eigen::VectorXd sureness = classes.shares.cwiseProduct(classes.logs).rowwise().sum();
  const Eigen::RowVectorXd center = classes.shares.colwise().mean();
  const double log_score = sureness.mean() - negative_entropy(center);
  const double variance = jackknife_variance(classes, sureness, center);
  Interval errors{};
  const double work = static_cast<double>(rows) * static_cast<double>(center.cols()) * options.draws;
  if (options.draws < 40 || work > kMostBootstrapWork) {
    const double half = normal_quantile((1 + options.level) / 2) * std::sqrt(variance);
    errors = {-half, half};
  } else {
    const Errors resampled = resampled_errors(classes, sureness, center, options);
    const double twice = resampled.divergence.square().mean();
    const Eigen::ArrayXd drawn = scaled_errors(resampled, variance - twice / 4);
    errors = percentile_interval({drawn.data(), drawn.data() + drawn.size()}, options.level);
  }
  // The true log score is log_score - error. Few draws of one sign must not put the score outside, and no score lies
  // below 1 or above the number of classes.
  const double score = std::exp(log_score), classes_count = static_cast<double>(center.cols());
  return Interval{std::min(score, std::max(1.0, std::exp(log_score - std::max(errors[1], 0.0)))),
                  std::max(score, std::min(classes_count, std::exp(log_score - std::min(errors[0], 0.0))))};
}

bool parts_are_alike(const Classes& classes, std::span<const int64_t> order, int64_t splits) {
  const auto n = static_cast<double>(order.size());
  const Eigen::RowVectorXd center = classes.shares.colwise().mean();
  const Eigen::RowVectorXd log_center = log_of(center.array()).matrix();
  double between = 0;  // mean divergence of the parts' means from the whole's
  for (int64_t s = 0; s < splits; ++s) {
    const int64_t begin = s * classes.shares.rows() / splits, end = (s + 1) * classes.shares.rows() / splits;
    Eigen::RowVectorXd part = Eigen::RowVectorXd::Zero(center.size());
    for (int64_t i = begin; i < end; ++i) part += classes.shares.row(order[static_cast<size_t>(i)]);
    const auto size = static_cast<double>(end - begin);
    part /= size;
    between += size / n * (negative_entropy(part) - part.dot(log_center));
  }
  // For shuffled parts, 2 n times it is about a sum of squares: as many as there are (splits - 1) free shares, each
  // counted by how much pictures differ in it. That count's own spread is at most what is taken here.
  double freedom = 0;
  for (Eigen::Index c = 0; c < center.size(); ++c) {
    if (center[c] > 0) freedom += (classes.shares.col(c).array() - center[c]).square().mean() / center[c];
  }
  const auto others = static_cast<double>(splits - 1);
  constexpr double kSpreads = 6;
  return 2 * n * between <= others * freedom + kSpreads * std::sqrt(2 * others * freedom) + kSpreads;
}

}  // namespace emf
