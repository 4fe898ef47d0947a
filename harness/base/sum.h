// SPDX-License-Identifier: Apache-2.0
// What a mean is made of.
#pragma once

namespace emf {

/// The sum of things that count with a weight each.
struct Sum {
  double total = 0;   ///< of value times weight
  double weight = 0;  ///< of all weights; a count where each is 1

  /// Not a number where the weight is 0.
  double mean() const { return total / weight; }

  Sum& operator+=(const Sum& other) {
    total += other.total;
    weight += other.weight;
    return *this;
  }
};

}  // namespace emf
