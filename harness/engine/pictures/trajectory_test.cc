// SPDX-License-Identifier: Apache-2.0
// Paths whose straightness is known: lines at constant speed, and a quarter of a circle.
#include "harness/engine/pictures/trajectory.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

namespace emf {
namespace {

/// Euler's steps along v(t, z).
template <typename Velocity>
Json paths_along(int64_t steps, const Velocity& velocity) {
  SamplerRequest request;
  request.noise = at::ones({3, 2, 1, 1}, at::kDouble);
  request.steps = steps;
  return measure_paths(
      [&](const SamplerRequest& asked) {
        at::Tensor z = asked.noise;
        for (int64_t i = asked.steps; i > 0; --i) {
          const double t = static_cast<double>(i) / static_cast<double>(asked.steps);
          const at::Tensor v = velocity(t, z);
          asked.on_step(t, z, v);
          z = z - v / static_cast<double>(asked.steps);
        }
        return SamplerResult{z, asked.steps};
      },
      request);
}

TEST(Trajectory, LinesAtConstantSpeedAreStraight) {
  const Json found = paths_along(8, [](double, const at::Tensor& z) { return at::full_like(z, 3); });
  EXPECT_NEAR(found.at("straightness").get<double>(), 0, 1e-12);
  ASSERT_EQ(found.at("gap").size(), 8u);
  EXPECT_EQ(found.at("gap")[0][0], 1);
  for (const Json& step : found.at("gap")) EXPECT_NEAR(step[1].get<double>(), 0, 1e-12);
}

TEST(Trajectory, AQuarterOfACircleIsAsBentAsItIs) {
  // |z_1 - z_0|^2 = 2 r^2 and |v|^2 = (pi / 2)^2 r^2, whose mean is the chord: the variance is the difference.
  const Json found = paths_along(4000, [](double, const at::Tensor& z) {
    return at::stack({-z.select(1, 1), z.select(1, 0)}, 1) * (std::numbers::pi / 2);
  });
  const double quarter = std::numbers::pi / 2;
  EXPECT_NEAR(found.at("straightness").get<double>(), (quarter * quarter - 2) / 2, 2e-3);
  // Near its end a path is straight.
  EXPECT_LT(found.at("gap").back()[1].get<double>(), 1e-3);
}

TEST(Trajectory, SaysNothingOfSamplersWithoutAVelocity) {
  SamplerRequest request;
  request.noise = at::ones({2, 1, 1, 1});
  const Json found = measure_paths([](const SamplerRequest& asked) { return SamplerResult{asked.noise, 1}; }, request);
  EXPECT_TRUE(found.at("straightness").is_null());
  EXPECT_TRUE(found.at("gap").empty());
}

}  // namespace
}  // namespace emf
