// SPDX-License-Identifier: Apache-2.0
#include "harness/statistics/dense/singular_values.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "harness/base/error.h"

namespace emf {
namespace {

constexpr double kRounding = std::numeric_limits<double>::epsilon() / 2;

/// (c s; -s c) (f, g) = (r, 0). Numbers are at most 1 here, and those whose squares vanish are zeros to us.
struct Rotation {
  Rotation(double f, double g) {
    const double squares = f * f + g * g;
    if (squares < std::numeric_limits<double>::min()) {
      r = f;
      return;
    }
    r = std::copysign(std::sqrt(squares), f);
    const double inverse = 1 / r;
    c = f * inverse;
    s = g * inverse;
  }
  double c = 1, s = 0, r = 0;
};

/// A block of the two diagonals, from `first` to `last`, none of whose upper numbers is zero.
class Block {
 public:
  Block(std::vector<double>& d, std::vector<double>& e, size_t first, size_t last)
      : d_(d), e_(e), first_(first), last_(last) {}

  void reverse() const {
    const auto at = [](size_t place) { return static_cast<std::ptrdiff_t>(place); };
    std::reverse(d_.begin() + at(first_), d_.begin() + at(last_) + 1);
    std::reverse(e_.begin() + at(first_), e_.begin() + at(last_));
  }

  /// One sweep towards the last number, which comes closer to being alone.
  void sweep() const {
    const double shift = smallest_of_last_two(), ratio = d_[first_] == 0 ? 0 : shift / d_[first_];
    const bool zero = std::any_of(d_.begin() + static_cast<std::ptrdiff_t>(first_),
                                  d_.begin() + static_cast<std::ptrdiff_t>(last_) + 1,
                                  [](double value) { return std::abs(value) < std::numeric_limits<double>::min(); });
    if (zero || ratio * ratio < kRounding) {
      sweep_without_shift();
    } else {
      sweep_with(shift);
    }
  }

 private:
  /// The smaller singular value of the last two rows and columns.
  double smallest_of_last_two() const {
    const double f = std::abs(d_[last_ - 1]), g = std::abs(e_[last_ - 1]), h = std::abs(d_[last_]);
    const double sum = std::hypot(f + h, g), difference = std::hypot(f - h, g);
    // Their product is f h, the sum of their squares f^2 + g^2 + h^2.
    return sum + difference == 0 ? 0 : 2 * f * (h / (sum + difference));
  }

  void sweep_without_shift() const {
    double c = 1, old_c = 1, old_s = 0;
    for (size_t i = first_; i < last_; ++i) {
      const Rotation right(d_[i] * c, e_[i]);
      if (i > first_) e_[i - 1] = old_s * right.r;
      const Rotation left(old_c * right.r, d_[i + 1] * right.s);
      d_[i] = left.r;
      c = right.c;
      old_c = left.c;
      old_s = left.s;
    }
    const double end = d_[last_] * c;
    d_[last_] = end * old_c;
    e_[last_ - 1] = end * old_s;
  }

  void sweep_with(double shift) const {
    double f = (std::abs(d_[first_]) - shift) * (std::copysign(1.0, d_[first_]) + shift / d_[first_]), g = e_[first_];
    for (size_t i = first_; i < last_; ++i) {
      const Rotation right(f, g);
      if (i > first_) e_[i - 1] = right.r;
      f = right.c * d_[i] + right.s * e_[i];
      e_[i] = right.c * e_[i] - right.s * d_[i];
      g = right.s * d_[i + 1];
      d_[i + 1] *= right.c;
      const Rotation left(f, g);
      d_[i] = left.r;
      f = left.c * e_[i] + left.s * d_[i + 1];
      d_[i + 1] = left.c * d_[i + 1] - left.s * e_[i];
      if (i + 1 < last_) {
        g = left.s * e_[i + 1];
        e_[i + 1] *= left.c;
      }
    }
    e_[last_ - 1] = f;
  }

  std::vector<double>&d_, &e_;
  size_t first_, last_;
};

}  // namespace

double sum_of_singular_values(std::vector<double> diagonal, std::vector<double> above) {
  ensure(!diagonal.empty() && above.size() + 1 == diagonal.size(), "diagonals of {} and {}", diagonal.size(),
         above.size());
  double most = 0;
  for (const double value : diagonal) most = std::max(most, std::abs(value));
  for (const double value : above) most = std::max(most, std::abs(value));
  if (most == 0) return 0;
  ensure(std::isfinite(most), "singular values of numbers that are not finite");
  int exponent = 0;
  std::frexp(most, &exponent);
  for (double& value : diagonal) value = std::ldexp(value, -exponent);
  for (double& value : above) value = std::ldexp(value, -exponent);

  const size_t size = diagonal.size();
  size_t last = size - 1, old_first = size, old_last = size;
  // Each value takes two or three sweeps.
  for (size_t sweeps = 0; last > 0;) {
    size_t first = last;
    while (first > 0 && std::abs(above[first - 1]) > kRounding) --first;
    if (first == last) {
      --last;
      continue;
    }
    ensure(++sweeps < 60 * size, "singular values of {} numbers did not come", size);
    const Block block(diagonal, above, first, last);
    // Sweeps go from large to small numbers; a block that has been begun keeps its way.
    if ((first > old_last || last < old_first || old_first == size) &&
        std::abs(diagonal[first]) < std::abs(diagonal[last])) {
      block.reverse();
    }
    old_first = first;
    old_last = last;
    block.sweep();
  }
  double sum = 0;
  for (const double value : diagonal) sum += std::abs(value);
  return std::ldexp(sum, exponent);
}

}  // namespace emf
