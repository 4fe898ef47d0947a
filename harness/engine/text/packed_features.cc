// SPDX-License-Identifier: Apache-2.0
#include "harness/engine/text/packed_features.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cstring>
#include <numeric>

#include "harness/base/error.h"
#include "harness/base/interrupt.h"
#include "harness/engine/store/run_store.h"

namespace emf {
namespace {

// Real and padding tokens of one forward: enough for full-width products, little enough to stay in cache.
constexpr int64_t kTokensPerForward = 2048;

}  // namespace

std::vector<std::vector<int64_t>> batches_by_length(const std::vector<int64_t>& lengths) {
  std::vector<int64_t> order(lengths.size());
  std::iota(order.begin(), order.end(), int64_t{0});
  const auto length = [&](int64_t row) { return lengths[static_cast<size_t>(row)]; };
  // By length, so that hardly any padding is computed; stable, so that a batch does not depend on the library's
  // sort.
  std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) { return length(a) < length(b); });
  std::vector<std::vector<int64_t>> batches;
  for (const int64_t row : order) {
    const bool full =
        batches.empty() || (static_cast<int64_t>(batches.back().size()) + 1) * length(row) > kTokensPerForward;
    if (full) batches.emplace_back();
    batches.back().push_back(row);
  }
  return batches;
}

std::vector<int64_t> lengths_of(const at::Tensor& mask) {
  // The place of the last real token and not the number of them: an encoder may mask tokens in between.
  const at::Tensor ends = mask.mul(at::arange(1, mask.size(1) + 1)).amax(1);
  return {ends.data_ptr<int64_t>(), ends.data_ptr<int64_t>() + ends.numel()};
}

void mean_row(const float* rows, int64_t count, int64_t size, float* out) {
  ensure(count >= 1, "the mean of {} tokens", count);
  // Summed in double and in order, so that a mean made while encoding and one made from the cache are the same
  // bits.
  std::vector<double> sum(static_cast<size_t>(size), 0);
  for (int64_t row = 0; row < count; ++row, rows += size) {
    for (int64_t i = 0; i < size; ++i) sum[static_cast<size_t>(i)] += static_cast<double>(rows[i]);
  }
  for (int64_t i = 0; i < size; ++i) {
    out[i] = static_cast<float>(sum[static_cast<size_t>(i)] / static_cast<double>(count));
  }
}

TextFeatures unpack(const PackedFeatures& features) {
  const auto count = static_cast<int64_t>(features.offsets.size()) - 1;
  const int64_t dimension = features.tokens.size(1);
  const auto tokens_of = [&](int64_t text) {
    return features.offsets[static_cast<size_t>(text + 1)] - features.offsets[static_cast<size_t>(text)];
  };
  int64_t length = 0;
  for (int64_t i = 0; i < count; ++i) length = std::max(length, tokens_of(i));
  TextFeatures padded{at::zeros({count, length, dimension}, at::kFloat), at::zeros({count, length}, at::kBool)};
  for (int64_t i = 0; i < count; ++i) {
    const int64_t first = features.offsets[static_cast<size_t>(i)];
    std::copy_n(features.tokens.const_data_ptr<float>() + first * dimension, tokens_of(i) * dimension,
                padded.tokens.data_ptr<float>() + i * length * dimension);
    std::fill_n(padded.mask.data_ptr<bool>() + i * length, tokens_of(i), true);
  }
  return padded;
}

PackedFeatures encode_packed(const Encoder& encoder, const TokenInputs& inputs, FeatureContent content) {
  const at::NoGradGuard no_grad;
  const int64_t count = inputs.ids.size(0);
  const std::vector<int64_t> lengths = lengths_of(inputs.mask);
  struct Place {
    size_t part;
    int64_t first, tokens;
  };
  std::vector<Place> places(static_cast<size_t>(count));
  std::vector<at::Tensor> parts;  // tokens of each batch without padding
  PackedFeatures packed;
  for (const std::vector<int64_t>& batch : batches_by_length(lengths)) {
    if (interrupted()) stop_interrupted();
    // Batches are sorted, so their last row is the longest; columns beyond it are padding for all.
    const int64_t length = lengths[static_cast<size_t>(batch.back())];
    const at::Tensor rows = at::tensor(batch, at::kLong);
    const TextFeatures features = on_host(encoder.forward({inputs.ids.index_select(0, rows).narrow(1, 0, length),
                                                           inputs.mask.index_select(0, rows).narrow(1, 0, length)}));
    const int64_t dimension = features.tokens.size(2);
    const at::Tensor real = features.mask.flatten().nonzero().squeeze(1);
    const at::Tensor part = features.tokens.to(at::kFloat).reshape({-1, dimension}).index_select(0, real).contiguous();
    const at::Tensor counts = features.mask.sum(1);
    if (!packed.pooled.defined()) packed.pooled = at::empty({count, dimension}, at::kFloat);
    int64_t first = 0;
    for (size_t i = 0; i < batch.size(); ++i) {
      const int64_t tokens = counts.data_ptr<int64_t>()[i];
      mean_row(part.data_ptr<float>() + first * dimension, tokens, dimension,
               packed.pooled.data_ptr<float>() + batch[i] * dimension);
      places[static_cast<size_t>(batch[i])] = {parts.size(), first, tokens};
      first += tokens;
    }
    // Where means are enough, a million prompts never hold their tokens.
    if (content == FeatureContent::kTokens) parts.push_back(part);
  }
  if (content == FeatureContent::kPooled) return packed;
  packed.offsets.push_back(0);
  for (const Place& place : places) packed.offsets.push_back(packed.offsets.back() + place.tokens);
  const int64_t dimension = packed.pooled.size(1);
  packed.tokens = at::empty({packed.offsets.back(), dimension}, at::kFloat);
  for (size_t i = 0; i < places.size(); ++i) {
    std::memcpy(packed.tokens.data_ptr<float>() + packed.offsets[i] * dimension,
                parts[places[i].part].data_ptr<float>() + places[i].first * dimension,
                static_cast<size_t>(places[i].tokens * dimension) * sizeof(float));
  }
  return packed;
}

}  // namespace emf
