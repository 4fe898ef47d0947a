// SPDX-License-Identifier: Apache-2.0
#include "harness/instruments/picture_augmentation.h"

#include <ATen/ATen.h>
#include <ATen/autocast_mode.h>

#include <algorithm>
#include <array>
#include <map>

#include "harness/base/random.h"
#include "harness/tensor/placement.h"
#include "harness/tensor/random_rows.h"

namespace emf {
namespace {

constexpr int64_t kTaps = 9;        // of the blur; 4 sigma at the largest sigma and more
constexpr int64_t kWarpPoints = 5;  // control points a side

/// What one row gets.
struct Disturbance {
  float warp = 0;        ///< standard deviation of the control points' shifts, pixels
  float sigma = 0;       ///< of the blur, pixels
  float resolution = 1;  ///< share of the side
  float noise = 0;       ///< standard deviation, of 0..1
  std::array<float, 3> gain{1, 1, 1}, offset{};
};

Disturbance draw_disturbance(uint64_t seed, uint64_t index) {
  Random random(seed, "augment", index);
  Disturbance d;
  if (random.uniform() < 0.25f) return d;
  if (random.uniform() < 0.4f) d.warp = random.uniform(0.1f, 0.9f);
  if (random.uniform() < 0.5f) d.sigma = random.uniform(0.3f, 1.3f);
  if (random.uniform() < 0.25f) d.resolution = 0.5f + 0.125f * static_cast<float>(random.below(3));
  if (random.uniform() < 0.4f) d.noise = random.uniform(0.005f, 0.08f);
  if (random.uniform() < 0.3f) {
    for (size_t channel = 0; channel < 3; ++channel) {
      d.gain[channel] = random.uniform(0.93f, 1.07f);
      d.offset[channel] = random.uniform(-0.04f, 0.04f);
    }
  }
  return d;
}

/// Rows of x replaced by function(those rows) where `wanted` says so.
template <typename Wanted, typename Function>
at::Tensor on_rows(const at::Tensor& x, const std::vector<Disturbance>& disturbances, Wanted wanted,
                   Function function) {
  std::vector<int64_t> rows;
  for (size_t i = 0; i < disturbances.size(); ++i) {
    if (wanted(disturbances[i])) rows.push_back(static_cast<int64_t>(i));
  }
  if (rows.empty()) return x;
  const at::Tensor index = to_device(at::tensor(rows, at::kLong), x.device());
  return x.index_copy(0, index, function(x.index_select(0, index), rows));
}

at::Tensor warped(const at::Tensor& x, const std::vector<int64_t>& rows, const std::vector<Disturbance>& disturbances,
                  uint64_t seed, const std::vector<uint64_t>& indices) {
  const int64_t count = x.size(0), side = x.size(2);
  std::vector<uint64_t> keys;
  const at::Tensor amplitude = at::empty({count, 1, 1, 1});
  for (int64_t i = 0; i < count; ++i) {
    const auto row = static_cast<size_t>(rows[static_cast<size_t>(i)]);
    keys.push_back(indices[row]);
    amplitude.data_ptr<float>()[i] = disturbances[row].warp * 2 / static_cast<float>(side);
  }
  const at::Tensor points =
      to_device(normal_rows(seed, "augment/warp", keys, {2, kWarpPoints, kWarpPoints}) * amplitude, x.device());
  const at::Tensor shifts = at::upsample_bicubic2d(points, {side, side}, /*align_corners=*/true);
  const at::Tensor identity = at::eye(2, 3, x.options().dtype(at::kFloat)).unsqueeze(0).expand({count, 2, 3});
  const at::Tensor grid = at::affine_grid_generator(identity, {count, 3, side, side}, /*align_corners=*/false);
  return at::grid_sampler(x, grid + shifts.permute({0, 2, 3, 1}), /*bilinear*/ 0, /*border*/ 1,
                          /*align_corners=*/false);
}

at::Tensor blurred(const at::Tensor& x, const std::vector<int64_t>& rows,
                   const std::vector<Disturbance>& disturbances) {
  const int64_t count = x.size(0), side = x.size(2);
  at::Tensor sigma = at::empty({count, 1});
  for (int64_t i = 0; i < count; ++i) {
    sigma.data_ptr<float>()[i] = disturbances[static_cast<size_t>(rows[static_cast<size_t>(i)])].sigma;
  }
  sigma = to_device(sigma, x.device());
  const at::Tensor place = at::arange(kTaps, sigma.options()) - kTaps / 2;
  at::Tensor kernel = (-(place / sigma).square() / 2).exp();
  kernel = (kernel / kernel.sum(1, true)).repeat_interleave(3, 0);  // [count*3, taps]: one group a row and channel
  at::Tensor y = at::replication_pad2d(x.contiguous().reshape({1, count * 3, side, side}),
                                       {kTaps / 2, kTaps / 2, kTaps / 2, kTaps / 2});
  y = at::conv2d(y, kernel.reshape({count * 3, 1, 1, kTaps}), {}, at::IntArrayRef{1}, at::IntArrayRef{0},
                 at::IntArrayRef{1}, count * 3);
  y = at::conv2d(y, kernel.reshape({count * 3, 1, kTaps, 1}), {}, at::IntArrayRef{1}, at::IntArrayRef{0},
                 at::IntArrayRef{1}, count * 3);
  return y.reshape({count, 3, side, side});
}

}  // namespace

at::Tensor augment_pictures(const at::Tensor& pictures, uint64_t seed, const std::vector<uint64_t>& indices) {
  const c10::impl::ExcludeDispatchKeyGuard no_autocast(
      at::autocast::get_autocast_dispatch_key_from_device_type(pictures.device().type()));
  const int64_t side = pictures.size(2);
  std::vector<Disturbance> disturbances;
  for (const uint64_t index : indices) disturbances.push_back(draw_disturbance(seed, index));

  at::Tensor x = on_rows(
      pictures, disturbances, [](const Disturbance& d) { return d.warp > 0; },
      [&](const at::Tensor& part, const std::vector<int64_t>& rows) {
        return warped(part, rows, disturbances, seed, indices);
      });
  x = on_rows(
      x, disturbances, [](const Disturbance& d) { return d.sigma > 0; },
      [&](const at::Tensor& part, const std::vector<int64_t>& rows) { return blurred(part, rows, disturbances); });
  for (const float resolution : {0.5f, 0.625f, 0.75f}) {
    const auto small = static_cast<int64_t>(resolution * static_cast<float>(side));
    x = on_rows(
        x, disturbances, [&](const Disturbance& d) { return d.resolution == resolution; },
        [&](const at::Tensor& part, const std::vector<int64_t>&) {
          const at::Tensor low = at::_upsample_bilinear2d_aa(part, {small, small}, /*align_corners=*/false);
          return at::upsample_bilinear2d(low, {side, side}, /*align_corners=*/false);
        });
  }
  const auto count = static_cast<int64_t>(indices.size());
  const at::Tensor gain = at::empty({count, 3, 1, 1}), offset = at::empty({count, 3, 1, 1});
  for (size_t i = 0; i < disturbances.size(); ++i) {
    std::copy_n(disturbances[i].gain.begin(), 3, gain.data_ptr<float>() + 3 * i);
    std::copy_n(disturbances[i].offset.begin(), 3, offset.data_ptr<float>() + 3 * i);
  }
  x = x * to_device(gain, x.device()) + to_device(offset, x.device());
  x = on_rows(
      x, disturbances, [](const Disturbance& d) { return d.noise > 0; },
      [&](const at::Tensor& part, const std::vector<int64_t>& rows) {
        std::vector<uint64_t> keys;
        at::Tensor level = at::empty({part.size(0), 1, 1, 1});
        for (size_t i = 0; i < rows.size(); ++i) {
          keys.push_back(indices[static_cast<size_t>(rows[i])]);
          level.data_ptr<float>()[i] = disturbances[static_cast<size_t>(rows[i])].noise;
        }
        return part + to_device(normal_rows(seed, "augment/noise", keys, {3, side, side}) * level, x.device());
      });
  return x.clamp(0, 1).contiguous(at::MemoryFormat::ChannelsLast);
}

}  // namespace emf
