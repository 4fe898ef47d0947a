#include "harness/base/feature_statistics.h"

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>

#include "harness/base/dense_kernels.h"
#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/base/npy.h"

namespace emf {
namespace {

/// Rows of the factor held before it is brought back to D, in units of D: the QR of 5 D x D for every 4 D
/// rows costs little more than one QR of them all.
constexpr Eigen::Index kHeld = 5;

/// Eigenvalues below minus this share of the largest are no rounding of a covariance, single precision
/// included.
constexpr double kMostNegative = 1e-3;

}  // namespace

void FeatureStatistics::compress() {
  const Eigen::Index columns = factor_.cols();
  if (factor_.rows() <= columns) return;
  dense_kernels().factor(factor_.data(), factor_.rows(), columns);
  const Eigen::MatrixXd upper = factor_.topRows(columns).template triangularView<Eigen::Upper>();
  factor_ = upper;
}

void FeatureStatistics::append(const Eigen::MatrixXd& factor) {
  const Eigen::Index old = factor_.rows();
  factor_.conservativeResize(old + factor.rows(), factor.cols());
  factor_.bottomRows(factor.rows()) = factor;
}

void FeatureStatistics::add(const Rows& rows) {
  if (rows_ == 0 && rows.rows() > 0 && !from_file_) {
    origin_ = rows.row(0).transpose();
    offset_ = Eigen::VectorXd::Zero(rows.cols());
    factor_.resize(0, rows.cols());
  }
  ensure(rows.rows() == 0 || rows.cols() == dimension(), "rows of {} added to statistics of {}", rows.cols(),
         dimension());
  const Eigen::Index block = std::max<Eigen::Index>((kHeld - 1) * rows.cols(), 64);
  for (Eigen::Index begin = 0; begin < rows.rows(); begin += block) {
    FeatureStatistics part;
    part.rows_ = std::min(block, rows.rows() - begin);
    part.origin_ = origin_;
    part.factor_ = rows.middleRows(begin, part.rows_).rowwise() - origin_.transpose();
    part.offset_ = part.factor_.colwise().mean().transpose();
    part.factor_.rowwise() -= part.offset_.transpose();
    merge(part);
  }
}

void FeatureStatistics::merge(const FeatureStatistics& other) {
  if (other.rows_ == 0 && !other.from_file_) return;
  ensure(other.rows_ > 0 && (rows_ > 0 || !from_file_), "statistics of an unknown number of rows were merged");
  if (rows_ == 0) {
    *this = other;
    if (factor_.rows() > kHeld * factor_.cols()) compress();
    return;
  }
  ensure(other.dimension() == dimension(), "statistics of {} and {} features were merged", dimension(),
         other.dimension());
  const auto n = static_cast<double>(rows_), m = static_cast<double>(other.rows_);
  const Eigen::VectorXd apart = mean_difference(other, *this);
  append(other.factor_);
  append(std::sqrt(n * m / (n + m)) * apart.transpose());
  offset_ += apart * (m / (n + m));
  rows_ += other.rows_;
  if (factor_.rows() > kHeld * factor_.cols()) compress();
}

double FeatureStatistics::scale() const {
  if (from_file_ && rows_ == 0) return 1;  // the factor is the covariance's own root
  ensure(rows_ > 1, "a covariance of {} rows was asked for", rows_);
  return 1 / std::sqrt(static_cast<double>(rows_ - 1));
}

Eigen::MatrixXd FeatureStatistics::root() const {
  FeatureStatistics small = *this;
  small.compress();
  return small.factor_ * scale();
}

Eigen::MatrixXd FeatureStatistics::covariance() const {
  const Eigen::MatrixXd own = root();
  return own.transpose() * own;
}

double FeatureStatistics::trace() const { return factor_.squaredNorm() * scale() * scale(); }

Eigen::VectorXd FeatureStatistics::mean_difference(const FeatureStatistics& a, const FeatureStatistics& b) {
  ensure(a.dimension() == b.dimension(), "means of {} and {} features were compared", a.dimension(), b.dimension());
  return (a.origin_ - b.origin_) + (a.offset_ - b.offset_);
}

FeatureStatistics FeatureStatistics::from_moments(const Eigen::VectorXd& mean, const Eigen::MatrixXd& covariance,
                                                  int64_t rows, const std::string& where) {
  const Eigen::Index size = mean.size();
  if (size == 0 || covariance.rows() != size || covariance.cols() != size) {
    fail_input("{}: a mean of {} and a covariance of {} x {}", where, size, covariance.rows(), covariance.cols());
  }
  if (!mean.allFinite() || !covariance.allFinite()) fail_input("{}: the statistics are not finite", where);
  if (rows < 0 || rows == 1) fail_input("{}: statistics of {} rows have no covariance", where, rows);
  const double largest = covariance.cwiseAbs().maxCoeff();
  if ((covariance - covariance.transpose()).cwiseAbs().maxCoeff() > 1e-5 * largest) {
    fail_input("{}: the covariance is not symmetric", where);
  }
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solved((covariance + covariance.transpose()) / 2);
  if (solved.info() != Eigen::Success) fail_input("{}: the covariance has no eigendecomposition", where);
  const Eigen::VectorXd& values = solved.eigenvalues();
  if (values.minCoeff() < -kMostNegative * std::max(values.maxCoeff(), 0.0)) {
    fail_input("{}: the covariance has the eigenvalue {}, so it is no covariance", where, values.minCoeff());
  }
  FeatureStatistics statistics;
  statistics.from_file_ = true;
  statistics.rows_ = rows;
  statistics.origin_ = mean;
  statistics.offset_ = Eigen::VectorXd::Zero(size);
  statistics.factor_ = values.cwiseMax(0).cwiseSqrt().asDiagonal() * solved.eigenvectors().transpose();
  if (rows > 1) statistics.factor_ *= std::sqrt(static_cast<double>(rows - 1));
  return statistics;
}

bool holds_statistics(const std::filesystem::path& path) {
  const std::vector<std::string> names = npz_names(path);
  const auto has = [&](const char* name) { return std::find(names.begin(), names.end(), name) != names.end(); };
  return has("mu") && has("sigma");
}

FeatureStatistics read_statistics(const std::filesystem::path& path) {
  const NpyArray mean = read_npz(path, "mu"), sigma = read_npz(path, "sigma");
  if (sigma.shape.size() != 2 && !(sigma.shape.empty() && sigma.values.size() == 1)) {
    fail_input("{}: sigma must be [D, D], but has {} axes", path.string(), sigma.shape.size());
  }
  const int64_t rows = sigma.shape.empty() ? 1 : sigma.shape[0], columns = sigma.shape.empty() ? 1 : sigma.shape[1];
  const std::vector<std::string> names = npz_names(path);
  int64_t count = 0;
  if (std::find(names.begin(), names.end(), "n") != names.end()) {
    const NpyArray n = read_npz(path, "n");
    if (n.values.size() != 1 || n.values[0] != std::floor(n.values[0]))
      fail_input("{}: n must be one whole number", path.string());
    count = static_cast<int64_t>(n.values[0]);
  }
  return FeatureStatistics::from_moments(
      Eigen::Map<const Eigen::VectorXd>(mean.values.data(), static_cast<Eigen::Index>(mean.values.size())),
      Eigen::Map<const Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>(sigma.values.data(),
                                                                                               rows, columns),
      count, path.string());
}

void write_statistics(const std::filesystem::path& path, const FeatureStatistics& statistics) {
  if (statistics.rows() < 2)
    fail_input("{}: statistics need at least 2 rows, not {}", path.string(), statistics.rows());
  const int64_t size = statistics.dimension();
  const Eigen::VectorXd mean = statistics.mean();
  const Eigen::MatrixXd sigma = statistics.covariance();  // symmetric: its order in memory does not matter
  write_atomically(path, npz_bytes({{"mu", {{size}, {mean.data(), mean.data() + size}}},
                                    {"sigma", {{size, size}, {sigma.data(), sigma.data() + size * size}}},
                                    {"n", {{1}, {static_cast<double>(statistics.rows())}}}}));
}

}  // namespace emf
