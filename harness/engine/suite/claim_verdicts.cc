// SPDX-License-Identifier: Apache-2.0
#include "harness/engine/suite/claim_verdicts.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "harness/base/error.h"
#include "harness/statistics/rank_correlation.h"

namespace emf {
namespace {

constexpr double kLevel = 0.95;

/// What one comparison came to; `why` instead of numbers where it could not be made.
struct Finding {
  std::string label, why, detail;
  double difference = 0;  ///< above the threshold
  std::optional<Interval> ci95;
  double p = 1;
  std::string needs;  ///< what would decide it, if it is undecided

  /// "pass" on the claimed side of zero, "fail" on the other.
  /// @param p_corrected  for all comparisons of the claim.
  std::string verdict(double p_corrected) const {
    if (!why.empty() || !ci95 || p_corrected > 1 - kLevel) return "undecided";
    return (*ci95)[0] > 0 ? "pass" : (*ci95)[1] < 0 ? "fail" : "undecided";
  }
};

std::string term_words(const ClaimTerm& term, double value) {
  const std::string cell =
      term.weight == 1 || term.weight == -1 ? term.cell : fmt::format("{:.3g} * {}", std::abs(term.weight), term.cell);
  return fmt::format("{} {:.3f}", cell, value);
}

std::string threshold_words(double threshold) {
  return threshold == 0 ? "" : fmt::format(", more than {:g} is asked", threshold);
}

/// How many more of one kind make the error small enough; nothing where no number does.
std::string count_words(double now, double needed, const char* what) {
  constexpr double kMany = 1e6;
  if (!(needed < kMany)) return "";
  return fmt::format("{:.0f} {} (of {:.0f})", std::ceil(needed), what, now);
}

/// What would decide a difference that stays what it is.
/// @param of_prompts, of_seeds  variances of the difference;  @param prompts, seeds  how many they come of.
std::string needs_words(double difference, double of_prompts, double prompts, double of_seeds, double seeds) {
  const double error = std::abs(difference) / normal_quantile((1 + kLevel) / 2), room = error * error;
  std::vector<std::string> ways;
  if (room > of_seeds) {
    if (const auto way = count_words(prompts, prompts * of_prompts / (room - of_seeds), "prompts"); !way.empty()) {
      ways.push_back(way);
    }
  }
  if (seeds > 1 && room > of_prompts) {
    if (const auto way = count_words(seeds, seeds * of_seeds / (room - of_prompts), "seeds"); !way.empty()) {
      ways.push_back(way);
    }
  }
  if (ways.empty() && room > 0 && seeds > 1) {
    const double factor = (of_prompts + of_seeds) / room;
    if (factor < 1000) ways.push_back(fmt::format("{:.1f} times as many prompts and seeds", factor));
  }
  if (ways.empty()) return "no number within reach would decide it";
  return fmt::format("{} would decide it if it stays", fmt::join(ways, " or "));
}

/// The weighted sum in each seed that all rows of it were trained with; cells that are no row's count alike in each.
std::vector<double> over_seeds(const ClaimEvidence::OfMetric& metric, const std::string& part,
                               const Contrast& contrast) {
  std::set<int64_t> common;
  bool first = true;
  for (const ClaimTerm& term : contrast.terms) {
    const auto seeds = metric.seeds.find(term.cell);
    if (seeds == metric.seeds.end()) continue;
    std::set<int64_t> own;
    for (const auto& [seed, scores] : seeds->second) {
      if (first || common.count(seed) > 0) own.insert(seed);
    }
    common = own;
    first = false;
  }
  std::vector<double> sums;
  for (const int64_t seed : common) {
    double sum = -contrast.threshold;
    for (const ClaimTerm& term : contrast.terms) {
      const auto seeds = metric.seeds.find(term.cell);
      const Scores scores =
          of_part(seeds == metric.seeds.end() ? metric.items.at(term.cell) : seeds->second.at(seed), part);
      if (scores.values.empty()) return {};
      sum += term.weight * estimate_mean(scores, {.draws = 1}).value;
    }
    sums.push_back(sum);
  }
  return sums;
}

Finding find_of_items(const ClaimEvidence::OfMetric& metric, const std::string& name, const std::string& part,
                      const Contrast& contrast) {
  Finding finding;
  finding.label = contrast.label;
  std::vector<Scores> scores;
  std::vector<std::string> words;
  for (const ClaimTerm& term : contrast.terms) {
    const auto cell = metric.items.find(term.cell);
    if (cell == metric.items.end()) {
      finding.why = term.cell + " was not run";
      return finding;
    }
    scores.push_back(of_part(cell->second, part));
    if (scores.back().values.empty()) {
      finding.why = "no prompt of " + (part.empty() ? name : name + "/" + part);
      return finding;
    }
    words.push_back(term_words(term, estimate_mean(scores.back(), {.draws = 1}).value));
  }
  finding.detail = fmt::format("{}{}", fmt::join(words, ", "), threshold_words(contrast.threshold));
  std::vector<WeightedScores> sides;
  for (size_t i = 0; i < scores.size(); ++i) sides.push_back({contrast.terms[i].weight, &scores[i]});
  const Difference of_prompts = compare_scores(sides);
  finding.difference = of_prompts.value - contrast.threshold;
  if (!of_prompts.ci95 || !of_prompts.standard_error) return finding;
  finding.ci95 = {(*of_prompts.ci95)[0] - contrast.threshold, (*of_prompts.ci95)[1] - contrast.threshold};
  const double prompt_variance = *of_prompts.standard_error * *of_prompts.standard_error;
  const std::vector<double> seeds = over_seeds(metric, part, contrast);
  double seed_variance = 0;
  if (seeds.size() > 1) {
    const double spread = sample_std(seeds);
    seed_variance = spread * spread / static_cast<double>(seeds.size());
  }
  const double error = std::sqrt(prompt_variance + seed_variance);
  double degrees = 1e6;  // of prompts alone there are enough for the normal
  if (seed_variance > 0) {
    const double share = seed_variance / (prompt_variance + seed_variance);
    degrees = static_cast<double>(seeds.size() - 1) / (share * share);
    const double reach = t_quantile((1 + kLevel) / 2, degrees) * error;
    finding.ci95 = {finding.difference - reach, finding.difference + reach};
  }
  if (seed_variance == 0 && contrast.threshold == 0) {
    finding.p = of_prompts.p_value;
  } else {
    finding.p = error == 0 ? (finding.difference == 0 ? 1 : 0) : two_sided_t(finding.difference / error, degrees);
  }
  finding.needs = needs_words(finding.difference, prompt_variance, static_cast<double>(of_prompts.clusters),
                              seed_variance, static_cast<double>(seeds.size()));
  return finding;
}

/// The value of a set, and its interval; of several seeds the mean and the widest ends.
struct SetValue {
  double value = 0, low = 0, high = 0;
  bool certain = true;  ///< an interval is there
};

std::optional<SetValue> set_value(const ClaimEvidence::OfMetric& metric, const std::string& cell,
                                  const std::string& part) {
  const auto found = metric.sets.find(cell);
  if (found == metric.sets.end()) return std::nullopt;
  const auto rows = found->second.find(part);
  if (rows == found->second.end()) return std::nullopt;
  SetValue whole;
  double count = 0;
  for (const Json& row : rows->second) {
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

Finding find_of_sets(const ClaimEvidence::OfMetric& metric, const std::string& called, const std::string& part,
                     const Contrast& contrast) {
  Finding finding;
  finding.label = contrast.label;
  std::vector<std::string> words;
  double low = -contrast.threshold, high = -contrast.threshold;
  bool certain = true;
  finding.difference = -contrast.threshold;
  for (const ClaimTerm& term : contrast.terms) {
    const std::optional<SetValue> value = set_value(metric, term.cell, part);
    if (!value) {
      finding.why = fmt::format("{} was not measured by {}", term.cell, called);
      return finding;
    }
    certain = certain && value->certain;
    finding.difference += term.weight * value->value;
    low += term.weight * (term.weight > 0 ? value->low : value->high);
    high += term.weight * (term.weight > 0 ? value->high : value->low);
    words.push_back(term_words(term, value->value));
  }
  finding.detail = fmt::format("{}{}", fmt::join(words, ", "), threshold_words(contrast.threshold));
  if (!certain) return finding;
  // Intervals that do not overlap; a paired test would be sharper, but nothing pairs two sets.
  finding.ci95 = {low, high};
  const double error = (high - low) / 2 / normal_quantile((1 + kLevel) / 2);
  finding.p = error > 0 ? two_sided_t(finding.difference / error, 1e6) : finding.difference == 0 ? 1 : 0;
  return finding;
}

/// One value a cell of a correlation.
std::optional<double> cell_value(const ClaimEvidence::OfMetric& metric, const std::string& part,
                                 const std::string& cell) {
  if (const auto items = metric.items.find(cell); items != metric.items.end()) {
    const Scores scores = of_part(items->second, part);
    if (scores.values.empty()) return std::nullopt;
    return estimate_mean(scores, {.draws = 1}).value;
  }
  const std::optional<SetValue> value = set_value(metric, cell, part);
  return value ? std::optional(value->value) : std::nullopt;
}

Finding find_correlation(const ClaimEvidence& evidence, const ClaimEvidence::OfMetric& metric, const std::string& part,
                         const Claim& claim, const std::vector<Contrast>& contrasts) {
  Finding finding;
  std::vector<double> of_probe, of_score, of_given;
  const auto probe_value = [&](const std::string& probe, const std::string& encoder) -> std::optional<double> {
    const auto values = evidence.probes.find(probe);
    if (values == evidence.probes.end()) return std::nullopt;
    const auto value = values->second.find(encoder);
    return value == values->second.end() ? std::nullopt : std::optional(value->second);
  };
  for (const Contrast& contrast : contrasts) {
    const std::string& cell = contrast.terms.front().cell;
    const std::optional<double> probe = probe_value(claim.sentence.probe, contrast.encoder),
                                score = cell_value(metric, part, cell),
                                given = claim.given.empty() ? std::optional<double>(0)
                                                            : probe_value(claim.given, contrast.encoder);
    if (!probe || !score || !given) continue;  // some encoders cannot be probed: their features are no texts'
    of_probe.push_back(*probe);
    of_score.push_back(*score);
    of_given.push_back(*given);
  }
  const std::optional<RankCorrelation> correlation =
      rank_correlation(of_probe, of_score, claim.given.empty() ? std::vector<double>() : of_given);
  if (!correlation) {
    finding.why =
        fmt::format("{} encoders have both values; a correlation needs more, and that differ", of_probe.size());
    return finding;
  }
  finding.difference = correlation->value;
  finding.ci95 = correlation->ci95;
  finding.p = correlation->p_value;
  finding.detail = fmt::format("rank correlation {:.2f} over {} encoders{}", correlation->value, of_probe.size(),
                               claim.given.empty() ? "" : ", given " + claim.given);
  finding.needs = correlation->needed ? fmt::format("{} encoders would decide it if it stays", *correlation->needed)
                                      : "no number of encoders would decide it";
  return finding;
}

Json finding_json(const Finding& finding, const std::string& verdict) {
  Json json = {{"verdict", verdict}};
  if (!finding.why.empty()) {
    json["detail"] = finding.why;
    return json;
  }
  json["difference"] = finding.difference;
  json["ci95"] = finding.ci95 ? Json(*finding.ci95) : Json();
  json["p"] = finding.p;
  json["detail"] = finding.detail + (verdict == "undecided" && !finding.needs.empty() ? "; " + finding.needs : "");
  return json;
}

/// One contrast of the mean over several.
Contrast mean_of(const std::vector<Contrast>& contrasts) {
  Contrast mean;
  for (const Contrast& contrast : contrasts) {
    for (const ClaimTerm& term : contrast.terms) {
      const auto same = std::find_if(mean.terms.begin(), mean.terms.end(),
                                     [&](const ClaimTerm& own) { return own.cell == term.cell; });
      const double weight = term.weight / static_cast<double>(contrasts.size());
      if (same != mean.terms.end()) {
        same->weight += weight;
      } else {
        mean.terms.push_back({weight, term.cell});
      }
    }
    mean.threshold += contrast.threshold / static_cast<double>(contrasts.size());
  }
  return mean;
}

/// The verdict of a claim that must hold in each of several comparisons.
Json verdict_of_all(const std::vector<Finding>& findings) {
  std::vector<double> p_values;
  for (const Finding& finding : findings) p_values.push_back(finding.p);
  const std::vector<double> corrected = holm(p_values);
  Json verdict = {{"comparisons", Json::array()}};
  std::map<std::string, std::vector<std::string>> labels;
  for (size_t i = 0; i < findings.size(); ++i) {
    const std::string own = findings[i].verdict(corrected[i]);
    Json row = finding_json(findings[i], own);
    row["label"] = findings[i].label;
    if (row.contains("p")) row["p_holm"] = corrected[i];
    verdict["comparisons"].push_back(std::move(row));
    labels[own].push_back(findings[i].label);
  }
  verdict["verdict"] = !labels["fail"].empty() ? "fail" : labels["undecided"].empty() ? "pass" : "undecided";
  std::string detail = fmt::format("{} of {} comparisons hold", labels["pass"].size(), findings.size());
  if (!labels["fail"].empty()) detail += fmt::format("; refuted: {}", fmt::join(labels["fail"], "; "));
  if (!labels["undecided"].empty()) detail += fmt::format("; undecided: {}", fmt::join(labels["undecided"], "; "));
  verdict["detail"] = detail;
  return verdict;
}

Json judge_claim(const ClaimEvidence& evidence, const Claim& claim, const ClaimAxes& axes) {
  const auto [name, part] = metric_and_part(claim.metric);
  const auto metric = evidence.metrics.find(name);
  if (metric == evidence.metrics.end()) {
    return {{"verdict", "undecided"}, {"detail", "the suite does not measure " + claim.metric}};
  }
  std::optional<ClaimFault> fault;
  std::vector<Contrast> contrasts = contrasts_of(claim, axes, fault);
  if (fault) return {{"verdict", "undecided"}, {"detail", "it speaks of " + fault->what}};
  if (claim.sentence.correlates()) {
    const Finding finding = find_correlation(evidence, metric->second, part, claim, contrasts);
    return finding_json(finding, finding.verdict(finding.p));
  }
  if (claim.of_mean && contrasts.size() > 1) contrasts = {mean_of(contrasts)};
  std::vector<Finding> findings;
  for (const Contrast& contrast : contrasts) {
    findings.push_back(metric->second.sets.empty() ? find_of_items(metric->second, name, part, contrast)
                                                   : find_of_sets(metric->second, claim.metric, part, contrast));
  }
  if (findings.size() > 1) return verdict_of_all(findings);
  // Of one comparison the interval alone decides, as it is shown.
  return finding_json(findings.front(), findings.front().verdict(0));
}

}  // namespace

std::pair<std::string, std::string> metric_and_part(const std::string& metric) {
  const size_t slash = metric.find('/');
  if (slash == std::string::npos) return {metric, ""};
  return {metric.substr(0, slash), metric.substr(slash + 1)};
}

std::string value_part(const std::string& value, const std::string& metric) {
  const bool below = value.rfind(metric + "/", 0) == 0;
  return below ? value.substr(metric.size() + 1) : value;
}

Json judge_claims(const ClaimEvidence& evidence, const std::vector<Claim>& claims, const ClaimAxes& axes) {
  Json verdicts = Json::array();
  for (const Claim& claim : claims) {
    Json verdict = judge_claim(evidence, claim, axes);
    verdict.update(claim.to_json());
    verdicts.push_back(std::move(verdict));
  }
  return verdicts;
}

}  // namespace emf
