// SPDX-License-Identifier: Apache-2.0
// DenseKernels::bidiagonal_of_product for one width of vector unit (product.h says for whom): a matrix is first reduced
// to a band in products of matrices, then the band is chased down to two diagonals.
// Source: Lang 1996 and Grosser and Lang 1999 (two stages); no vectors are wanted, so the second stage costs little.
#pragma once

#include "harness/statistics/dense/kernels.h"
#include "harness/statistics/dense/reflectors.h"

namespace emf {
namespace {

/// Diagonals above the main one that the first stage leaves: a whole number of tiles of every width.
constexpr int64_t kBand = 48;
static_assert(kBand % kTileRows == 0 && kBand % kLanes == 0);
/// Columns, or rows, that are one task.
constexpr int64_t kTask = 144;

/// Runs task(number, worker) for all numbers below `tasks`.
template <typename Task>
void side_by_side(const Workers& workers, int64_t tasks, Task& task) {
  workers.run(
      workers.count, tasks, [](void* own, int64_t number, int worker) { (*static_cast<Task*>(own))(number, worker); },
      &task);
}

/// The rooms of all workers.
class Rooms {
 public:
  explicit Rooms(int count) : count_(count), rooms_(new ReflectionRoom*[static_cast<unsigned long>(count)]) {
    for (int i = 0; i < count_; ++i) rooms_[i] = new ReflectionRoom(kBand, kTask);
  }
  Rooms(const Rooms&) = delete;
  Rooms& operator=(const Rooms&) = delete;
  ~Rooms() {
    for (int i = 0; i < count_; ++i) delete rooms_[i];
    delete[] rooms_;
  }
  ReflectionRoom& operator[](int worker) const { return *rooms_[worker]; }

 private:
  int count_;
  ReflectionRoom** rooms_;
};

/// a = (I - V T^T V^T) a for a [length, columns] by columns, v [length, n].
void reflect_from_left(Matrix v, Matrix t, int64_t n, Matrix a, int64_t length, int64_t columns, const Rooms& rooms,
                       const Workers& workers) {
  auto task = [&](int64_t number, int worker) {
    ReflectionRoom& room = rooms[worker];
    const Matrix part = a.from(0, number * kTask), z{room.z, 1, n}, y{room.y, 1, n};
    const int64_t wide = smaller(kTask, columns - number * kTask);
    clear(z, n, wide);
    multiply_add<false>(n, wide, length, v.transposed(), part, z, room.product);
    factor_times(t, z, y, n, wide, room.product);
    multiply_add<true>(length, wide, n, v, y, part, room.product);
  };
  side_by_side(workers, (columns + kTask - 1) / kTask, task);
}

/// a = a (I - V T V^T) for a [rows, length] by columns, v [length, n].
void reflect_from_right(Matrix v, Matrix t, int64_t n, Matrix a, int64_t rows, int64_t length, const Rooms& rooms,
                        const Workers& workers) {
  auto task = [&](int64_t number, int worker) {
    ReflectionRoom& room = rooms[worker];
    const int64_t tall = smaller(kTask, rows - number * kTask);
    const Matrix part = a.from(number * kTask, 0), z{room.z, 1, tall}, y{room.y, 1, tall};
    clear(z, tall, n);
    multiply_add<false>(tall, n, length, part, v, z, room.product);
    factor_times(t, z.transposed(), y.transposed(), n, tall, room.product);
    multiply_add<true>(tall, length, n, y, v.transposed(), part, room.product);
  };
  side_by_side(workers, (rows + kTask - 1) / kTask, task);
}

/// Turns a [rows, columns] by columns, rows >= columns, into an upper band [columns, columns] of kBand diagonals above
/// the main one with the same singular values; what lies outside the band is left as it happens to be.
void reduce_to_band(Matrix a, int64_t rows, int64_t columns, const Workers& workers) {
  const Rooms rooms(workers.count);
  const Room reflectors((rows + 8) * kBand), factor(kBand * kBand);
  const Matrix v{reflectors.at(), 1, rows + 8}, t{factor.at(), 1, kBand};
  for (int64_t k = 0; k < columns; k += kBand) {
    const int64_t n = smaller(kBand, columns - k), after = columns - k - n;
    const Matrix panel = a.from(k, k);
    for (int64_t j = 0; j < n; ++j) {
      for (int64_t i = 0; i < rows - k; ++i) v(i, j) = panel(i, j);
    }
    clear(t, n, n);
    factor_panel(v, rows - k, n, panel, t, rooms[0]);
    if (after == 0) break;
    reflect_from_left(v, t, n, a.from(k, k + n), rows - k, after, rooms, workers);
    // The same from the other side; rows beyond `wide` are inside the band as they are.
    const int64_t wide = smaller(n, after);
    const Matrix right = a.from(k, k + n);
    for (int64_t j = 0; j < after; ++j) {
      for (int64_t i = 0; i < wide; ++i) v(j, i) = right(i, j);
    }
    clear(t, wide, wide);
    factor_panel(v, after, wide, right.transposed(), t, rooms[0]);
    reflect_from_right(v, t, wide, a.from(k + wide, k + n), rows - k - wide, after, rooms, workers);
  }
}

/// An upper band in the course of being chased: from kBand - 1 diagonals below the main one to 2 kBand above it.
class Band {
 public:
  Band(Matrix a, int64_t size) : size_(size), room_(size * (kColumn + 1) + 2 * kBand + kColumn) {
    room_.clear();
    for (int64_t j = 0; j < size; ++j) {
      for (int64_t i = larger(0, j - kBand); i <= j; ++i) at(i, j) = a(i, j);
    }
  }
  double& at(int64_t i, int64_t j) const { return room_.at()[2 * kBand + i + j * kColumn]; }

