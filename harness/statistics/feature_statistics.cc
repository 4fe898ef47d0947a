// SPDX-License-Identifier: Apache-2.0
#include "harness/statistics/feature_statistics.h"

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>

#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/base/npy.h"
#include "harness/statistics/dense/kernels.h"
#include "harness/statistics/statistics_names.h"

namespace emf {
namespace {

/// Eigenvalues below minus this share of the largest are no rounding of a covariance, single precision
/// included.
constexpr double kMostNegative = 1e-3;

}  // namespace

void FeatureStatistics::begin(const Eigen::VectorXd& origin) {
  origin_ = origin;
  offset_ = Eigen::VectorXd::Zero(origin.size());
}

/// Room for further rows at the end of the factor.
double* FeatureStatistics::grow(int64_t rows) {
  const size_t old = factor_.size();
  factor_.resize(old + static_cast<size_t>(rows * dimension()));
  return factor_.data() + old;
}

int64_t FeatureStatistics::held() const {
  return dimension() == 0 ? 0 : static_cast<int64_t>(factor_.size()) / dimension();
}

void FeatureStatistics::bound() {
  if (held() >= dimension() + kBlockRows) compress();
}

void FeatureStatistics::compress() {
  const int64_t columns = dimension();
  if (held() <= columns) return;
  const auto square = static_cast<size_t>(columns * columns);
  if (!triangular_) {
    std::vector<double> triangle;
    triangle.reserve(square + static_cast<size_t>((kBlockRows + 1) * columns));  // for the next block of rows
    triangle.resize(square);
    dense_kernels().append_rows(triangle.data(), 0, factor_.data(), held(), columns);
    factor_.swap(triangle);
    triangular_ = true;
  } else {
    dense_kernels().append_rows(factor_.data(), columns, factor_.data() + square, held() - columns, columns);
    factor_.resize(square);
  }
}

void FeatureStatistics::add(const Rows& rows) {
  if (rows.rows() == 0) return;
  if (rows_ == 0 && !from_file_) begin(rows.row(0).transpose());
  ensure(rows.cols() == dimension(), "rows of {} added to statistics of {}", rows.cols(), dimension());
  for (Eigen::Index first = 0; first < rows.rows(); first += kBlockRows) {
    append_block(rows.middleRows(first, std::min(kBlockRows, rows.rows() - first)));
  }
}

/// Adds rows with a mean of their own, and that mean's distance from the mean so far.
void FeatureStatistics::append_block(const Rows& rows) {
  ensure(rows_ > 0 || !from_file_, "rows were added to statistics of an unknown number of rows");
  const auto n = static_cast<double>(rows_), m = static_cast<double>(rows.rows());
  Eigen::Map<RowMatrix> centred(grow(rows.rows()), rows.rows(), rows.cols());
  Eigen::RowVectorXd sum = Eigen::RowVectorXd::Zero(dimension());
  for (Eigen::Index i = 0; i < rows.rows(); ++i) {
    centred.row(i) = rows.row(i) - origin_.transpose();
    sum += centred.row(i);
  }
  const Eigen::VectorXd mean = sum.transpose() / m;
  centred.rowwise() -= mean.transpose();
  if (rows_ > 0) {
    const Eigen::VectorXd apart = mean - offset_;
    Eigen::Map<Eigen::VectorXd>(grow(1), dimension()) = std::sqrt(n * m / (n + m)) * apart;
    offset_ += apart * (m / (n + m));
  } else {
    offset_ = mean;
  }
  rows_ += rows.rows();
  bound();
}

void FeatureStatistics::merge(const FeatureStatistics& other) {
  if (other.rows_ == 0 && !other.from_file_) return;
  ensure(other.rows_ > 0 && (rows_ > 0 || !from_file_), "statistics of an unknown number of rows were merged");
  if (rows_ == 0) {
    *this = other;
    return;
  }
  ensure(other.dimension() == dimension(), "statistics of {} and {} features were merged", dimension(),
         other.dimension());
  const auto n = static_cast<double>(rows_), m = static_cast<double>(other.rows_);
  const Eigen::VectorXd apart = mean_difference(other, *this);
  const std::vector<double> others = other.factor_;  // `other` may be this
  std::copy(others.begin(), others.end(), grow(other.held()));
  Eigen::Map<Eigen::VectorXd>(grow(1), dimension()) = std::sqrt(n * m / (n + m)) * apart;
  offset_ += apart * (m / (n + m));
  rows_ += other.rows_;
  bound();
}

double FeatureStatistics::scale() const {
  if (from_file_ && rows_ == 0) return 1;  // the factor is the covariance's own root
  ensure(rows_ > 1, "a covariance of {} rows was asked for", rows_);
  return 1 / std::sqrt(static_cast<double>(rows_ - 1));
}

Eigen::MatrixXd FeatureStatistics::covariance() const {
  const double own = scale() * scale();
  return factor().transpose() * factor() * own;
}

double FeatureStatistics::trace() const { return factor().squaredNorm() * scale() * scale(); }

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
  statistics.begin(mean);
  Eigen::Map<RowMatrix> factor(statistics.grow(size), size, size);
  factor = values.cwiseMax(0).cwiseSqrt().asDiagonal() * solved.eigenvectors().transpose();
  if (rows > 1) factor *= std::sqrt(static_cast<double>(rows - 1));
  return statistics;
}

FeatureStatistics statistics_of_arrays(const NpyArray& mean, const NpyArray& covariance, const NpyArray* count,
                                       const std::string& where) {
  if (covariance.shape.size() != 2 && !(covariance.shape.empty() && covariance.values.size() == 1)) {
    fail_input("{}: a covariance must be [D, D], but has {} axes", where, covariance.shape.size());
  }
  const int64_t rows = covariance.shape.empty() ? 1 : covariance.shape[0],
                columns = covariance.shape.empty() ? 1 : covariance.shape[1];
  int64_t n = 0;
  if (count != nullptr) {
    constexpr double kMost = 1e15;
    if (count->values.size() != 1 || count->values[0] != std::floor(count->values[0]) || count->values[0] > kMost) {
      fail_input("{}: the number of rows must be one whole number", where);
    }
    n = static_cast<int64_t>(count->values[0]);
  }
  return FeatureStatistics::from_moments(
      Eigen::Map<const Eigen::VectorXd>(mean.values.data(), static_cast<Eigen::Index>(mean.values.size())),
      Eigen::Map<const Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>(covariance.values.data(),
                                                                                               rows, columns),
      n, where);
}

FeatureStatistics read_statistics(const std::filesystem::path& path, const std::string& of) {
  ArrayShapes shapes;
  for (auto& [name, header] : npz_shapes(path)) shapes.emplace(name, header.shape);
  const auto names = statistics_names(shapes, of, path.string());
  if (!names) fail_input("{}: no statistics in it; they are read under the names {}", path.string(), kStatisticsNames);
  const NpyArray mean = read_npz(path, names->mean), covariance = read_npz(path, names->covariance);
  std::optional<NpyArray> count;
  if (!names->count.empty()) count = read_npz(path, names->count);
  return statistics_of_arrays(mean, covariance, count ? &*count : nullptr, path.string());
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
