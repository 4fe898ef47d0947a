// SPDX-License-Identifier: Apache-2.0
#include "harness/base/numpy_random.h"

#include <bit>
#include <limits>
#include <numeric>
#include <utility>

#include "harness/base/error.h"

namespace emf {

uint32_t NumpyRandom::below_or_at(uint32_t highest) {
  // numpy masks to the next power of two and draws again when it is above; any other way would take other
  // numbers from the same engine. `highest` is at least 1 here: a shift by all 32 bits would be undefined.
  const uint32_t mask = std::numeric_limits<uint32_t>::max() >> std::countl_zero(highest);
  while (true) {
    const auto value = static_cast<uint32_t>(engine_()) & mask;
    if (value <= highest) return value;
  }
}

std::vector<int64_t> NumpyRandom::permutation(int64_t n) {
  ensure(n >= 0 && n <= std::numeric_limits<uint32_t>::max(), "a permutation of {} was asked for", n);
  std::vector<int64_t> order(static_cast<size_t>(n));
  std::iota(order.begin(), order.end(), int64_t{0});
  // From the last place down, as RandomState shuffles; the other direction would give another permutation of
  // the same seed.
  for (size_t i = order.size(); i-- > 1;) std::swap(order[i], order[below_or_at(static_cast<uint32_t>(i))]);
  return order;
}

std::vector<int64_t> NumpyRandom::choice(int64_t n, int64_t size) {
  ensure(size <= n, "{} of {} without replacement were asked for", size, n);
  // RandomState.choice without replacement is the head of a whole permutation, however few are asked for.
  std::vector<int64_t> order = permutation(n);
  order.resize(static_cast<size_t>(size));
  return order;
}

}  // namespace emf
