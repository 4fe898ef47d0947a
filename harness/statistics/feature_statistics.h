// SPDX-License-Identifier: Apache-2.0
// Mean and covariance of a set of features, gathered block by block: all that a Frechet distance needs of it.
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <filesystem>
#include <vector>

namespace emf {

struct NpyArray;  // harness/base/npy.h

/// The mean and a factor R of the scatter, R^T R = sum (x - mean)(x - mean)^T, of rows that need not be kept.
///
/// A QR factor keeps the digits that a sum of products loses: sums of x x^T halve them, and lose all at a
/// mean of 1e4 in single precision. Means are kept as an offset from the first row, for the same reason.
/// Memory: D x D numbers, twice as many at times, and 1,024 rows. Thread-compatible.
class FeatureStatistics {
 public:
  using RowMatrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  using Rows = Eigen::Ref<const RowMatrix>;

  /// Rows that share a mean while they are gathered: blocks of so many give the same bytes as all rows at once.
  static constexpr int64_t kBlockRows = 1024;

  FeatureStatistics() = default;

  /// Of a mean [D] and a covariance [D, D] over N - 1, as in pytorch-fid's files.
  ///
  /// @param rows  N, or 0 when the file does not say.
  /// @throws UserError  `where`: sizes that differ, numbers that are not finite, a covariance that is not
  ///                    symmetric, or with an eigenvalue too negative for rounding (names it).
  /// @cost  an eigendecomposition; half of the digits of small eigenvalues are already lost in the file.
  static FeatureStatistics from_moments(const Eigen::VectorXd& mean, const Eigen::MatrixXd& covariance, int64_t rows,
                                        const std::string& where);

  /// Adds rows [n, D].  @cost  2 n D^2, one thread.
  void add(const Rows& rows);
  /// Adds all rows of another, which must know how many it has.  @cost  at most 4 D^3.
  void merge(const FeatureStatistics& other);

  /// Brings the factor to D rows at most.  @cost  as add() of the rows beyond, 1,024 at most but for a first time.
  void compress();

  int64_t rows() const { return rows_; }  ///< 0: none, or not known
  int64_t dimension() const { return origin_.size(); }
  bool from_file() const { return from_file_; }

  Eigen::VectorXd mean() const { return origin_ + offset_; }
  /// Over N - 1.  @throws InternalError  fewer than two rows.
  Eigen::MatrixXd covariance() const;
  /// (scale R)^T (scale R) = covariance; any number of rows, D at most after
  /// compress(). Valid until something is added.
  Eigen::Map<const RowMatrix> factor() const { return {factor_.data(), held(), dimension()}; }
  /// @throws InternalError  fewer than two rows.
  double scale() const;
  double trace() const;
  /// Mean of a minus mean of b, from offsets: no digits are lost to a common origin.
  static Eigen::VectorXd mean_difference(const FeatureStatistics& a, const FeatureStatistics& b);

 private:
  void append_block(const Rows& rows);
  void begin(const Eigen::VectorXd& origin);
  double* grow(int64_t rows);
  int64_t held() const;
  void bound();

  int64_t rows_ = 0;
  bool from_file_ = false;
  Eigen::VectorXd origin_, offset_;  // mean = origin + offset
  std::vector<double> factor_;       // [any number of rows, D]
  bool triangular_ = false;          // its first D rows
};

/// Reads a mean and a covariance (and the number of rows, if there) of an .npz, by the names of statistics_names.h.
/// @param of  as statistics_names() has it.
/// @throws UserError  absent (kMissing), no such arrays, or as from_moments.
FeatureStatistics read_statistics(const std::filesystem::path& path, const std::string& of = "");

/// Writes mu, sigma and n; pytorch-fid, clean-fid and guided-diffusion read the first two.
/// @throws UserError  fewer than two rows; as write_atomically.
void write_statistics(const std::filesystem::path& path, const FeatureStatistics& statistics);

/// Of a mean [D], a covariance [D, D] and the number of rows, null where it is not known.  @param where  names them in
/// errors.   @throws UserError  as from_moments.
FeatureStatistics statistics_of_arrays(const NpyArray& mean, const NpyArray& covariance, const NpyArray* count,
                                       const std::string& where);

}  // namespace emf
