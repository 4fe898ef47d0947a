// SPDX-License-Identifier: Apache-2.0
// How far the pictures' features lie from those of real ones.
#include <fmt/format.h>

#include <algorithm>

#include "reports/blocks/cells.h"

namespace emf {
namespace {

/// Values of features, whole ones: no parts.
std::vector<std::string> feature_metrics(const Record& record) {
  std::vector<std::string> found;
  for (const std::string& metric : record.metrics()) {
    if (metric == metric_base(metric) && !record.names().backbone(metric).empty()) found.push_back(metric);
  }
  return found;
}

std::string joined(const std::vector<std::string>& names) {
  std::string list;
  for (const std::string& name : names) list += (list.empty() ? "" : ", ") + name;
  return list;
}

/// Which end of the scale is the good one, and what the values may be compared with.
std::string introduction(const Record& record, const std::vector<std::string>& metrics) {
  std::vector<std::string> lower, higher, official;
  std::vector<std::string> backbones;
  for (const std::string& metric : metrics) {
    (record.names().higher_is_better(metric) ? higher : lower).push_back(record.names().metric(metric));
    if (record.names().official(metric)) {
      official.push_back(record.names().metric(metric));
      continue;
    }
    const std::string backbone = record.names().backbone(metric);
    if (std::find(backbones.begin(), backbones.end(), backbone) == backbones.end()) backbones.push_back(backbone);
  }
  std::string text = higher.empty() ? "Lower is nearer." : lower.empty() ? "Higher is better." : "";
  if (text.empty()) text = "Lower is nearer, but for " + joined(higher) + ", where higher is better.";
  for (const std::string& metric : official)
    text += " " + metric + " is measured on the features that it is defined on.";
  const size_t others = metrics.size() - official.size();
  const char* subject = official.empty() ? "Both distances compare" : "The two others compare";
  if (others > 2) subject = official.empty() ? "All of them compare" : "The others compare";
  if (others == 1) subject = official.empty() ? "It compares" : "The other compares";
  if (others > 0) {
    text += fmt::format(
        " {} {} features of generated and real pictures, and {} named for {}: {} not comparable with "
        "distances on other features.",
        subject, joined(backbones), others == 1 ? "is" : "are", backbones.size() == 1 ? "it" : "them",
        others == 1 ? "it is" : "they are");
  }
  return text + " small_n marks values resting on too few pictures.";
}

class Distances : public Section {
 public:
  std::string title(const SectionInput&) const override { return "Distance from real pictures"; }
  int order() const override { return 70; }

  std::vector<Block> blocks(const SectionInput& input) const override {
    const Record record(input);
    const std::vector<std::string> metrics = feature_metrics(record);
    if (metrics.empty()) return {};
    Table table{"", {{"Encoder", false, true}, {"Objective", false, true, true}, {"Steps", true, true}}, true};
    for (const std::string& metric : metrics) table.columns.push_back(metric_column(record.names(), metric));
    table.columns.push_back({"Pictures", true});
    const auto add = [&](std::vector<TableCell> cells, const auto& find, RowMark mark) {
      int64_t pictures = -1;
      for (const std::string& metric : metrics) {
        const Score* score = find(metric);
        if (score != nullptr) pictures = std::max(pictures, score->n);
        cells.push_back(score_cell(score, "not asked for at this step count", record.digits(metric)));
        if (score != nullptr && score->value) {
          std::vector<std::string>& warnings = cells.back().warnings;
          warnings.insert(warnings.end(), score->warnings.begin(), score->warnings.end());
        }
      }
      if (pictures < 0) return;
      cells.push_back(count_cell(pictures));
      table.add(std::move(cells), mark);
    };
    const Names& names = record.names();
    for (const std::string& encoder : record.encoders()) {
      for (const std::string& objective : record.objectives()) {
        for (const int64_t steps : record.steps()) {
          add(
              {text_cell(names.encoder(encoder)), text_cell(names.objective(objective)), count_cell(steps)},
              [&](const std::string& metric) { return record.find(encoder, objective, steps, metric); },
              RowMark::kPlain);
        }
      }
    }
    add(
        {text_cell(names.encoder("real")), text_cell(names.objective("ceiling")), absent_cell("not sampled")},
        [&](const std::string& metric) { return record.reference("ceiling", metric); }, RowMark::kReference);
    return {Paragraph{introduction(record, metrics)}, std::move(table)};
  }
};

EMF_REGISTER(SectionRegistry, "distances", "Table of what features say: Frechet, kernel and other distances",
             std::make_unique<Distances>);

}  // namespace
}  // namespace emf