  /// @param diagonal, above  [size], [size - 1]
  void chase(double* diagonal, double* above) const {
    for (int64_t row = 0; row + 1 < size_; ++row) {
      int64_t first = row + 1;  // the column whose bulge comes next
      clear_row(row, first, smaller(row + kBand, size_ - 1), row + 1);
      while (first < size_) {
        const int64_t last = smaller(first + kBand, size_) - 1;
        if (last == first) break;
        clear_column(first, last, smaller(first + 2 * kBand, size_) - 1);
        const int64_t next = first + kBand;
        if (next >= size_) break;
        clear_row(first, next, smaller(next + kBand, size_) - 1, first + 1);
        first = next;
      }
    }
    for (int64_t i = 0; i < size_; ++i) {
      diagonal[i] = at(i, i);
      if (i + 1 < size_) above[i] = at(i, i + 1);
    }
  }

 private:
  /// From one column to the same row of the next.
  static constexpr int64_t kColumn = 3 * kBand;

  // Both reflect whole vectors: what lies in the band beside the rows that are meant is zero and stays so, and none of
  // it is another element's place, as kBand is a multiple of kLanes.

  /// Reflects columns first..last so that row `row` keeps the first of them alone; rows from `below` to `last` follow.
  void clear_row(int64_t row, int64_t first, int64_t last, int64_t below) const {
    double v[kBand];
    const int64_t count = last - first + 1;
    for (int64_t j = 0; j < count; ++j) v[j] = at(row, first + j);
    const double tau = reflect(v[0], v + 1, count - 1);
    at(row, first) = v[0];
    for (int64_t j = 1; j < count; ++j) at(row, first + j) = 0;
    if (tau == 0) return;
    v[0] = 1;
    double* from = &at(below, first);
    const int64_t vectors = (last - below + kLanes) / kLanes;
    int64_t i = 0;
    for (; i + 4 <= vectors; i += 4) reflect_rows<4>(from + i * kLanes, v, count, tau);
    for (; i < vectors; ++i) reflect_rows<1>(from + i * kLanes, v, count, tau);
  }

  template <int kVectors>
  static void reflect_rows(double* from, const double* v, int64_t count, double tau) {
    Lanes totals[kVectors] = {};
    for (int64_t j = 0; j < count; ++j) {
#pragma GCC unroll 4
      for (int k = 0; k < kVectors; ++k) totals[k] += load(from + j * kColumn + k * kLanes) * v[j];
    }
#pragma GCC unroll 4
    for (int k = 0; k < kVectors; ++k) totals[k] *= tau;
    for (int64_t j = 0; j < count; ++j) {
#pragma GCC unroll 4
      for (int k = 0; k < kVectors; ++k) {
        double* to = from + j * kColumn + k * kLanes;
        store(to, load(to) - totals[k] * v[j]);
      }
    }
  }

