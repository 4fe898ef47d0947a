#include "reports/writers/record.h"

#include <algorithm>

namespace emf {
namespace {

template <typename Value>
void remember(std::vector<Value>& values, const Value& value) {
  if (std::find(values.begin(), values.end(), value) == values.end()) values.push_back(value);
}

std::optional<Interval> interval_of(const Json& row) {
  if (!row.contains("ci95") || row.at("ci95").is_null()) return std::nullopt;
  return Interval{row.at("ci95").at(0), row.at("ci95").at(1)};
}

/// Adds one seed's row to a score. A seed without a value leaves the others' mean, and its reason.
void merge(Score& score, const Json& row) {
  for (const Json& warning : row.value("warnings", Json::array())) remember(score.warnings, warning.get<std::string>());
  if (row.at("value").is_null()) {
    score.why = row.value("why", "no value");
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

Json report_rows(const SectionInput& input) {
  Json rows = input.result.at("rows");
  for (const Json& timed : input.provenance.value("seconds_per_picture", Json::array())) {
    Json row = timed;
    row["metric"] = "seconds_per_picture";
    row["ci95"] = nullptr;
    row["n"] = input.result.at("prompts").size();
    rows.push_back(row);
  }
  return rows;
}

Record::Record(const SectionInput& input) {
  for (const Json& row : report_rows(input)) add(row);
  std::sort(steps_.begin(), steps_.end());
}

void Record::add(const Json& row) {
  const std::string encoder = row.at("encoder"), objective = row.at("objective"), metric = row.at("metric");
  const int64_t steps = row.at("steps");
  if (encoder == "real") {
    merge(references_[metric], row);
    return;
  }
  remember(encoders_, encoder);
  remember(objectives_, objective);
  remember(steps_, steps);
  Score& score = scores_[{encoder, objective, steps, metric}];
  merge(score, row);
  max_seeds_ = std::max(max_seeds_, score.seeds);
}

bool Record::has_metric(const std::string& metric) const {
  return std::any_of(scores_.begin(), scores_.end(),
                     [&](const auto& entry) { return std::get<3>(entry.first) == metric; });
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

const Score* Record::reference(const std::string& metric) const {
  const auto found = references_.find(metric);
  return found == references_.end() || !found->second.value ? nullptr : &found->second;
}

std::string Record::few_step_objective() const {
  if (std::find(objectives_.begin(), objectives_.end(), "mean_flow") != objectives_.end()) return "mean_flow";
  return objectives_.empty() ? "" : objectives_.front();
}

}  // namespace emf
