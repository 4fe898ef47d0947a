// SPDX-License-Identifier: Apache-2.0
#include "reports/record/record.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "reports/record/encoder_key.h"
#include "reports/record/known_names.h"

namespace emf {
namespace {

template <typename Value>
void remember(std::vector<Value>& values, const Value& value) {
  if (std::find(values.begin(), values.end(), value) == values.end()) values.push_back(value);
}

/// Adds one seed's row to a score. A seed without a value leaves the others' mean, is counted, and leaves its reason.
void merge(Score& score, const Json& row) {
  for (const Json& warning : row.value("warnings", Json::array())) remember(score.warnings, warning.get<std::string>());
  if (row.at("value").is_null()) {
    score.why = row.value("why", "no value");
    ++score.missing;
    return;
  }
  const double value = row.at("value");
  const auto ci95 = interval_of(row);
  const auto seeds = static_cast<double>(score.seeds);
  score.value = (score.value.value_or(0) * seeds + value) / (seeds + 1);
  if (score.seeds == 0) {
    score.ci95 = ci95;
  } else if (score.ci95 && ci95) {
    score.ci95 = Interval{std::min((*score.ci95)[0], (*ci95)[0]), std::max((*score.ci95)[1], (*ci95)[1])};
  } else {
    score.ci95.reset();
  }
  score.n += row.at("n").get<int64_t>();
  ++score.seeds;
}

}  // namespace

std::optional<Interval> interval_of(const Json& holder) {
  if (!holder.contains("ci95") || holder.at("ci95").is_null()) return std::nullopt;
  return Interval{holder.at("ci95").at(0), holder.at("ci95").at(1)};
}

std::string Score::seeds_left_out() const {
  return value && missing > 0 ? fmt::format("{} of {} seeds", seeds, seeds + missing) : "";
}

Json report_rows(const SectionInput& input) {
  Json rows = input.result.value("rows", Json::array());
  for (const Json& timed : input.provenance.value("seconds_per_picture", Json::array())) {
    Json row = timed;
    row["metric"] = "seconds_per_picture";
    row["ci95"] = nullptr;
    row["n"] = input.result.at("prompts").size();
    rows.push_back(row);
  }
  return rows;
}

Record::Record(const SectionInput& input) : names_(input.result) {
  const Json found = input.result.value("rows", Json::array());
  const auto trained = [](const Json& row) { return row.at("encoder") != "real"; };
  only_checkpoints_ =
      std::any_of(found.begin(), found.end(), trained) &&
      std::none_of(found.begin(), found.end(), [&](const Json& row) { return trained(row) && !is_checkpoint(row); });
  for (const Json& row : report_rows(input)) add(row);
  std::sort(steps_.begin(), steps_.end());
  std::sort(checkpoints_.begin(), checkpoints_.end());
  const std::string wanted =
      input.result.value("main_objective", known_names().at("main_objective").get<std::string>());
  const bool ran = std::find(objectives_.begin(), objectives_.end(), wanted) != objectives_.end();
  if (!objectives_.empty()) main_objective_ = ran ? wanted : objectives_.front();
}

void Record::add(const Json& row) {
  if (row.at("encoder") == "real") {
    merge(references_[{row.at("objective"), row.at("metric")}], row);
    return;
  }
  remember(encoder_names_, row.at("encoder").get<std::string>());
  if (is_checkpoint(row)) {
    remember(checkpoints_, row.at("checkpoint").get<int64_t>());
    merge(checkpoint_scores_[{encoder_key(row), row.at("objective"), row.at("steps"), row.at("metric")}], row);
  }
  if (is_shown(row)) add_cell(encoder_key(row), row);
}

void Record::add_cell(const std::string& encoder, const Json& row) {
  const std::string objective = row.at("objective"), metric = row.at("metric");
  const int64_t steps = row.at("steps");
  remember(encoders_, encoder);
  remember(objectives_, objective);
  remember(steps_, steps);
  remember(metrics_, metric);
  Score& score = scores_[{encoder, objective, steps, metric}];
  merge(score, row);
  max_seeds_ = std::max(max_seeds_, score.seeds + score.missing);
}

bool Record::leaves_out_seeds() const {
  return std::any_of(scores_.begin(), scores_.end(),
                     [](const auto& entry) { return !entry.second.seeds_left_out().empty(); });
}

bool Record::is_shown(const Json& entry) const { return only_checkpoints_ || !is_checkpoint(entry); }

bool Record::has_metric(const std::string& metric) const {
  return std::find(metrics_.begin(), metrics_.end(), metric) != metrics_.end();
}

bool Record::has_cell(const std::string& encoder, const std::string& objective) const {
  return std::any_of(scores_.begin(), scores_.end(), [&](const auto& entry) {
    return std::get<0>(entry.first) == encoder && std::get<1>(entry.first) == objective;
  });
}

const Score* Record::find(const std::string& encoder, const std::string& objective, int64_t steps,
                          const std::string& metric) const {
  const auto found = scores_.find({encoder, objective, steps, metric});
  return found == scores_.end() ? nullptr : &found->second;
}

const Score* Record::find_checkpoint(const std::string& encoder, const std::string& objective, int64_t steps,
                                     int64_t pictures, const std::string& metric) const {
  const Json row = {{"encoder", split_encoder_key(encoder).first}, {"checkpoint", pictures}};
  const auto found = checkpoint_scores_.find({encoder_key(row), objective, steps, metric});
  return found == checkpoint_scores_.end() ? nullptr : &found->second;
}

const Score* Record::reference(const std::string& pictures, const std::string& metric) const {
  std::vector<std::string> called = {metric};
  // Rows of judged values are named after the pictures: "ceiling", "ceiling/counting" and "ceiling/question_graph".
  const std::string base = metric_base(metric);
  called.push_back(pictures + "/" + metric);
  // A second metric of the same plugin has its name in the row, and the rows without one are not its own.
  const bool first = names_.plugin(metric) == known_names().at("main_metric") &&
                     references_.count({pictures, pictures + "/" + base}) == 0;
  if (first) called.push_back(pictures + metric.substr(base.size()));
  for (const std::string& name : called) {
    const auto found = references_.find({pictures, name});
    if (found != references_.end() && found->second.value) return &found->second;
  }
  return nullptr;
}

bool Record::is_share(const std::string& metric) const {
  if (!names_.higher_is_better(metric)) return false;
  return std::all_of(scores_.begin(), scores_.end(), [&](const auto& entry) {
    const Score& score = entry.second;
    if (std::get<3>(entry.first) != metric || !score.value) return true;
    const Interval range = score.ci95.value_or(Interval{*score.value, *score.value});
    return std::min(range[0], *score.value) >= 0 && std::max(range[1], *score.value) <= 1;
  });
}

int Record::digits(const std::string& metric) const {
  if (names_.higher_is_better(metric)) return 2;
  double largest = 0;
  for (const auto& [key, score] : scores_) {
    if (std::get<3>(key) == metric && score.value) largest = std::max(largest, std::abs(*score.value));
  }
  return largest >= 10 ? 1 : largest >= 1 ? 2 : 4;
}

}  // namespace emf
