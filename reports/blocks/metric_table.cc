// SPDX-License-Identifier: Apache-2.0
#include "reports/blocks/metric_table.h"

#include <algorithm>

#include "reports/blocks/cells.h"

namespace emf {
namespace {

struct Place {
  std::string encoder, objective;
  bool operator==(const Place&) const = default;
};

/// The cell of a column whose interval lies on the better side of every other's; none when the best two touch.
std::optional<Place> clear_best(const Record& record, const std::string& metric, int64_t steps) {
  std::vector<std::pair<Place, const Score*>> scores;
  for (const std::string& encoder : record.encoders()) {
    for (const std::string& objective : record.objectives()) {
      const Score* score = record.find(encoder, objective, steps, metric);
      if (score != nullptr && score->value && score->ci95) scores.push_back({{encoder, objective}, score});
    }
  }
  const auto best = std::find_if(scores.begin(), scores.end(), [&](const auto& one) {
    return std::none_of(scores.begin(), scores.end(), [&](const auto& other) {
      return record.better(*other.second->value, *one.second->value, metric);
    });
  });
  if (best == scores.end()) return std::nullopt;
  // The end of an interval that is nearest to worse values, and the one that is nearest to better ones.
  const bool higher = record.names().higher_is_better(metric);
  const double worst_of_best = (*best->second->ci95)[higher ? 0 : 1];
  const bool clear = std::all_of(scores.begin(), scores.end(), [&](const auto& other) {
    return other.first == best->first || record.better(worst_of_best, (*other.second->ci95)[higher ? 1 : 0], metric);
  });
  return clear ? std::optional(best->first) : std::nullopt;
}

}  // namespace

std::vector<std::string> metrics_of_plugin(const Record& record, const std::string& plugin) {
  std::vector<std::string> found;
  for (const std::string& metric : record.metrics()) {
    if (metric == metric_base(metric) && record.names().plugin(metric) == plugin) found.push_back(metric);
  }
  return found;
}

std::vector<std::string> present_parts(const Record& record, const std::string& metric,
                                       const std::vector<std::string>& first) {
  std::vector<std::string> present;
  for (const std::string& part : first) {
    if (record.has_metric(metric + "/" + part)) present.push_back(metric + "/" + part);
  }
  for (const std::string& name : record.metrics()) {
    const bool part = name != metric && metric_base(name) == metric;
    // These two say something of the whole score, not of a part of the pictures.
    const bool derived = name == metric + "/judge_corrected" || name == metric + "/over_seeds";
    if (part && !derived && std::find(present.begin(), present.end(), name) == present.end()) present.push_back(name);
  }
  return present;
}

Table metric_table(const Record& record, const std::string& overall, const std::vector<std::string>& metrics) {
  const Names& names = record.names();
  Table table{"", {{"Encoder", false, true}, {"Objective", false, true, true}, {"Steps", true, true}}, true};
  for (const std::string& metric : metrics) table.columns.push_back(metric_column(names, metric));
  for (const std::string& encoder : record.encoders()) {
    for (const std::string& objective : record.objectives()) {
      bool first = true;
      for (const int64_t steps : record.steps()) {
        if (record.find(encoder, objective, steps, overall) == nullptr) continue;
        std::vector<TableCell> cells = {text_cell(names.encoder(encoder)), text_cell(names.objective(objective)),
                                        count_cell(steps)};
        for (const std::string& metric : metrics)
          cells.push_back(
              score_cell(record.find(encoder, objective, steps, metric), "not scored", record.digits(overall)));
        table.add(std::move(cells), first ? RowMark::kGroup : RowMark::kPlain);
        first = false;
      }
    }
  }
  for (const char* pictures : {"ceiling", "reconstruction", "chance"}) {
    if (record.reference(pictures, overall) == nullptr) continue;
    std::vector<TableCell> cells = {text_cell(names.encoder("real")), text_cell(names.objective(pictures)),
                                    absent_cell("not sampled")};
    for (const std::string& metric : metrics)
      cells.push_back(score_cell(record.reference(pictures, metric), "not scored", record.digits(overall)));
    table.add(std::move(cells), RowMark::kReference);
  }
  return table;
}

Table steps_table(const Record& record, const std::string& metric, const std::string& absent, bool mark) {
  Table table{"", {{"Encoder", false, true}, {"Objective", false, true, true}}, true};
  std::vector<std::optional<Place>> best;
  for (const int64_t steps : record.steps()) {
    table.columns.push_back(metric_column(record.names(), metric, steps_words(steps)));
    best.push_back(mark ? clear_best(record, metric, steps) : std::nullopt);
  }
  for (const std::string& encoder : record.encoders()) {
    bool first = true;
    for (const std::string& objective : record.objectives()) {
      if (!record.has_cell(encoder, objective)) continue;
      std::vector<TableCell> cells = {text_cell(record.names().encoder(encoder)),
                                      text_cell(record.names().objective(objective))};
      for (size_t i = 0; i < record.steps().size(); ++i) {
        const Score* score = record.find(encoder, objective, record.steps()[i], metric);
        cells.push_back(score_cell(score, absent, record.digits(metric)));
        cells.back().best = best[i] == Place{encoder, objective};
      }
      table.add(std::move(cells), first ? RowMark::kGroup : RowMark::kPlain);
      first = false;
    }
  }
  return table;
}

}  // namespace emf
