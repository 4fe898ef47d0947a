// Every width of the dense factorisations gives what the plainest one gives.
#include "harness/base/dense_kernels.h"

#include <gtest/gtest.h>

#include <Eigen/Core>
#include <Eigen/SVD>

#include "harness/base/random.h"

namespace emf {
namespace {

Eigen::MatrixXd random_matrix(int64_t rows, int64_t columns, uint64_t seed) {
  Eigen::MatrixXd matrix(rows, columns);
  Random random(seed, "dense", 0);
  for (int64_t i = 0; i < matrix.size(); ++i) matrix.data()[i] = 2 * random.uniform() - 1;
  return matrix;
}

TEST(DenseKernels, FactorsKeepTheGramMatrix) {
  for (const auto& [rows, columns] : {std::pair{1, 1}, {7, 3}, {64, 64}, {301, 67}}) {
    const Eigen::MatrixXd matrix = random_matrix(rows, columns, 1), gram = matrix.transpose() * matrix;
    for (const DenseKernels& kernels : all_dense_kernels()) {
      Eigen::MatrixXd work = matrix;
      kernels.factor(work.data(), rows, columns);
      const Eigen::MatrixXd upper = work.topRows(columns).triangularView<Eigen::Upper>();
      EXPECT_LT((upper.transpose() * upper - gram).norm(), 1e-13 * gram.norm()) << kernels.width << " " << rows;
    }
  }
}

TEST(DenseKernels, NuclearNorms) {
  for (const auto& [left, right] : {std::pair{1, 1}, {5, 40}, {40, 5}, {90, 90}}) {
    const Eigen::MatrixXd a = random_matrix(left, 33, 2), b = random_matrix(right, 33, 3);
    const double expected = Eigen::JacobiSVD<Eigen::MatrixXd>(a * b.transpose()).singularValues().sum();
    for (const DenseKernels& kernels : all_dense_kernels()) {
      EXPECT_NEAR(kernels.nuclear_norm_of_product(a.data(), left, b.data(), right, 33), expected, 1e-12 * expected)
          << kernels.width;
    }
  }
}

TEST(DenseKernels, BaselineIsAlwaysThere) { EXPECT_STREQ(all_dense_kernels().front().width, "baseline"); }

}  // namespace
}  // namespace emf
