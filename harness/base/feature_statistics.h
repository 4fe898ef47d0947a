// Mean and covariance of a set of features, gathered block by block: all that a Frechet distance needs of it.
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <filesystem>

namespace emf {

/// The mean and a factor R of the scatter, R^T R = sum (x - mean)(x - mean)^T, of rows that need not be kept.
///
/// A QR factor keeps the digits that a sum of products loses: sums of x x^T halve them, and lose all at a
/// mean of 1e4 in single precision. Means are kept as an offset from the first row, for the same reason.
/// Memory: at most 5 D x D numbers while rows are added, D x D after. Thread-compatible.
class FeatureStatistics {
 public:
  using Rows = Eigen::Ref<const Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>;

  FeatureStatistics() = default;

  /// Of a mean [D] and a covariance [D, D] over N - 1, as in pytorch-fid's files.
  ///
  /// @param rows  N, or 0 when the file does not say.
  /// @throws UserError  `where`: sizes that differ, numbers that are not finite, a covariance that is not
  ///                    symmetric, or with an eigenvalue too negative for rounding (names it).
  /// @cost  an eigendecomposition; half of the digits of small eigenvalues are already lost in the file.
  static FeatureStatistics from_moments(const Eigen::VectorXd& mean, const Eigen::MatrixXd& covariance, int64_t rows,
                                        const std::string& where);

  /// Adds rows [n, D].  @cost  about 2.5 n D^2.
  void add(const Rows& rows);
  /// Adds all rows of another, which must know how many it has.  @cost  at most a QR of 2D x D.
  void merge(const FeatureStatistics& other);

  int64_t rows() const { return rows_; }  ///< 0: none, or not known
  int64_t dimension() const { return origin_.size(); }
  bool from_file() const { return from_file_; }

  Eigen::VectorXd mean() const { return origin_ + offset_; }
  /// Over N - 1.  @throws InternalError  fewer than two rows.
  Eigen::MatrixXd covariance() const;
  /// Root^T root = covariance; at most D rows.
  Eigen::MatrixXd root() const;
  double trace() const;
  /// Mean of a minus mean of b, from offsets: no digits are lost to a common origin.
  static Eigen::VectorXd mean_difference(const FeatureStatistics& a, const FeatureStatistics& b);

 private:
  void append(const Eigen::MatrixXd& factor);
  void compress();
  double scale() const;

  int64_t rows_ = 0;
  bool from_file_ = false;
  Eigen::VectorXd origin_, offset_;  // mean = origin + offset
  Eigen::MatrixXd factor_;           // [any number of rows, D]
};

/// Reads "mu" and "sigma" (and "n", if there) of an .npz, as pytorch-fid writes them.
/// @throws UserError  absent (kMissing), no such arrays, or as from_moments.
FeatureStatistics read_statistics(const std::filesystem::path& path);

/// Writes mu, sigma and n; pytorch-fid, clean-fid and guided-diffusion read the first two.
/// @throws UserError  fewer than two rows; as write_atomically.
void write_statistics(const std::filesystem::path& path, const FeatureStatistics& statistics);

/// Whether an .npz holds "mu" and "sigma".
bool holds_statistics(const std::filesystem::path& path);

}  // namespace emf
