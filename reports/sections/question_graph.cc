// Long captions, scored by questions that depend on one another.
#include "harness/api/section.h"
#include "reports/writers/html.h"
#include "reports/writers/record.h"
#include "reports/writers/words.h"

namespace emf {
namespace {

constexpr const char* kOverall = "question_graph";

/// The whole and its categories, as DPG-Bench names them.
std::vector<std::string> present_metrics(const Record& record) {
  std::vector<std::string> present;
  for (const char* name : {kOverall, "question_graph/entity", "question_graph/attribute", "question_graph/other",
                           "question_graph/relation"}) {
    if (record.has_metric(name)) present.push_back(name);
  }
  return present;
}

TableCell cell_of(const Score* score) {
  if (score == nullptr) return absent_cell("not scored");
  return score->value ? score_cell(*score->value, score->ci95) : absent_cell(score->why);
}

class QuestionGraphSection : public Section {
 public:
  std::string title() const override { return "Long captions, question by question"; }
  int order() const override { return 58; }

  std::string html(const SectionInput& input) const override {
    const Record record(input);
    if (!record.has_metric(kOverall)) return "";
    const std::vector<std::string> metrics = present_metrics(record);
    std::vector<TableColumn> columns = {
        {"Encoder", false, true}, {"Objective", false, true, true}, {"Steps", true, true}};
    for (const std::string& metric : metrics) columns.push_back({metric_words(metric), true, false});
    Table table("", columns, /*interactive=*/true);
    for (const std::string& encoder : record.encoders()) {
      for (const std::string& objective : record.objectives()) {
        bool first = true;
        for (const int64_t steps : record.steps()) {
          if (record.find(encoder, objective, steps, kOverall) == nullptr) continue;
          std::vector<TableCell> cells = {text_cell(encoder_words(encoder)), text_cell(objective_words(objective)),
                                          count_cell(steps)};
          for (const std::string& metric : metrics)
            cells.push_back(cell_of(record.find(encoder, objective, steps, metric)));
          table.add(cells, first ? "group" : "");
          first = false;
        }
      }
    }
    for (const std::string name : {"ceiling", "reconstruction"}) {
      if (record.reference(name + "/" + kOverall) == nullptr) continue;
      std::vector<TableCell> cells = {text_cell("Real pictures"), text_cell(objective_words(name)),
                                      absent_cell("not sampled")};
      for (const std::string& metric : metrics) cells.push_back(cell_of(record.reference(name + "/" + metric)));
      table.add(cells, "reference");
    }
    return paragraph(
               "Captions of three to nine facts, which the judge answers one by one; a question counts as no when what "
               "it "
               "depends on was denied (DPG-Bench's rule). The first column is the mean over captions, with its 95 % "
               "interval; "
               "then the share of yes among questions of each kind.") +
           table.html();
  }
};

EMF_REGISTER(SectionRegistry, "question_graph", "Long captions scored by question graphs",
             std::make_unique<QuestionGraphSection>);

}  // namespace
}  // namespace emf
