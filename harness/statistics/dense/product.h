// SPDX-License-Identifier: Apache-2.0
// Products of matrices for one width of vector unit; only for kernels*.cc, each of which compiles
// it for its own. All names are the file's own and nothing of the standard library's templates is
// used: one definition must not serve two widths.
#pragma once

#include <cstdint>

namespace emf {
namespace {

#if defined(__AVX512F__)
constexpr int kLanes = 8, kTileVectors = 3, kTileColumns = 8;
#elif defined(__AVX2__)
constexpr int kLanes = 4, kTileVectors = 3, kTileColumns = 4;
#else
constexpr int kLanes = 2, kTileVectors = 2, kTileColumns = 4;
#endif
constexpr int kTileRows = kTileVectors * kLanes;

typedef double Lanes __attribute__((vector_size(kLanes * 8)));
typedef Lanes LooseLanes __attribute__((aligned(8), may_alias));

inline Lanes load(const double* from) { return *reinterpret_cast<const LooseLanes*>(from); }
inline void store(double* to, Lanes lanes) { *reinterpret_cast<LooseLanes*>(to) = lanes; }
inline double sum(Lanes lanes) {
  double parts[kLanes];
  store(parts, lanes);
  for (int half = kLanes / 2; half > 0; half /= 2) {
    for (int i = 0; i < half; ++i) parts[i] += parts[i + half];
  }
  return parts[0];
}

inline int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }
inline int64_t larger(int64_t a, int64_t b) { return a < b ? b : a; }

/// Element (i, j) is at[i * row + j * column].
template <typename Number>
struct View {
  Number* at;
  int64_t row, column;

  View from(int64_t i, int64_t j) const { return {at + i * row + j * column, row, column}; }
  View transposed() const { return {at, column, row}; }
  Number& operator()(int64_t i, int64_t j) const { return at[i * row + j * column]; }
  operator View<const Number>() const { return {at, row, column}; }
};
using Matrix = View<double>;
using ConstMatrix = View<const double>;

/// Numbers on the heap, at an address that suits vectors.
class Room {
 public:
  explicit Room(int64_t count)
      : count_(count),
        bytes_(new char[static_cast<unsigned long>(count) * sizeof(double) + 64]),
        at_(reinterpret_cast<double*>((reinterpret_cast<uintptr_t>(bytes_) + 63) / 64 * 64)) {}
  Room(const Room&) = delete;
  Room& operator=(const Room&) = delete;
  ~Room() { delete[] bytes_; }
  double* at() const { return at_; }
  void clear() const { __builtin_memset(at_, 0, static_cast<unsigned long>(count_) * sizeof(double)); }