  /// Reflects rows first..last so that column `first` keeps the first of them alone; columns up to `right` follow.
  void clear_column(int64_t first, int64_t last, int64_t right) const {
    constexpr int kVectors = kBand / kLanes;
    double v[kBand] = {};
    const int64_t count = last - first + 1;
    __builtin_memcpy(v, &at(first, first), static_cast<unsigned long>(count) * sizeof(double));
    const double tau = reflect(v[0], v + 1, count - 1);
    at(first, first) = v[0];
    for (int64_t i = 1; i < count; ++i) at(first + i, first) = 0;
    if (tau == 0) return;
    v[0] = 1;
    for (int64_t j = first + 1; j <= right; ++j) {
      double* column = &at(first, j);
      Lanes totals[2] = {};
#pragma GCC unroll 8
      for (int k = 0; k < kVectors; ++k) totals[k % 2] += load(v + k * kLanes) * load(column + k * kLanes);
      const double part = tau * sum(totals[0] + totals[1]);
#pragma GCC unroll 8
      for (int k = 0; k < kVectors; ++k) {
        store(column + k * kLanes, load(column + k * kLanes) - load(v + k * kLanes) * part);
      }
    }
  }

  int64_t size_;
  Room room_;
};

/// How many of the first columns of a [rows, columns] are zero.
int64_t zero_columns(ConstMatrix a, int64_t rows, int64_t columns) {
  int64_t found = columns;
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t j = 0; j < found; ++j) {
      if (a(i, j) != 0) found = j;
    }
  }
  return found;
}

void bidiagonal_of_product(const double* a, int64_t a_rows, const double* b, int64_t b_rows, int64_t columns,
                           double* diagonal, double* above, const Workers& workers) {
  if (a_rows < b_rows) return bidiagonal_of_product(b, b_rows, a, a_rows, columns, diagonal, above, workers);
  const int64_t length = a_rows + 8;  // columns at a power of two would share their places in the cache
  const Room room(length * b_rows);
  room.clear();
  const Matrix product{room.at(), 1, length};
  {
    const Rooms rooms(workers.count);
    const int64_t high = (a_rows + kTask - 1) / kTask, wide = (b_rows + kTask - 1) / kTask;
    auto task = [&](int64_t number, int worker) {
      const int64_t i = number / wide * kTask, j = number % wide * kTask;
      const int64_t tall = smaller(kTask, a_rows - i), broad = smaller(kTask, b_rows - j);
      const ConstMatrix left{a + i * columns, columns, 1}, right{b + j * columns, columns, 1};
      // Triangles are zero to the left of their diagonal.
      const int64_t begin = larger(zero_columns(left, tall, columns), zero_columns(right, broad, columns));
      multiply_add<false>(tall, broad, columns - begin, left.from(0, begin), right.from(0, begin).transposed(),
                          product.from(i, j), rooms[worker].product);
    };
    side_by_side(workers, high * wide, task);
  }
  // Squares of what is left must neither overflow nor vanish.
  double most = 0;
  for (int64_t j = 0; j < b_rows; ++j) {
    for (int64_t i = 0; i < a_rows; ++i) most = __builtin_fmax(most, __builtin_fabs(product(i, j)));
  }
  int exponent = 0;
  __builtin_frexp(most, &exponent);
  const int half = exponent / 2;  // in two steps: 2^-exponent itself may overflow
  const double down[] = {__builtin_ldexp(1, -half), __builtin_ldexp(1, half - exponent)};
  for (int64_t j = 0; j < b_rows; ++j) {
    for (int64_t i = 0; i < a_rows; ++i) product(i, j) = product(i, j) * down[0] * down[1];
  }
  reduce_to_band(product, a_rows, b_rows, workers);
  Band(product, b_rows).chase(diagonal, above);
  for (int64_t i = 0; i < b_rows; ++i) {
    diagonal[i] = __builtin_ldexp(diagonal[i], exponent);
    if (i + 1 < b_rows) above[i] = __builtin_ldexp(above[i], exponent);
  }
}

}  // namespace
}  // namespace emf
