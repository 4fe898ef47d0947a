// SPDX-License-Identifier: Apache-2.0
// The attention kernels' launchers on the host: their sums tile by tile with the functions that the device runs, one
// element after the other. What the tensor cores do is a loop here.
#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "harness/kernels/cuda/attention_rows_element.h"
#include "harness/kernels/cuda/attention_tiles.h"
#include "harness/kernels/cuda/dispatch.h"
#include "harness/kernels/cuda/launch_functions.h"
#include "harness/kernels/fused/attention.h"

namespace emf::fused {
namespace {

constexpr int64_t kTile = 64;

template <class Element>
float at(const HeadRows& rows, int64_t batch, int64_t head, int64_t row, int64_t column) {
  return to_float(static_cast<const Element*>(
      rows.data)[batch * rows.batch_stride + row * rows.row_stride + head * rows.head_stride + column]);
}

template <class Element>
float product(const HeadRows& a, int64_t row_a, const HeadRows& b, int64_t row_b, int64_t batch, int64_t head,
              int64_t size) {
  float sum = 0;
  for (int64_t i = 0; i < size; ++i)
    sum += at<Element>(a, batch, head, row_a, i) * at<Element>(b, batch, head, row_b, i);
  return sum;
}

bool is_open(const bool* mask, int64_t keys, int64_t batch, int64_t key) {
  return mask == nullptr || mask[batch * keys + key];
}

template <class Element>
void attend(const DualAttention& p, int64_t batch, int64_t head, int64_t query) {
  const bool moves = p.output_tangent != nullptr && batch < p.tangent_batch, all = moves && p.k_tangent.data != nullptr;
  const auto size = static_cast<size_t>(p.head_size);
  std::vector<float> output(size), tangent(size);
  tiles::OnlineRow row;
  float centre = 0;
  for (int64_t first = 0; first < p.keys; first += kTile) {
    const int64_t end = std::min(first + kTile, p.keys);
    std::vector<float> scores, moved;
    float maximum = -std::numeric_limits<float>::infinity();
    for (int64_t key = first; key < end; ++key) {
      const float score = product<Element>(p.q, query, p.k, key, batch, head, p.head_size) * p.scale * kLog2E;
      scores.push_back(is_open(p.mask, p.keys, batch, key) ? score : -std::numeric_limits<float>::infinity());
      maximum = std::max(maximum, scores.back());
      float change = moves ? product<Element>(p.q_tangent, query, p.k, key, batch, head, p.head_size) : 0;
      if (all) change += product<Element>(p.q, query, p.k_tangent, key, batch, head, p.head_size);
      moved.push_back(change);
    }
    const float factor = row.raise(maximum);
    for (float& x : output) x *= factor;
    for (float& x : tangent) x *= factor;
    float sum = 0, products = 0;
    for (size_t i = 0; i < scores.size(); ++i) {
      scores[i] = std::exp2(scores[i] - row.base());
      sum += scores[i];
      products += scores[i] * moved[i];
    }
    row.sum += sum;
    if (first == 0) centre = tiles::centre_of(products, sum, p.scale);
    for (int64_t key = first; key < end; ++key) {
      const auto i = static_cast<size_t>(key - first);
      const float change = tiles::moved_weight(scores[i], moved[i], p.scale, centre);
      row.moved += change;
      for (size_t column = 0; column < size; ++column) {
        const auto place = static_cast<int64_t>(column);
        const float value = at<Element>(p.v, batch, head, key, place);
        output[column] += scores[i] * value;
        tangent[column] += change * value;
        if (all) tangent[column] += scores[i] * at<Element>(p.v_tangent, batch, head, key, place);
      }
    }
  }
  const int64_t place = ((batch * p.queries + query) * p.heads + head) * p.head_size;
  for (size_t column = 0; column < size; ++column) {
    const int64_t here = place + static_cast<int64_t>(column);
    const float value = output[column] / row.sum;
    static_cast<Element*>(p.output)[here] = from_float<Element>(value);
    if (!moves) continue;
    const float change = tiles::finished_tangent(tangent[column], row.moved, value, 1 / row.sum);
    static_cast<Element*>(p.output_tangent)[here] = from_float<Element>(change);
  }
  p.log_sum_exp[(batch * p.heads + head) * p.queries + query] = (row.maximum + std::log2(row.sum)) * kLnOfTwo;
}

/// All gradients of one head.
template <class Element>
void differentiate(const AttentionGradient& p, int64_t batch, int64_t head) {
  const auto sums_of = [&](int64_t rows) { return std::vector<float>(static_cast<size_t>(rows * p.head_size)); };
  std::vector<float> q = sums_of(p.queries), k = sums_of(p.keys), v = sums_of(p.keys);
  for (int64_t query = 0; query < p.queries; ++query) {
    const RowNumbers& numbers = p.rows[(batch * p.heads + head) * padded_rows(p.queries) + query];
    for (int64_t key = 0; key < p.keys; ++key) {
      if (!is_open(p.mask, p.keys, batch, key)) continue;
      const float score = product<Element>(p.q, query, p.k, key, batch, head, p.head_size);
      const float weight = std::exp2(score * p.scale * kLog2E - numbers.log_sum_exp);
      const float weight_gradient = product<Element>(p.output_gradient, query, p.v, key, batch, head, p.head_size);
      const float moved = tiles::score_gradient(weight, weight_gradient, numbers.output_sum);
      for (int64_t i = 0; i < p.head_size; ++i) {
        q[static_cast<size_t>(query * p.head_size + i)] += moved * at<Element>(p.k, batch, head, key, i);
        k[static_cast<size_t>(key * p.head_size + i)] += moved * at<Element>(p.q, batch, head, query, i);
        v[static_cast<size_t>(key * p.head_size + i)] += weight * at<Element>(p.output_gradient, batch, head, query, i);
      }
    }
  }
  const auto store = [&](const HeadRows& to, const std::vector<float>& sums, float factor) {
    auto* const start =
        static_cast<Element*>(const_cast<void*>(to.data)) + batch * to.batch_stride + head * to.head_stride;
    for (size_t i = 0; i < sums.size(); ++i) {
      const auto row = static_cast<int64_t>(i) / p.head_size, column = static_cast<int64_t>(i) % p.head_size;
      start[row * to.row_stride + column] = from_float<Element>(sums[i] * factor);
    }
  };
  store(p.q_gradient, q, p.scale);
  store(p.k_gradient, k, p.scale);
  store(p.v_gradient, v, 1);
}

}  // namespace

const char* launch(const DualAttention& p, void*) {
  with_type(p.element, [&](auto element) {
    for (int64_t i = 0; i < p.batch * p.heads * p.queries; ++i) {
      attend<decltype(element)>(p, i / (p.heads * p.queries), i / p.queries % p.heads, i % p.queries);
    }
  });
  return nullptr;
}

const char* launch(const AttentionGradient& p, void*) {
  with_type(p.element, [&](auto element) {
    const int lanes = lanes_of_row<decltype(element)>(p.head_size);
    for (int64_t row = 0; row < p.batch * p.heads * padded_rows(p.queries); ++row) {
      float sum = 0;
      RowShare share{};
      for (int lane = 0; lane < lanes; ++lane) {
        share = row_share<decltype(element)>(p, row * lanes + lane, lanes);
        sum += share.sum;
      }
      write_row(p, share, sum);
    }
    for (int64_t i = 0; i < p.batch * p.heads; ++i) differentiate<decltype(element)>(p, i / p.heads, i % p.heads);
  });
  return nullptr;
}

}  // namespace emf::fused
