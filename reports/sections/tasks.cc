// GenEval task by task, and on pairs that training never showed.
#include "reports/writers/html.h"
#include "reports/writers/record.h"
#include "reports/writers/words.h"

namespace emf {
namespace {

/// Order of GenEval's own summary, then the two halves of the prompts.
std::vector<std::string> task_metrics(const Record& record) {
  std::vector<std::string> present;
  for (const char* name :
       {"geneval/single_object", "geneval/two_object", "geneval/counting", "geneval/colors", "geneval/position",
        "geneval/color_attr", "geneval/in_distribution", "geneval/held_out", "geneval/held_out_template"}) {
    if (record.has_metric(name)) present.push_back(name);
  }
  return present;
}

TableCell cell_of(const Score* score) {
  if (score == nullptr) return absent_cell("not scored");
  return score->value ? score_cell(*score->value, score->ci95) : absent_cell(score->why);
}

class Tasks : public Section {
 public:
  std::string title() const override { return "Task by task"; }
  int order() const override { return 57; }

  std::string html(const SectionInput& input) const override {
    const Record record(input);
    const std::vector<std::string> metrics = task_metrics(record);
    if (metrics.empty()) return "";
    std::vector<TableColumn> columns = {
        {"Encoder", false, true}, {"Objective", false, true, true}, {"Steps", true, true}};
    for (const std::string& metric : metrics) columns.push_back({metric_words(metric), true, false});
    Table table("", columns, /*interactive=*/true);
    for (const std::string& encoder : record.encoders()) {
      for (const std::string& objective : record.objectives()) {
        bool first = true;
        for (const int64_t steps : record.steps()) {
          if (record.find(encoder, objective, steps, "geneval") == nullptr) continue;
          std::vector<TableCell> cells = {text_cell(encoder_words(encoder)), text_cell(objective_words(objective)),
                                          count_cell(steps)};
          for (const std::string& metric : metrics)
            cells.push_back(cell_of(record.find(encoder, objective, steps, metric)));
          table.add(cells, first ? "group" : "");
          first = false;
        }
      }
    }
    add_references(record, metrics, table);
    return paragraph(
               "Share of correct pictures in each of GenEval's tasks, 95 % interval beneath; then the same "
               "pictures split by whether "
               "training ever showed the prompt's pairs of object and colour" +
               std::string(record.has_metric("geneval/held_out_template")
                               ? "; last, other pictures of prompts said in words that training's captions do not have."
                               : ".")) +
           table.html();
  }

 private:
  static void add_references(const Record& record, const std::vector<std::string>& metrics, Table& table) {
    for (const std::string name : {"ceiling", "reconstruction"}) {
      if (record.reference(name) == nullptr) continue;
      std::vector<TableCell> cells = {text_cell("Real pictures"), text_cell(objective_words(name)),
                                      absent_cell("not sampled")};
      for (const std::string& metric : metrics)
        cells.push_back(cell_of(record.reference(name + metric.substr(metric.find('/')))));
      table.add(cells, "reference");
    }
  }
};

EMF_REGISTER(SectionRegistry, "tasks", "Table of GenEval by task, seen and held-out pairs", std::make_unique<Tasks>);

}  // namespace
}  // namespace emf
