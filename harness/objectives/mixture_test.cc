// SPDX-License-Identifier: Apache-2.0
// MeanFlow and improved MeanFlow on a two-component Gaussian mixture in one dimension, where the average velocity is
// known in closed form.
//
// z_t is itself a mixture with distribution function F_t, and the flow carries quantiles: z_r = F_r^-1(F_t(z_t)), so
// u(z_t, r, t) = (z_t - z_r) / (t - r).
#include <gtest/gtest.h>

#include <cmath>

#include "harness/api/objective.h"
#include "harness/base/random.h"

namespace emf {
namespace {

constexpr double kWeight[2] = {0.3, 0.7}, kMean[2] = {-1.5, 1.0}, kDeviation[2] = {0.4, 0.6};

double mean_at(int i, double t) { return (1 - t) * kMean[i]; }
double deviation_at(int i, double t) { return std::hypot((1 - t) * kDeviation[i], t); }

double cumulative(double z, double t) {
  double sum = 0;
  for (int i = 0; i < 2; ++i) {
    sum += kWeight[i] * 0.5 * std::erfc(-(z - mean_at(i, t)) / (deviation_at(i, t) * std::sqrt(2.0)));
  }
  return sum;
}

double quantile(double probability, double t) {
  double low = -12, high = 12;
  for (int i = 0; i < 80; ++i) {
    const double middle = (low + high) / 2;
    (cumulative(middle, t) < probability ? low : high) = middle;
  }
  return (low + high) / 2;
}

/// E[eps - x | z_t = z].
double marginal_velocity(double z, double t) {
  double density = 0, flow = 0;
  for (int i = 0; i < 2; ++i) {
    const double deviation = deviation_at(i, t), score = (z - mean_at(i, t)) / deviation;
    const double mass = kWeight[i] * std::exp(-score * score / 2) / deviation;
    // Given component i, (eps, x) and z_t are jointly Gaussian: regress eps - x on z_t.
    const double covariance = t - (1 - t) * kDeviation[i] * kDeviation[i];
    density += mass;
    flow += mass * (-kMean[i] + covariance / (deviation * deviation) * (z - mean_at(i, t)));
  }
  return flow / density;
}

double average_velocity(double z, double r, double t) {
  if (t - r < 1e-9) return marginal_velocity(z, t);
  // In the tails the quantile saturates; |z| stays under 5 for the draws used here.
  return (z - quantile(cumulative(z, t), r)) / (t - r);
}

/// A bounded direction in which the exact u is perturbed.
double direction(int kind, double z, double r, double t) {
  switch (kind) {
    case 0:
      return 1;
    case 1:
      return std::tanh(z);
    default:
      return std::cos(2 * z) * (t - r + 0.2);
  }
}

/// u = exact + sum_k amplitude_k direction_k, with its exact derivative along (z', 0, 1) by central differences in
/// fp64. Its head "v" is the exact marginal velocity plus head_amplitude_k direction_k.
class MixtureModel : public Model {
 public:
  explicit MixtureModel(double amplitude) {
    amplitude_ = at::full({3}, amplitude, at::kDouble).set_requires_grad(true);
    head_amplitude_ = at::zeros({3}, at::kDouble).set_requires_grad(true);
    parameters_ = {{"amplitude", amplitude_}, {"head_amplitude", head_amplitude_}};
  }

  Json fingerprint() const override { return "mixture"; }
  const NamedParameters& parameters() const override { return parameters_; }

  ModelOutputs forward(const ModelInputs& in) const override {
    const int64_t rows = in.z.value.size(0);
    const auto at_row = [](const at::Tensor& x, int64_t i) { return x.view({-1})[i].item<double>(); };
    const double amplitudes[3] = {at_row(amplitude_, 0), at_row(amplitude_, 1), at_row(amplitude_, 2)};
    at::Tensor exact = at::empty({rows}, at::kDouble), basis = at::empty({rows, 3}, at::kDouble);
    at::Tensor velocity = at::empty({rows}, at::kDouble);
    at::Tensor tangent = at::empty({in.z.tangent_rows()}, at::kDouble);
    const auto full = [&](double z_t, double r, double time) {
      double u = average_velocity(z_t, r, time);
      for (int k = 0; k < 3; ++k) u += amplitudes[k] * direction(k, z_t, r, time);
      return u;
    };
    for (int64_t i = 0; i < rows; ++i) {
      const double z_t = at_row(in.z.value, i), time = at_row(in.t.value, i), r = time - at_row(in.interval.value, i);
      exact[i] = average_velocity(z_t, r, time);
      velocity[i] = marginal_velocity(z_t, time);
      for (int k = 0; k < 3; ++k) basis[i][k] = direction(k, z_t, r, time);
      if (i < in.z.tangent_rows()) {
        const double v = at_row(in.z.tangent, i);
        const double h = 1e-4 * std::min(1.0, time - r);
        tangent[i] = (full(z_t + h * v, r, time + h) - full(z_t - h * v, r, time - h)) / (2 * h);
      }
    }
    const auto as_pictures = [&](const at::Tensor& x) { return x.view({-1, 1, 1, 1}); };
    const Dual u{as_pictures(exact + at::matmul(basis, amplitude_)),
                 in.z.has_tangent() ? as_pictures(tangent) : at::Tensor()};
    return {u, {{"v", {as_pictures(velocity + at::matmul(basis, head_amplitude_)), {}}}}};
  }

  double forward_flops_per_row(int64_t) const override { return 0; }

