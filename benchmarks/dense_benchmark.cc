// SPDX-License-Identifier: Apache-2.0
// The factorisations behind Frechet distances at every width of vector unit, beside Eigen's as this build has them. One
// thread each; items are multiplications of the plain algorithm, 2 N D^2 and 8/3 D^3, so that rates compare.
#include <benchmark/benchmark.h>

#include <Eigen/QR>
#include <Eigen/SVD>

#include "harness/base/random.h"
#include "harness/statistics/dense/kernels.h"
#include "harness/statistics/dense/singular_values.h"

namespace emf {
namespace {

using RowMatrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

RowMatrix random_matrix(int64_t rows, int64_t columns) {
  RowMatrix matrix(rows, columns);
  Random random(0, "dense_benchmark", 0);
  for (int64_t i = 0; i < matrix.size(); ++i) matrix.data()[i] = random.normal();
  return matrix;
}

void count_multiplications(benchmark::State& state, double each) {
  state.counters["per second"] =
      benchmark::Counter(each * static_cast<double>(state.iterations()), benchmark::Counter::kIsRate);
}

void append_rows(benchmark::State& state, const DenseKernels& kernels) {
  const int64_t columns = state.range(0), count = 4 * columns;
  const RowMatrix rows = random_matrix(count, columns);
  for (auto _ : state) {
    RowMatrix triangle = RowMatrix::Zero(columns, columns), work = rows;
    kernels.append_rows(triangle.data(), 0, work.data(), count, columns);
    benchmark::DoNotOptimize(triangle.data());
  }
  count_multiplications(state, 2.0 * static_cast<double>(count * columns * columns));
}

void eigen_factor(benchmark::State& state) {
  const int64_t columns = state.range(0), count = 4 * columns;
  const Eigen::MatrixXd rows = random_matrix(count, columns);
  for (auto _ : state) benchmark::DoNotOptimize(Eigen::HouseholderQR<Eigen::MatrixXd>(rows).matrixQR().data());
  count_multiplications(state, 2.0 * static_cast<double>(count * columns * columns));
}

void nuclear_norm(benchmark::State& state, const DenseKernels& kernels) {
  const int64_t size = state.range(0);
  const RowMatrix a = random_matrix(size, size), b = RowMatrix::Identity(size, size);
  for (auto _ : state) {
    std::vector<double> diagonal(static_cast<size_t>(size)), above(static_cast<size_t>(size - 1));
    kernels.bidiagonal_of_product(a.data(), size, b.data(), size, size, diagonal.data(), above.data(), workers(1));
    benchmark::DoNotOptimize(sum_of_singular_values(std::move(diagonal), std::move(above)));
  }
  count_multiplications(state, 8.0 / 3 * static_cast<double>(size * size * size));
}

void eigen_nuclear_norm(benchmark::State& state) {
  const int64_t size = state.range(0);
  const Eigen::MatrixXd matrix = random_matrix(size, size);
  for (auto _ : state) benchmark::DoNotOptimize(Eigen::BDCSVD<Eigen::MatrixXd>(matrix).singularValues().sum());
  count_multiplications(state, 8.0 / 3 * static_cast<double>(size * size * size));
}

[[maybe_unused]] const bool registered = [] {
  for (const DenseKernels& kernels : all_dense_kernels()) {
    const std::string width = kernels.width;
    benchmark::RegisterBenchmark(("append_rows/" + width).c_str(), append_rows, kernels)->Arg(128)->Arg(1024);
    benchmark::RegisterBenchmark(("nuclear_norm/" + width).c_str(), nuclear_norm, kernels)->Arg(128)->Arg(1024);
  }
  benchmark::RegisterBenchmark("append_rows/eigen", eigen_factor)->Arg(128)->Arg(1024);
  benchmark::RegisterBenchmark("nuclear_norm/eigen", eigen_nuclear_norm)->Arg(128)->Arg(1024);
  return true;
}();

}  // namespace
}  // namespace emf
