#include "harness/engine/suite/claims.h"

#include <fmt/format.h>

#include <algorithm>

namespace emf {
namespace {

/// "geneval/counting" as the metric and its part.
std::pair<std::string, std::string> metric_and_part(const std::string& metric) {
  const size_t slash = metric.find('/');
  if (slash == std::string::npos) return {metric, ""};
  return {metric.substr(0, slash), metric.substr(slash + 1)};
}

std::string asked_share(double factor) { return factor == 1 ? "" : fmt::format(", of which {:g} is asked", factor); }

/// "pass" on the claimed side of zero, "fail" on the other.
std::string verdict_of(double low, double high, bool higher_is_better) {
  if (low > 0) return higher_is_better ? "pass" : "fail";
  if (high < 0) return higher_is_better ? "fail" : "pass";
  return "undecided";
}

void judge_items(const Claim& claim, const ClaimEvidence::OfMetric& metric, const std::string& part, Json& verdict) {
  const auto left = metric.items.find(claim.left), right = metric.items.find(claim.right);
  if (left == metric.items.end() || right == metric.items.end()) {
    verdict["detail"] = (left == metric.items.end() ? claim.left : claim.right) + " was not run";
    return;
  }
  const Scores a = of_part(left->second, part), b = of_part(right->second, part);
  if (a.values.empty() || b.values.empty()) {
    verdict["detail"] = "no prompt of " + claim.metric;
    return;
  }
  // Paired by prompt, because both sides painted the same prompts from the same noise; what prompts differ in
  // drops out.
  const Difference difference = scaled_difference(a, b, claim.factor);
  verdict["difference"] = difference.value;
  verdict["ci95"] = difference.ci95 ? Json{(*difference.ci95)[0], (*difference.ci95)[1]} : Json();
  verdict["detail"] = fmt::format("{} {:.3f}, {} {:.3f}{}", claim.left, estimate_mean(a).value, claim.right,
                                  estimate_mean(b).value, asked_share(claim.factor));
  if (difference.ci95) {
    verdict["verdict"] = verdict_of((*difference.ci95)[0], (*difference.ci95)[1], metric.higher_is_better);
  }
}

/// The value of a set, and its interval; of several seeds the mean and the widest ends.
struct SetValue {
  double value = 0, low = 0, high = 0;
  bool certain = true;  ///< an interval is there
};

std::optional<SetValue> set_value(const ClaimEvidence::OfMetric& metric, const std::string& cell) {
  const auto found = metric.sets.find(cell);
  if (found == metric.sets.end()) return std::nullopt;
  SetValue whole;
  double count = 0;
  for (const Json& row : found->second) {
    // One seed without a value leaves the mean undecided: over the others it would be a mean of something else.
    if (row.at("value").is_null()) return std::nullopt;
    const double value = row.at("value");
    whole.value += value;
    if (row.at("ci95").is_null()) {
      whole.certain = false;
    } else {
      const double low = row.at("ci95")[0], high = row.at("ci95")[1];
      whole.low = count == 0 ? low : std::min(whole.low, low);
      whole.high = count == 0 ? high : std::max(whole.high, high);
    }
    ++count;
  }
  if (count == 0) return std::nullopt;
  whole.value /= count;
  return whole;
}

void judge_sets(const Claim& claim, const ClaimEvidence::OfMetric& metric, Json& verdict) {
  const std::optional<SetValue> left = set_value(metric, claim.left), right = set_value(metric, claim.right);
  if (!left || !right) {
    verdict["detail"] = (left ? claim.right : claim.left) + " was not measured by " + claim.metric;
    return;
  }
  verdict["difference"] = left->value - claim.factor * right->value;
  verdict["detail"] = fmt::format("{} {:.4g}, {} {:.4g}{}", claim.left, left->value, claim.right, right->value,
                                  asked_share(claim.factor));
  if (!left->certain || !right->certain) return;
  // Two intervals that do not overlap; a paired test would be sharper, but nothing pairs two sets.
  verdict["ci95"] = {left->low - claim.factor * right->high, left->high - claim.factor * right->low};
  verdict["verdict"] = verdict_of(verdict["ci95"][0], verdict["ci95"][1], metric.higher_is_better);
}

}  // namespace

Json judge_claims(const ClaimEvidence& evidence, const std::vector<Claim>& claims) {
  Json verdicts = Json::array();
  for (const Claim& claim : claims) {
    Json verdict = {{"name", claim.name},   {"metric", claim.metric}, {"left", claim.left},
                    {"right", claim.right}, {"factor", claim.factor}, {"verdict", "undecided"}};
    const auto [name, part] = metric_and_part(claim.metric);
    const auto metric = evidence.metrics.find(name);
    if (metric == evidence.metrics.end()) {
      verdict["detail"] = "the suite does not measure " + claim.metric;
    } else if (!metric->second.sets.empty()) {
      judge_sets(claim, metric->second, verdict);
    } else {
      judge_items(claim, metric->second, part, verdict);
    }
    verdicts.push_back(std::move(verdict));
  }
  return verdicts;
}

}  // namespace emf
