// SPDX-License-Identifier: Apache-2.0
#include "harness/base/torch_random.h"

#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>
#include <utility>

#include "harness/base/error.h"

namespace emf {
namespace {

constexpr int64_t kBlock = 16;  // numbers that ATen makes normal together

/// Box and Muller's transform of the uniform numbers in place: the first eight give radii, the others angles.
void make_normal(float* block) {
  for (int64_t j = 0; j < kBlock / 2; ++j) {
    const float radius = std::sqrt(-2.0F * std::log(1.0F - block[j]));
    const float angle = 2.0F * std::numbers::pi_v<float> * block[j + kBlock / 2];
    block[j] = radius * std::cos(angle);
    block[j + kBlock / 2] = radius * std::sin(angle);
  }
}

}  // namespace

std::vector<int64_t> TorchRandom::permutation(int64_t n) {
  ensure(n >= 0 && n < std::numeric_limits<uint32_t>::max(), "a permutation of {} was asked for", n);
  std::vector<int64_t> order(static_cast<size_t>(n));
  std::iota(order.begin(), order.end(), int64_t{0});
  for (size_t i = 0; i + 1 < order.size(); ++i) std::swap(order[i], order[i + engine_() % (order.size() - i)]);
  return order;
}

void TorchRandom::fill_uniform(float* to, int64_t count) {
  // The 24 bits that a float's digits hold.
  for (int64_t i = 0; i < count; ++i) to[i] = static_cast<float>(engine_() & 0xFFFFFFU) * 0x1p-24F;
}

std::vector<float> TorchRandom::normal(int64_t count) {
  ensure(count >= kBlock, "{} normal numbers were asked for", count);
  std::vector<float> numbers(static_cast<size_t>(count));
  fill_uniform(numbers.data(), count);
  for (int64_t begin = 0; begin + kBlock <= count; begin += kBlock) make_normal(numbers.data() + begin);
  if (count % kBlock != 0) {
    // ATen draws its last block anew, over numbers that are normal already.
    fill_uniform(numbers.data() + count - kBlock, kBlock);
    make_normal(numbers.data() + count - kBlock);
  }
  return numbers;
}

}  // namespace emf
