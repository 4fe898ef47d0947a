// SPDX-License-Identifier: Apache-2.0
#include "harness/rules/official_text.h"

#include <array>
#include <cmath>
#include <cstdlib>

#include "harness/base/error.h"

namespace emf {

std::string python_text(double value) {
  // fmt's shortest digits are Python's, from 1e-4 to 1e16 without an exponent; only the point of whole ones is missing.
  std::string text = fmt::format("{}", value);
  if (text.find_first_not_of("-0123456789") == std::string::npos) text += ".0";
  return text;
}

double python_round(double value, int digits) {
  return std::strtod(fmt::format("{:.{}f}", value, digits).c_str(), nullptr);
}

double numpy_round(double value, int digits) {
  const double scale = std::pow(10.0, digits);
  return std::nearbyint(value * scale) / scale;
}

double numpy_sum(std::span<const double> values) {
  constexpr size_t kLanes = 8, kBlock = 128;
  const size_t n = values.size();
  if (n < kLanes) {
    double sum = 0;
    for (const double value : values) sum += value;
    return sum;
  }
  if (n <= kBlock) {
    std::array<double, kLanes> lanes{};
    for (size_t j = 0; j < kLanes; ++j) lanes[j] = values[j];
    size_t i = kLanes;
    for (; i < n - n % kLanes; i += kLanes) {
      for (size_t j = 0; j < kLanes; ++j) lanes[j] += values[i + j];
    }
    double sum = ((lanes[0] + lanes[1]) + (lanes[2] + lanes[3])) + ((lanes[4] + lanes[5]) + (lanes[6] + lanes[7]));
    for (; i < n; ++i) sum += values[i];
    return sum;
  }
  size_t half = n / 2;
  half -= half % kLanes;
  return numpy_sum(values.subspan(0, half)) + numpy_sum(values.subspan(half));
}

double numpy_mean(std::span<const double> values) {
  ensure(!values.empty(), "a mean of no values was asked for");
  return numpy_sum(values) / static_cast<double>(values.size());
}

}  // namespace emf