  at::Tensor amplitude_, head_amplitude_;
  NamedParameters parameters_;
};

constexpr int64_t kBatch = 500;

std::unique_ptr<Objective> mean_flow(double weight_power) {
  return ObjectiveRegistry::instance().make(
      "mean_flow", Options(Json{{"ratio_start", 0.75}, {"weight_power", weight_power}}, "test"), {});
}

std::unique_ptr<Objective> improved_mean_flow() {
  return ObjectiveRegistry::instance().make(
      "improved_mean_flow", Options(Json{{"ratio", 0.75}, {"weight_power", 0}, {"guidance", "none"}}, "test"), {});
}

struct GradientEstimate {
  at::Tensor mean, error;  ///< [3] of d loss / d amplitude and its standard error
};

/// @param leaf  of a MixtureModel.
GradientEstimate semi_gradient(const Objective& objective, double amplitude, int num_batches,
                               at::Tensor MixtureModel::*leaf = &MixtureModel::amplitude_) {
  MixtureModel model(amplitude);
  const Condition condition{at::zeros({kBatch, 1, 1}), at::ones({kBatch, 1}, at::kBool)};
  std::vector<at::Tensor> gradients;
  for (int b = 0; b < num_batches; ++b) {
    RowKeys keys{17, {}};
    at::Tensor x = at::empty({kBatch, 1, 1, 1}, at::kDouble);
    for (int64_t i = 0; i < kBatch; ++i) {
      const uint64_t sample = static_cast<uint64_t>(b * kBatch + i);
      keys.samples.push_back(sample);
      Random random(5, "mixture/data", sample);
      const int component = random.uniform() < kWeight[0] ? 0 : 1;
      x[i] = kMean[component] + kDeviation[component] * random.normal();
    }
    Draw draw = objective.draw(keys, {1, 1, 1}, 0);
    for (at::Tensor* tensor : {&draw.t, &draw.r, &draw.eps}) *tensor = tensor->to(at::kDouble);
    clear_gradients(model.parameters());
    objective.loss({model, nullptr, x, condition, draw, 0}).loss.backward();
    gradients.push_back((model.*leaf).grad().clone());
  }
  const at::Tensor all = at::stack(gradients);
  return {all.mean(0), all.std(0) / std::sqrt(static_cast<double>(num_batches))};
}

/// Zero at the exact velocity within an error that is small beside what a perturbation of .3 makes.
void expect_exact_is_stationary(const Objective& objective, const std::string& name) {
  const GradientEstimate exact = semi_gradient(objective, 0, 32), perturbed = semi_gradient(objective, 0.3, 32);
  for (int k = 0; k < 3; ++k) {
    const double at_exact = exact.mean[k].item<double>(), error = exact.error[k].item<double>(),
                 moved = perturbed.mean[k].item<double>();
    std::printf("%s, direction %d: %.4f +- %.4f at the exact u, %.4f perturbed\n", name.c_str(), k, at_exact, error,
                moved);
    EXPECT_LT(std::abs(at_exact), 4 * error) << "direction " << k;
    EXPECT_GT(moved, 4 * perturbed.error[k].item<double>()) << "direction " << k;
    EXPECT_LT(4 * error, 0.7 * moved) << "too noisy to tell the exact u from a perturbed one, direction " << k;
  }
}

TEST(Mixture, SemiGradientVanishesAtTheExactAverageVelocity) {
  expect_exact_is_stationary(*mean_flow(/*weight_power=*/0), "mean_flow");
}

TEST(Mixture, ImprovedSemiGradientVanishesAtTheExactVelocities) {
  expect_exact_is_stationary(*improved_mean_flow(), "improved_mean_flow");
  const GradientEstimate head = semi_gradient(*improved_mean_flow(), 0, 12, &MixtureModel::head_amplitude_);
  for (int k = 0; k < 3; ++k) {
    EXPECT_LT(std::abs(head.mean[k].item<double>()), 4 * head.error[k].item<double>()) << "direction " << k;
  }
}

TEST(Mixture, AdaptiveWeightBiasesTheMinimumAndTheBiasIsPrinted) {
  const GradientEstimate weighted = semi_gradient(*mean_flow(/*weight_power=*/1), 0, 60);
  double largest_score = 0;
  for (int k = 0; k < 3; ++k) {
    const double mean = weighted.mean[k].item<double>(), error = weighted.error[k].item<double>();
    std::printf("weight power 1, direction %d: gradient at the exact u %.4f +- %.4f\n", k, mean, error);
    largest_score = std::max(largest_score, std::abs(mean) / error);
  }
  EXPECT_GT(largest_score, 4);  // weighting by the row's own loss favours rows whose noise happens to be small
}

TEST(Mixture, OneStepWithTheExactFieldLandsOnTheData) {
  const auto objective = mean_flow(/*weight_power=*/1);
  MixtureModel model(0);
  constexpr int64_t kCount = 4000;
  SamplerRequest request;
  request.noise = at::empty({kCount, 1, 1, 1}, at::kDouble);
  for (int64_t i = 0; i < kCount; ++i) request.noise[i] = Random(9, "mixture/noise", static_cast<uint64_t>(i)).normal();
  request.condition = {at::zeros({kCount, 1, 1}), at::ones({kCount, 1}, at::kBool)};
  for (const int64_t steps : {1, 3}) {
    request.steps = steps;
    const SamplerResult result = objective->sample(model, request);
    EXPECT_EQ(result.network_evaluations, steps);
    const at::Tensor sorted = std::get<0>(result.x.view({-1}).sort());
    double distance = 0;  // Kolmogorov-Smirnov
    for (int64_t i = 0; i < kCount; ++i) {
      const double expected = cumulative(sorted[i].item<double>(), 0);
      distance = std::max({distance, std::abs(expected - static_cast<double>(i) / kCount),
                           std::abs(expected - static_cast<double>(i + 1) / kCount)});
    }
    EXPECT_LT(distance, 1.95 / std::sqrt(kCount)) << steps << " steps";  // 0.1 % level
  }
}

}  // namespace
}  // namespace emf
