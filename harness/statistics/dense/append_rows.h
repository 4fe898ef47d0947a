// SPDX-License-Identifier: Apache-2.0
// DenseKernels::append_rows for one width of vector unit (product.h says for whom).
#pragma once

#include "harness/statistics/dense/reflectors.h"

namespace emf {
namespace {

// Rows whose reflections are gathered, and the columns that are reflected together: a chunk of rows x columns stays in
// the second cache while both products of a panel pass over it.
constexpr int64_t kAppendedRows = 512, kAppendedPanel = 64, kAppendedChunk = 144;
static_assert(kAppendedChunk % kTileRows == 0);

/// Rows on their way into a triangle, with the room for it.
class Appender {
 public:
  Appender(Matrix triangle, int64_t columns)
      : triangle_(triangle),
        columns_(columns),
        room_(kAppendedPanel, larger(kAppendedPanel, kAppendedChunk)),
        reflectors_(kLength * kAppendedPanel),
        factor_(kAppendedPanel * kAppendedPanel) {}

  /// @param filled  rows of the triangle that hold something yet.   @param count  kAppendedRows at most.
  /// @return  rows of the triangle that hold something now.
  int64_t append(int64_t filled, Matrix rows, int64_t count) {
    for (int64_t j = 0; j < filled; j += kAppendedPanel) {
      const int64_t n = smaller(kAppendedPanel, filled - j);
      take_panel(rows.from(0, j), count, n);
      append_panel(triangle_.from(j, j), v_, count, n, t_, room_);
      for (int64_t c = j + n; c < columns_; c += kAppendedChunk) append_chunk(j, n, rows, count, c);
    }
    // Below the rows that are filled the triangle is empty: the rows themselves become further ones of it.
    const int64_t further = smaller(count, columns_ - filled);
    for (int64_t k = 0; k < further; k += kAppendedPanel) {
      const int64_t n = smaller(kAppendedPanel, further - k), j = filled + k;
      const Matrix rest = rows.from(k, 0);
      take_panel(rest.from(0, j), count - k, n);
      factor_panel(v_, count - k, n, triangle_.from(j, j), t_, room_);
      for (int64_t c = j + n; c < columns_; c += kAppendedChunk) fill_chunk(j, n, rest, count - k, c);
    }
    return filled + further;
  }

 private:
  static constexpr int64_t kLength =
      kAppendedRows + 8;  // columns at a power of two would share their places in the cache

  void take_panel(Matrix rows, int64_t count, int64_t n) const {
    for (int64_t i = 0; i < count; ++i) {
      for (int64_t j = 0; j < n; ++j) v_(i, j) = rows(i, j);
    }
    clear(t_, n, n);
  }

  /// Reflects a chunk of columns, beginning at c, of rows j.. of the triangle and of the rows below it.
  void append_chunk(int64_t j, int64_t n, Matrix rows, int64_t count, int64_t c) const {
    const int64_t wide = smaller(kAppendedChunk, columns_ - c);
    const Matrix heads = triangle_.from(j, c), tails = rows.from(0, c), z{room_.z, wide, 1}, y{room_.y, wide, 1};
    for (int64_t i = 0; i < n; ++i) __builtin_memcpy(&z(i, 0), &heads(i, 0), bytes(wide));
    multiply_add<false>(n, wide, count, v_.transposed(), tails, z, room_.product);
    factor_times(t_, z, y, n, wide, room_.product);
    for (int64_t i = 0; i < n; ++i) subtract(1, &y(i, 0), &heads(i, 0), wide);
    multiply_add<true>(count, wide, n, v_, y, tails, room_.product);
  }

  /// The same where the reflected rows are all there is; the first n of them go into the triangle.
  void fill_chunk(int64_t j, int64_t n, Matrix rows, int64_t count, int64_t c) const {
    const int64_t wide = smaller(kAppendedChunk, columns_ - c);
    const Matrix heads = triangle_.from(j, c), tails = rows.from(0, c), z{room_.z, wide, 1}, y{room_.y, wide, 1};
    clear(z.transposed(), wide, n);
    multiply_add<false>(n, wide, count, v_.transposed(), tails, z, room_.product);
    factor_times(t_, z, y, n, wide, room_.product);
    multiply_add<true>(count, wide, n, v_, y, tails, room_.product);
    for (int64_t i = 0; i < n; ++i) __builtin_memcpy(&heads(i, 0), &tails(i, 0), bytes(wide));
  }

  static unsigned long bytes(int64_t count) { return static_cast<unsigned long>(count) * sizeof(double); }

  const Matrix triangle_;
  const int64_t columns_;
  ReflectionRoom room_;
  const Room reflectors_, factor_;
  const Matrix v_{reflectors_.at(), 1, kLength}, t_{factor_.at(), 1, kAppendedPanel};
};

void append_rows(double* r, int64_t filled, double* rows, int64_t count, int64_t columns) {
  Appender appender({r, columns, 1}, columns);
  for (int64_t begin = 0; begin < count; begin += kAppendedRows) {
    filled = appender.append(filled, {rows + begin * columns, columns, 1}, smaller(kAppendedRows, count - begin));
  }
}

}  // namespace
}  // namespace emf
