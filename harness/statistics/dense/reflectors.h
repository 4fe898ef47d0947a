// SPDX-License-Identifier: Apache-2.0
// Householder reflections in blocks, I - V T V^T, for one width of vector unit (product.h says for whom).
#pragma once

#include "harness/statistics/dense/product.h"

namespace emf {
namespace {

/// Columns that are reflected one by one; wider panels are halved.
constexpr int64_t kNarrow = 16;

inline double dot(const double* a, const double* b, int64_t count) {
  Lanes sums[4] = {};
  int64_t i = 0;
  for (; i + 4 * kLanes <= count; i += 4 * kLanes) {
    for (int k = 0; k < 4; ++k) sums[k] += load(a + i + k * kLanes) * load(b + i + k * kLanes);
  }
  for (; i + kLanes <= count; i += kLanes) sums[0] += load(a + i) * load(b + i);
  double total = sum((sums[0] + sums[1]) + (sums[2] + sums[3]));
  for (; i < count; ++i) total += a[i] * b[i];
  return total;
}

/// to -= factor * a
inline void subtract(double factor, const double* a, double* to, int64_t count) {
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) store(to + i, load(to + i) - load(a + i) * factor);
  for (; i < count; ++i) to[i] -= a[i] * factor;
}

/// The reflection that takes (head, tail) to (head', 0): head becomes head', tail the reflector's, whose own head is 1.
/// @return  tau of I - tau v v^T; 0: nothing to reflect.
inline double reflect(double& head, double* tail, int64_t count) {
  const double squares = dot(tail, tail, count);
  if (squares < __DBL_MIN__) {
    for (int64_t i = 0; i < count; ++i) tail[i] = 0;
    return 0;
  }
  const double length = __builtin_sqrt(head * head + squares), turned = head < 0 ? length : -length;
  const double tau = (turned - head) / turned, scale = 1 / (head - turned);
  for (int64_t i = 0; i < count; ++i) tail[i] *= scale;
  head = turned;
  return tau;
}

/// T of a panel from those of its halves: its upper right part is -T1 (V1^T V2) T2.
/// @param t        [n, n] by columns, whose diagonal blocks [n1, n1] and [n2, n2] are done.
/// @param between  V1^T V2 [n1, n2] by columns; `spare` as large.
inline void join_factors(Matrix t, int64_t n1, int64_t n2, Matrix between, Matrix spare, double* room) {
  clear(spare, n1, n2);
  multiply_add<false>(n1, n2, n2, between, t.from(n1, n1), spare, room);
  multiply_add<true>(n1, n2, n1, t, spare, t.from(0, n1), room);
}

/// The last column of T for a reflector that follows others, whose products with it are given.
inline void extend_factor(Matrix t, int64_t j, double tau, const double* products) {
  t(j, j) = tau;
  for (int64_t i = 0; i < j; ++i) {
    double total = 0;
    for (int64_t k = i; k < j; ++k) total += t(i, k) * products[k];
    t(i, j) = -tau * total;
  }
}

/// y = T^T z for z [n, columns], both row by row or both column by column.
inline void factor_times(Matrix t, Matrix z, Matrix y, int64_t n, int64_t columns, double* room) {
  clear(y, n, columns);
  multiply_add<false>(n, columns, n, t.transposed(), z, y, room);
}

/// Room of one thread, cut into what the blocks of reflections need.
struct ReflectionRoom {
  ReflectionRoom(int64_t panel, int64_t columns)
      : held(kProductRoom + 2 * panel * columns + 16),
        product(held.at()),
        z(product + kProductRoom),
        y(z + panel * columns) {}
  Room held;
  double *product, *z, *y;
};

/// Reflects the n columns of w [length, n] (by columns) into a triangle `heads`, row j of which takes column j.
/// On return w holds the reflectors less their heads (1 in row j of the triangle), t their T; t must be zeros before.
/// @param room  of a panel of n by n columns at least.
void append_panel(Matrix heads, Matrix w, int64_t length, int64_t n, Matrix t, ReflectionRoom& room) {
  if (n <= kNarrow) {
    double products[kNarrow];
    for (int64_t j = 0; j < n; ++j) {
      double* own = &w(0, j);
      const double tau = reflect(heads(j, j), own, length);
      for (int64_t i = 0; i < j; ++i) products[i] = dot(&w(0, i), own, length);
      extend_factor(t, j, tau, products);
      for (int64_t c = j + 1; c < n; ++c) {
        const double part = tau * (heads(j, c) + dot(own, &w(0, c), length));
        heads(j, c) -= part;
        subtract(part, own, &w(0, c), length);
      }
    }
    return;
  }
  const int64_t n1 = (n / 2 + kNarrow - 1) / kNarrow * kNarrow, n2 = n - n1;
  append_panel(heads, w, length, n1, t, room);
  const Matrix right = w.from(0, n1), z{room.z, 1, n1}, y{room.y, 1, n1};
  for (int64_t c = 0; c < n2; ++c) {
    for (int64_t i = 0; i < n1; ++i) z(i, c) = heads(i, n1 + c);
  }
  multiply_add<false>(n1, n2, length, w.transposed(), right, z, room.product);
  factor_times(t, z, y, n1, n2, room.product);
  for (int64_t c = 0; c < n2; ++c) {
    for (int64_t i = 0; i < n1; ++i) heads(i, n1 + c) -= y(i, c);
  }
  multiply_add<true>(length, n2, n1, w, y, right, room.product);
  append_panel(heads.from(n1, n1), right, length, n2, t.from(n1, n1), room);
  clear(z, n1, n2);
  multiply_add<false>(n1, n2, length, w.transposed(), right, z, room.product);
  join_factors(t, n1, n2, z, y, room.product);
}

/// A QR of v [length, n] (by columns), length >= n: r [n, n] becomes R (what is below its diagonal is left alone), v
/// the reflectors in full, with their ones and the zeros above them, t their T; t must be zeros before.
/// @param room  as in append_panel().
void factor_panel(Matrix v, int64_t length, int64_t n, Matrix r, Matrix t, ReflectionRoom& room) {
  if (n <= kNarrow) {
    double taus[kNarrow], products[kNarrow];
    for (int64_t j = 0; j < n; ++j) {
      double* own = &v(j, j) + 1;
      const int64_t below = length - j - 1;
      taus[j] = reflect(v(j, j), own, below);
      for (int64_t c = j + 1; c < n; ++c) {
        double* other = &v(j, c);
        const double part = taus[j] * (*other + dot(own, other + 1, below));
        *other -= part;
        subtract(part, own, other + 1, below);
      }
    }
    for (int64_t j = 0; j < n; ++j) {
      for (int64_t i = 0; i <= j; ++i) {
        r(i, j) = v(i, j);
        v(i, j) = i < j ? 0 : 1;
      }
      for (int64_t i = 0; i < j; ++i) products[i] = dot(&v(j, i), &v(j, j), length - j);
      extend_factor(t, j, taus[j], products);
    }
    return;
  }
  const int64_t n1 = (n / 2 + kNarrow - 1) / kNarrow * kNarrow, n2 = n - n1;
  factor_panel(v, length, n1, r, t, room);
  const Matrix right = v.from(0, n1), z{room.z, 1, n1}, y{room.y, 1, n1};
  clear(z, n1, n2);
  multiply_add<false>(n1, n2, length, v.transposed(), right, z, room.product);
  factor_times(t, z, y, n1, n2, room.product);
  multiply_add<true>(length, n2, n1, v, y, right, room.product);
  for (int64_t c = 0; c < n2; ++c) {
    for (int64_t i = 0; i < n1; ++i) {
      r(i, n1 + c) = right(i, c);
      right(i, c) = 0;
    }
  }
  factor_panel(v.from(n1, n1), length - n1, n2, r.from(n1, n1), t.from(n1, n1), room);
  clear(z, n1, n2);
  multiply_add<false>(n1, n2, length - n1, v.from(n1, 0).transposed(), v.from(n1, n1), z, room.product);
  join_factors(t, n1, n2, z, y, room.product);
}

}  // namespace
}  // namespace emf
