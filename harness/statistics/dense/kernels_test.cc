// SPDX-License-Identifier: Apache-2.0
// Every width of the dense factorisations gives what a plain decomposition gives, and
// the same bytes however many work on it.
#include "harness/statistics/dense/kernels.h"

#include <gtest/gtest.h>

#include <Eigen/QR>
#include <Eigen/SVD>

#include "harness/base/random.h"
#include "harness/statistics/dense/singular_values.h"

namespace emf {
namespace {

using RowMatrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

RowMatrix random_matrix(int64_t rows, int64_t columns, uint64_t seed) {
  RowMatrix matrix(rows, columns);
  Random random(seed, "dense", 0);
  for (int64_t i = 0; i < matrix.size(); ++i) matrix.data()[i] = 2 * random.uniform() - 1;
  return matrix;
}

double plain_nuclear_norm(const Eigen::MatrixXd& matrix) {
  return Eigen::BDCSVD<Eigen::MatrixXd>(matrix).singularValues().sum();
}

struct Diagonals {
  std::vector<double> diagonal, above;
  bool operator==(const Diagonals&) const = default;
};

Diagonals diagonals_of(const DenseKernels& kernels, const RowMatrix& a, const RowMatrix& b, int threads) {
  const auto size = static_cast<size_t>(std::min(a.rows(), b.rows()));
  Diagonals found{std::vector<double>(size), std::vector<double>(size - 1)};
  kernels.bidiagonal_of_product(a.data(), a.rows(), b.data(), b.rows(), a.cols(), found.diagonal.data(),
                                found.above.data(), workers(threads));
  return found;
}

TEST(DenseKernels, AppendedRowsKeepTheGramMatrixAndTheTriangle) {
  for (const auto& [rows, columns] : {std::pair{1, 1}, {3, 7}, {64, 64}, {301, 67}, {1300, 150}, {20, 210}}) {
    const RowMatrix matrix = random_matrix(rows, columns, 1);
    const Eigen::MatrixXd gram = matrix.transpose() * matrix;
    for (const DenseKernels& kernels : all_dense_kernels()) {
      RowMatrix first = matrix.topRows(rows / 3), second = matrix.bottomRows(rows - rows / 3);
      RowMatrix triangle = RowMatrix::Zero(columns, columns);
      kernels.append_rows(triangle.data(), 0, first.data(), first.rows(), columns);
      kernels.append_rows(triangle.data(), std::min<int64_t>(columns, first.rows()), second.data(), second.rows(),
                          columns);
      EXPECT_LT((triangle.transpose() * triangle - gram).norm(), 1e-14 * gram.norm()) << kernels.width << " " << rows;
      EXPECT_EQ(RowMatrix(triangle.triangularView<Eigen::StrictlyLower>()).norm(), 0) << kernels.width << " " << rows;
    }
  }
}

TEST(DenseKernels, ProductsOfRows) {
  for (const auto& [left, right, columns] : {std::tuple{1, 1, 1}, {3, 64, 17}, {200, 31, 300}, {70, 1100, 48}}) {
    const RowMatrix a = random_matrix(left, columns, 5), b = random_matrix(right, columns, 6);
    const RowMatrix expected = a * b.transpose();
    for (const DenseKernels& kernels : all_dense_kernels()) {
      RowMatrix found = RowMatrix::Constant(left, right, 7), part = found.topRows(1);
      kernels.product_of_rows(a.data(), left, b.data(), right, columns, found.data());
      EXPECT_LT((found - expected).norm(), 1e-14 * a.norm() * b.norm()) << kernels.width;
      kernels.product_of_rows(a.data(), 1, b.data(), right, columns, part.data());
      EXPECT_EQ(part, found.topRows(1)) << kernels.width;
    }
  }
}

TEST(DenseKernels, NuclearNormsOfProducts) {
  for (const auto& [left, right, columns] : {std::tuple{1, 1, 3},
                                             {5, 40, 33},
                                             {40, 5, 33},
                                             {48, 48, 60},
                                             {49, 49, 60},
                                             {97, 50, 99},
                                             {210, 200, 220},
                                             {210, 200, 60}}) {
    const RowMatrix a = random_matrix(left, columns, 2), b = random_matrix(right, columns, 3);
    const double expected = plain_nuclear_norm(a * b.transpose());
    for (const DenseKernels& kernels : all_dense_kernels()) {
      const Diagonals alone = diagonals_of(kernels, a, b, 1), shared = diagonals_of(kernels, a, b, 3);
      EXPECT_EQ(alone, shared) << kernels.width;
      EXPECT_NEAR(sum_of_singular_values(alone.diagonal, alone.above), expected, 1e-14 * expected)
          << kernels.width << " " << left << " " << right << " " << columns;
    }
  }
}

TEST(DenseKernels, NuclearNormsOfWideAndCrowdedSpectra) {
  constexpr int64_t kSize = 130;
  const Eigen::MatrixXd left = Eigen::HouseholderQR<Eigen::MatrixXd>(random_matrix(kSize, kSize, 7)).householderQ(),
                        right = Eigen::HouseholderQR<Eigen::MatrixXd>(random_matrix(kSize, kSize, 8)).householderQ();
  for (const double low : {1e-3, 1e-8, 1e-12, 1e-20}) {
    Eigen::VectorXd falling(kSize), split(kSize), alone(kSize);
    for (int64_t i = 0; i < kSize; ++i) {
      const double place = static_cast<double>(i) / kSize;
      falling[i] = std::pow(low, place);
      split[i] = i < kSize / 2 ? 1 - 0.3 * place : low * (1 + 0.01 * place);
      alone[i] = i == 0 ? 1 : low * (1 + 0.5 * place);
    }
    for (const Eigen::VectorXd& values : {falling, split, alone}) {
      const RowMatrix matrix = left * values.asDiagonal() * right.transpose();
      const Diagonals found = diagonals_of(dense_kernels(), matrix, RowMatrix::Identity(kSize, kSize), 1);
      EXPECT_NEAR(sum_of_singular_values(found.diagonal, found.above), values.sum(), 3e-14 * values.sum()) << low;
    }
  }
}

TEST(DenseKernels, NuclearNormsOfAnyScale) {
  const RowMatrix a = random_matrix(70, 60, 4), b = random_matrix(65, 60, 5);
  const double expected = plain_nuclear_norm(a * b.transpose());
  for (const DenseKernels& kernels : all_dense_kernels()) {
    for (const double scale : {1e-300, 1e-170, 1e170, 1e300}) {
      const Diagonals found = diagonals_of(kernels, a * scale, b, 1);
      EXPECT_NEAR(sum_of_singular_values(found.diagonal, found.above) / scale, expected, 1e-14 * expected) << scale;
    }
    const Diagonals none = diagonals_of(kernels, a * 0, b, 1);
    EXPECT_EQ(sum_of_singular_values(none.diagonal, none.above), 0);
  }
}

TEST(DenseKernels, BaselineIsAlwaysThere) { EXPECT_STREQ(all_dense_kernels().front().width, "baseline"); }

TEST(SingularValues, OfTwoDiagonals) {
  EXPECT_EQ(sum_of_singular_values({-3}, {}), 3);
  EXPECT_EQ(sum_of_singular_values({0, 0}, {0}), 0);
  EXPECT_DOUBLE_EQ(sum_of_singular_values({0, 0, 0}, {2, 5}), 7);
  EXPECT_DOUBLE_EQ(sum_of_singular_values({1, 0}, {1}), std::sqrt(2));
  const auto check = [](const std::vector<double>& diagonal, const std::vector<double>& above, const char* what) {
    const auto size = static_cast<Eigen::Index>(diagonal.size());
    Eigen::MatrixXd matrix = Eigen::MatrixXd::Zero(size, size);
    matrix.diagonal() = Eigen::Map<const Eigen::VectorXd>(diagonal.data(), size);
    matrix.diagonal(1) = Eigen::Map<const Eigen::VectorXd>(above.data(), size - 1);
    const double expected = plain_nuclear_norm(matrix);
    EXPECT_NEAR(sum_of_singular_values(diagonal, above), expected, 1e-14 * expected) << what;
  };
  std::vector<double> diagonal, above;
  Random random(6, "diagonals", 0);
  for (int i = 0; i < 200; ++i) {
    diagonal.push_back(random.normal());
    above.push_back(random.normal());
  }
  above.pop_back();
  check(diagonal, above, "random");
  for (size_t i = 0; i < diagonal.size(); i += 7) diagonal[i] = 0;
  check(diagonal, above, "zeros on the diagonal");
  for (size_t i = 0; i < diagonal.size(); ++i) diagonal[i] = std::pow(0.8, i);
  for (size_t i = 0; i < above.size(); ++i) above[i] = std::pow(0.8, i) / 3;
  check(diagonal, above, "falling");
  std::reverse(diagonal.begin(), diagonal.end());
  std::reverse(above.begin(), above.end());
  check(diagonal, above, "rising");
  check(std::vector<double>(50, 1), std::vector<double>(49, 1), "ones");
}

}  // namespace
}  // namespace emf
