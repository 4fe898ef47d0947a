#include "reports/writers/metric_table.h"

#include "reports/writers/html.h"
#include "reports/writers/words.h"

namespace emf {
namespace {

TableCell cell_of(const Score* score) {
  if (score == nullptr) return absent_cell("not scored");
  return score->value ? score_cell(*score->value, score->ci95) : absent_cell(score->why);
}

/// What a metric is called of real pictures: "ceiling/counting", "ceiling/question_graph".
std::string reference_name(const std::string& pictures, const std::string& metric) {
  const std::string geneval = "geneval";
  return metric.rfind(geneval, 0) == 0 ? pictures + metric.substr(geneval.size()) : pictures + "/" + metric;
}

}  // namespace

std::vector<std::string> present_metrics(const Record& record, const std::vector<std::string>& names) {
  std::vector<std::string> present;
  for (const std::string& name : names) {
    if (record.has_metric(name)) present.push_back(name);
  }
  return present;
}

std::string metric_table(const Record& record, const std::string& overall, const std::vector<std::string>& metrics) {
  std::vector<TableColumn> columns = {
      {"Encoder", false, true}, {"Objective", false, true, true}, {"Steps", true, true}};
  for (const std::string& metric : metrics) columns.push_back({metric_words(metric), true, false});
  Table table("", columns, /*interactive=*/true);
  for (const std::string& encoder : record.encoders()) {
    for (const std::string& objective : record.objectives()) {
      bool first = true;
      for (const int64_t steps : record.steps()) {
        if (record.find(encoder, objective, steps, overall) == nullptr) continue;
        std::vector<TableCell> cells = {text_cell(encoder_words(encoder)), text_cell(objective_words(objective)),
                                        count_cell(steps)};
        for (const std::string& metric : metrics)
          cells.push_back(cell_of(record.find(encoder, objective, steps, metric)));
        table.add(cells, first ? "group" : "");
        first = false;
      }
    }
  }
  for (const std::string pictures : {"ceiling", "reconstruction"}) {
    if (record.reference(reference_name(pictures, overall)) == nullptr) continue;
    std::vector<TableCell> cells = {text_cell("Real pictures"), text_cell(objective_words(pictures)),
                                    absent_cell("not sampled")};
    for (const std::string& metric : metrics)
      cells.push_back(cell_of(record.reference(reference_name(pictures, metric))));
    table.add(cells, "reference");
  }
  return table.html();
}

}  // namespace emf
