// SPDX-License-Identifier: Apache-2.0
#include "harness/engine/pictures/trajectory.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

namespace emf {
namespace {

double mean_square(const at::Tensor& x) { return x.to(at::kDouble).square().mean().item<double>(); }

}  // namespace

Json measure_paths(const std::function<SamplerResult(const SamplerRequest&)>& sample, SamplerRequest request) {
  const at::NoGradGuard no_grad;
  struct Step {
    double t;
    at::Tensor z, velocity;
  };
  std::vector<Step> path;
  request.on_step = [&path](double t, const at::Tensor& z, const at::Tensor& velocity) {
    path.push_back({t, z, velocity});
  };
  const at::Tensor end = sample(request).x, whole = request.noise - end;
  Json result = {
      {"steps", request.steps}, {"pictures", end.size(0)}, {"straightness", nullptr}, {"gap", Json::array()}};
  if (path.empty()) return result;
  double bent = 0;
  for (const Step& step : path) {
    bent += mean_square(whole - step.velocity) / static_cast<double>(path.size());
    const double gap = mean_square(step.velocity - (step.z - end) / step.t) / mean_square(step.velocity);
    result["gap"].push_back({step.t, gap});
  }
  result["straightness"] = bent / mean_square(whole);
  return result;
}

}  // namespace emf
