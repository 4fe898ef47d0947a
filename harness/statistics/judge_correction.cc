// SPDX-License-Identifier: Apache-2.0
#include "harness/statistics/judge_correction.h"

#include <algorithm>
#include <boost/math/distributions/beta.hpp>

#include "harness/base/error.h"
#include "harness/base/random.h"

namespace emf {
namespace {

constexpr double kLeastContrast = 0.1;

double share(int64_t part, int64_t whole) { return static_cast<double>(part) / static_cast<double>(whole); }

std::vector<double> posterior_draws(int64_t accepted, int64_t shown, const BootstrapOptions& options,
                                    const std::string& stream) {
  const boost::math::beta_distribution<double> posterior(static_cast<double>(accepted) + 0.5,
                                                         static_cast<double>(shown - accepted) + 0.5);
  std::vector<double> draws(static_cast<size_t>(options.draws));
  for (size_t d = 0; d < draws.size(); ++d) {
    // Half a step off zero, where a quantile may be infinite.
    const double uniform = Random(options.seed, stream, d).uniform() + 0x1p-54;
    draws[d] = quantile(posterior, std::min(uniform, 1 - 0x1p-53));
  }
  return draws;
}

/// Verdicts of one task by prompt.
struct Cluster {
  double sum = 0;
  int64_t items = 0;
};

double true_share(double accepted, double right, double wrong) {
  // A draw in which the judge tells nothing apart says nothing: half is the middle of all answers.
  if (right - wrong <= 1e-9) return 0.5;
  return std::clamp((accepted - wrong) / (right - wrong), 0.0, 1.0);
}

}  // namespace

JudgeCorrection::JudgeCorrection(const std::map<std::string, JudgeTrials>& trials, const BootstrapOptions& options)
    : options_(options) {
  for (const auto& [name, counts] : trials) {
    ensure(counts.right_accepted <= counts.right && counts.wrong_accepted <= counts.wrong,
           "{}: {} of {} and {} of {} accepted", name, counts.right_accepted, counts.right, counts.wrong_accepted,
           counts.wrong);
    if (counts.right == 0 || counts.wrong == 0) continue;
    tasks_[name] = {share(counts.right_accepted, counts.right), share(counts.wrong_accepted, counts.wrong),
                    posterior_draws(counts.right_accepted, counts.right, options, "judge/right/" + name),
                    posterior_draws(counts.wrong_accepted, counts.wrong, options, "judge/wrong/" + name)};
  }
}

std::optional<Estimate> JudgeCorrection::corrected_mean(const Scores& judged) const {
  std::map<std::string, std::map<std::string, Cluster>> verdicts;
  for (size_t i = 0; i < judged.values.size(); ++i) {
    const std::string name = judged.clusters.empty() ? std::to_string(i) : judged.clusters[i];
    Cluster& cluster = verdicts[judged.strata.empty() ? "" : judged.strata[i]][name];
    cluster.sum += judged.values[i];
    ++cluster.items;
  }
  if (verdicts.empty()) return std::nullopt;
  Estimate estimate;
  std::vector<double> draws(static_cast<size_t>(options_.draws), 0);
  const double weight = 1 / static_cast<double>(verdicts.size());
  for (const auto& [name, clusters] : verdicts) {
    const auto found = tasks_.find(name);
    if (found == tasks_.end() || found->second.right - found->second.wrong < kLeastContrast) return std::nullopt;
    const Task& task = found->second;
    std::vector<Cluster> in_order;
    Cluster all;
    for (const auto& [prompt, cluster] : clusters) {
      in_order.push_back(cluster);
      all.sum += cluster.sum;
      all.items += cluster.items;
    }
    estimate.value += weight * true_share(all.sum / static_cast<double>(all.items), task.right, task.wrong);
    estimate.n += all.items;
    estimate.clusters += static_cast<int64_t>(in_order.size());
    BootstrapOptions options = options_;
    const std::string stream = "judge/prompts/" + name;
    options.stream = stream;
    const auto prompts = static_cast<int64_t>(in_order.size());
    if (prompts > 1 && (all.sum == 0 || all.sum == static_cast<double>(all.items))) {
      const std::vector<double> accepted = unanimous_draws(prompts, all.sum > 0, options);
      for (size_t d = 0; d < draws.size(); ++d) {
        draws[d] += weight * true_share(accepted[d], task.rights[d], task.wrongs[d]);
      }
      continue;
    }
    for (int d = 0; d < options.draws; ++d) {
      const std::vector<int32_t> counts = bootstrap_counts(prompts, d, options);
      double sum = 0, items = 0;
      for (size_t c = 0; c < counts.size(); ++c) {
        sum += counts[c] * in_order[c].sum;
        items += static_cast<double>(counts[c]) * static_cast<double>(in_order[c].items);
      }
      const auto at = static_cast<size_t>(d);
      draws[at] += weight * true_share(sum / items, task.rights[at], task.wrongs[at]);
    }
  }
  const Interval drawn = percentile_interval(draws, options_.level);
  estimate.ci95 = {std::min(drawn[0], estimate.value), std::max(drawn[1], estimate.value)};
  return estimate;
}

Json to_json(const std::map<std::string, JudgeTrials>& trials) {
  Json json = Json::object();
  for (const auto& [name, counts] : trials) {
    json[name] = {{"right", {counts.right_accepted, counts.right}}, {"wrong", {counts.wrong_accepted, counts.wrong}}};
  }
  return json;
}

std::map<std::string, JudgeTrials> judge_trials(const Json& json) {
  std::map<std::string, JudgeTrials> trials;
  for (const auto& [name, counts] : json.items()) {
    trials[name] = {counts.at("right").at(0), counts.at("right").at(1), counts.at("wrong").at(0),
                    counts.at("wrong").at(1)};
  }
  return trials;
}

}  // namespace emf
