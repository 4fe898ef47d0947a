// SPDX-License-Identifier: Apache-2.0
// Numbers as Python and numpy add, round and print them: official scores are compared to their last printed digit.
#pragma once

#include <span>
#include <string>

namespace emf {

/// A float as Python's print() has it: the shortest digits that read back as themselves, "1.0" where they are whole.
std::string python_text(double value);

/// Python's round(): to the nearest decimal of the exact binary value.
double python_round(double value, int digits);

/// numpy's round(), which scales, rounds halves to even and scales back: its last digit may be another.
double numpy_round(double value, int digits);

/// numpy's sum of float64 values, which adds in pairs of blocks: its last bits differ from those of a loop.
double numpy_sum(std::span<const double> values);

/// numpy_sum() over the number of values, of which there must be one.
double numpy_mean(std::span<const double> values);

}  // namespace emf
