// SPDX-License-Identifier: Apache-2.0
// The attention kernels' index maps against the instructions' description, and their sums against double precision, on
// the host.
#include "harness/kernels/cuda/attention_tiles.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <random>
#include <set>
#include <vector>

namespace emf::fused::tiles {
namespace {

TEST(AttentionTiles, AccumulatorsCoverTheTileOnce) {
  for (const int columns : {16, 32, 64, 80, 96, 128}) {
    std::set<std::pair<int, int>> places;
    for (int thread = 0; thread < 128; ++thread) {
      for (int index = 0; index < columns / 2; ++index) {
        const int row = accumulator_row(thread, index), column = accumulator_column(thread, index);
        EXPECT_TRUE(row >= 0 && row < kGroupRows && column >= 0 && column < columns);
        places.insert({row, column});
      }
    }
    EXPECT_EQ(places.size(), static_cast<size_t>(kGroupRows * columns));
  }
}

TEST(AttentionTiles, SumsAreTheNextLeftFactor) {
  // PTX ISA, wgmma: the left factor's fragment of m64k16 of a thread holds, in register p, the elements e = 0, 1 of row
  // 16 warp + lane / 4 + 8 (p % 2), column 2 (lane % 4) + e + 8 (p / 2).
  for (int thread = 0; thread < 128; ++thread) {
    for (int step = 0; step < 6; ++step) {
      for (int part = 0; part < 4; ++part) {
        for (int odd = 0; odd < 2; ++odd) {
          const int index = left_factor_source(step, part) + odd, lane = thread % 32;
          EXPECT_EQ(accumulator_row(thread, index), 16 * (thread / 32) + lane / 4 + 8 * (part % 2));
          EXPECT_EQ(accumulator_column(thread, index), 16 * step + 2 * (lane % 4) + odd + 8 * (part / 2));
        }
      }
    }
  }
}

TEST(AttentionTiles, ChunksHoldTheHead) {
  for (int head = 8; head <= 128; head += 8) {
    int held = 0;
    for (int chunk = 0; chunk < chunk_count(head); ++chunk) {
      const int columns = chunk_columns(head, chunk);
      EXPECT_TRUE(columns == 16 || columns == 32 || columns == 64) << head;
      EXPECT_TRUE(columns == 64 || chunk + 1 == chunk_count(head)) << head;
      held += columns;
    }
    EXPECT_GE(held, head);
    EXPECT_EQ(held, padded_head(head));
  }
  EXPECT_EQ(padded_head(72), 80);
  EXPECT_EQ(padded_head(64), 64);
}

struct Problem {
  std::vector<double> scores, tangents, values, value_tangents;
  std::vector<bool> open;
};

Problem problem(int keys, double shift) {
  std::mt19937_64 random(static_cast<uint64_t>(keys));
  std::normal_distribution<double> normal;
  Problem p;
  for (int i = 0; i < keys; ++i) {
    p.scores.push_back(3 * normal(random));
    p.tangents.push_back(normal(random) + shift);
    p.values.push_back(normal(random));
    p.value_tangents.push_back(normal(random));
    p.open.push_back(i == keys - 1 || random() % 3 != 0);
  }
  return p;
}

/// One row and one column of a head as the kernels sum it, tile after tile.
std::array<double, 3> tiled(const Problem& p, size_t tile, float scale, bool centred) {
  OnlineRow row;
  float output = 0, tangent = 0, centre = 0;
  for (size_t first = 0; first < p.scores.size(); first += tile) {
    const size_t end = std::min(first + tile, p.scores.size());
    float maximum = -std::numeric_limits<float>::infinity();
    std::vector<float> scores;
    for (size_t i = first; i < end; ++i) {
      scores.push_back(p.open[i] ? static_cast<float>(p.scores[i]) * scale * kLog2E
                                 : -std::numeric_limits<float>::infinity());
      maximum = std::max(maximum, scores.back());
    }
    const float factor = row.raise(maximum);
    output *= factor, tangent *= factor;
    float sum = 0, products = 0;
    for (float& score : scores) {
      score = std::exp2(score - row.base());
      sum += score;
    }
    row.sum += sum;
    for (size_t i = first; i < end; ++i) products += scores[i - first] * static_cast<float>(p.tangents[i]);
    if (first == 0 && centred) centre = centre_of(products, sum, scale);
    for (size_t i = first; i < end; ++i) {
      const float weight = scores[i - first], value = static_cast<float>(p.values[i]);
      const float moved = moved_weight(weight, static_cast<float>(p.tangents[i]), scale, centre);
      row.moved += moved;
      output += weight * value;
      tangent += moved * value + weight * static_cast<float>(p.value_tangents[i]);
    }
  }
  const float inverse = 1 / row.sum, value = output * inverse;
  return {value, finished_tangent(tangent, row.moved, value, inverse), (row.maximum + std::log2(row.sum)) * kLnOfTwo};
}

std::array<double, 3> reference(const Problem& p, double scale) {
  double sum = 0, mean = 0, output = 0, tangent = 0;
  for (size_t i = 0; i < p.scores.size(); ++i) {
    const double weight = p.open[i] ? std::exp(scale * p.scores[i]) : 0;
    sum += weight;
    mean += weight * scale * p.tangents[i];
    output += weight * p.values[i];
  }
  mean /= sum, output /= sum;
  for (size_t i = 0; i < p.scores.size(); ++i) {
    const double weight = p.open[i] ? std::exp(scale * p.scores[i]) / sum : 0;
    tangent += weight * ((scale * p.tangents[i] - mean) * p.values[i] + p.value_tangents[i]);
  }
  return {output, tangent, std::log(sum)};
}

TEST(AttentionTiles, OnlineSumsAgreeWithDoublePrecision) {
  for (const int keys : {1, 2, 31, 64, 65, 200}) {
    for (const double shift : {0.0, 100.0}) {
      const Problem p = problem(keys, shift);
      const std::array<double, 3> expected = reference(p, 0.25);
      for (const size_t tile : {1, 3, 32, 64, 96}) {
        const std::array<double, 3> found = tiled(p, tile, 0.25F, true);
        EXPECT_NEAR(found[0], expected[0], 1e-5) << keys << " keys, tiles of " << tile;
        EXPECT_NEAR(found[1], expected[1], 1e-4) << keys << " keys, tiles of " << tile;
        EXPECT_NEAR(found[2], expected[2], 1e-5) << keys << " keys, tiles of " << tile;
        // The centre changes rounding alone.
        EXPECT_NEAR(tiled(p, tile, 0.25F, false)[1], expected[1], shift == 0 ? 1e-4 : 1e-2);
      }
    }
  }
}

TEST(AttentionTiles, ATileWithoutKeysChangesNothing) {
  Problem p = problem(130, 1);
  for (size_t i = 0; i < 70; ++i) p.open[i] = false;
  const std::array<double, 3> expected = reference(p, 0.5), found = tiled(p, 64, 0.5F, true);
  for (size_t i = 0; i < 3; ++i) EXPECT_NEAR(found[i], expected[i], 1e-4);
}

}  // namespace
}  // namespace emf::fused::tiles