 private:
  int64_t count_;
  char* bytes_;
  double* at_;
};

// A block of the left factor stays in the second cache, a strip of the right one in the first.
constexpr int64_t kBlockRows = 192, kBlockDepth = 256, kBlockColumns = 1024;
static_assert(kBlockRows % kTileRows == 0 && kBlockColumns % kTileColumns == 0);

/// Numbers of room that multiply_add() needs.
constexpr int64_t kProductRoom = kBlockRows * kBlockDepth + kBlockColumns * kBlockDepth;

/// One tile of c: rows and columns that are there of kTileRows x kTileColumns. `left` is packed; element (p, j) of the
/// right strip is right[p * right_row + j * right_column].
template <bool kPacked, bool kSubtract>
inline void tile(int64_t depth, const double* left, const double* right, int64_t right_column, double* c,
                 int64_t c_column, int64_t rows, int64_t columns) {
  Lanes sums[kTileColumns][kTileVectors] = {};
  for (int64_t p = 0; p < depth; ++p) {
    Lanes a[kTileVectors];
#pragma GCC unroll 4
    for (int v = 0; v < kTileVectors; ++v) a[v] = load(left + v * kLanes);
#pragma GCC unroll 8
    for (int j = 0; j < kTileColumns; ++j) {
      const double b = kPacked ? right[j] : right[j * right_column];
#pragma GCC unroll 4
      for (int v = 0; v < kTileVectors; ++v) sums[j][v] += a[v] * b;
    }
    left += kTileRows;
    right += kPacked ? kTileColumns : 1;
  }
  if (rows == kTileRows && columns == kTileColumns) {
#pragma GCC unroll 8
    for (int j = 0; j < kTileColumns; ++j) {
#pragma GCC unroll 4
      for (int v = 0; v < kTileVectors; ++v) {
        double* to = c + j * c_column + v * kLanes;
        store(to, kSubtract ? load(to) - sums[j][v] : load(to) + sums[j][v]);
      }
    }
    return;
  }
  double spilt[kTileColumns * kTileRows];
  for (int j = 0; j < kTileColumns; ++j) {
    for (int v = 0; v < kTileVectors; ++v) store(spilt + j * kTileRows + v * kLanes, sums[j][v]);
  }
  for (int64_t j = 0; j < columns; ++j) {
    for (int64_t i = 0; i < rows; ++i) {
      double& to = c[j * c_column + i];
      const double change = spilt[j * kTileRows + i];
      to = kSubtract ? to - change : to + change;
    }
  }
}

/// Strips of `width` rows of a [rows, depth], each of them column by column, the last one filled up with zeros.
template <int kWidth>
inline void pack(ConstMatrix a, int64_t rows, int64_t depth, double* to) {
  for (int64_t begin = 0; begin < rows; begin += kWidth) {
    const int64_t there = smaller(kWidth, rows - begin);
    const double* from = a.at + begin * a.row;
    if (there == kWidth && a.row == 1) {
      for (int64_t p = 0; p < depth; ++p)
        __builtin_memcpy(to + p * kWidth, from + p * a.column, kWidth * sizeof(double));
    } else {
      // In squares, so that what is written stays in the first cache.
      constexpr int64_t kSquare = 8;
      for (int64_t q = 0; q < depth; q += kSquare) {
        const int64_t end = smaller(q + kSquare, depth);
        for (int64_t i = 0; i < kWidth; ++i) {
          for (int64_t p = q; p < end; ++p) to[p * kWidth + i] = i < there ? from[i * a.row + p * a.column] : 0;
        }
      }
    }
    to += kWidth * depth;
  }
}

template <bool kSubtract>
void multiply_by_columns(int64_t rows, int64_t columns, int64_t depth, ConstMatrix a, ConstMatrix b, Matrix c,
                         double* room) {
  double *packed_a = room, *packed_b = room + kBlockRows * kBlockDepth;
  for (int64_t j0 = 0; j0 < columns; j0 += kBlockColumns) {
    const int64_t wide = smaller(kBlockColumns, columns - j0);
    // Columns that lie in memory as they are summed need no packing, but for a last strip that is not whole.
    const int64_t plain = b.row == 1 ? wide / kTileColumns * kTileColumns : 0;
    for (int64_t p0 = 0; p0 < depth; p0 += kBlockDepth) {
      const int64_t deep = smaller(kBlockDepth, depth - p0);
      pack<kTileColumns>(b.from(p0, j0 + plain).transposed(), wide - plain, deep, packed_b);
      for (int64_t i0 = 0; i0 < rows; i0 += kBlockRows) {
        const int64_t tall = smaller(kBlockRows, rows - i0);
        pack<kTileRows>(a.from(i0, p0), tall, deep, packed_a);
        for (int64_t j = 0; j < wide; j += kTileColumns) {
          for (int64_t i = 0; i < tall; i += kTileRows) {
            const double* left = packed_a + i * deep;
            double* to = &c(i0 + i, j0 + j);
            const int64_t high = smaller(kTileRows, tall - i), broad = smaller(kTileColumns, wide - j);
            if (j < plain) {
              tile<false, kSubtract>(deep, left, b.at + p0 + (j0 + j) * b.column, b.column, to, c.column, high, broad);
            } else {
              tile<true, kSubtract>(deep, left, packed_b + (j - plain) * deep, 0, to, c.column, high, broad);
            }
          }
        }
      }
    }
  }
}

/// c += a b, or c -= a b, with a [rows, depth], b [depth, columns]; c lies row by row or column by column. Every
/// element is summed in the same order wherever it stands, so parts of c may be made apart.
/// @param room  kProductRoom numbers.
template <bool kSubtract>
void multiply_add(int64_t rows, int64_t columns, int64_t depth, ConstMatrix a, ConstMatrix b, Matrix c, double* room) {
  if (c.row == 1) {
    multiply_by_columns<kSubtract>(rows, columns, depth, a, b, c, room);
  } else {
    multiply_by_columns<kSubtract>(columns, rows, depth, b.transposed(), a.transposed(), c.transposed(), room);
  }
}

inline void clear(Matrix c, int64_t rows, int64_t columns) {
  for (int64_t j = 0; j < columns; ++j) {
    for (int64_t i = 0; i < rows; ++i) c(i, j) = 0;
  }
}

}  // namespace
}  // namespace emf
