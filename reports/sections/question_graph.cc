// Long captions, scored by questions that depend on one another.
#include "reports/writers/html.h"
#include "reports/writers/metric_table.h"

namespace emf {
namespace {

constexpr const char* kOverall = "question_graph";

class QuestionGraphSection : public Section {
 public:
  std::string title() const override { return "Long captions, question by question"; }
  int order() const override { return 58; }

  std::string html(const SectionInput& input) const override {
    const Record record(input);
    if (!record.has_metric(kOverall)) return "";
    // The whole and its categories, as DPG-Bench names them.
    const std::vector<std::string> metrics =
        present_metrics(record, {kOverall, "question_graph/entity", "question_graph/attribute", "question_graph/other",
                                 "question_graph/relation"});
    return paragraph(
               "Captions of three to ten facts, which the judge answers one by one; a question counts as no when what "
               "it depends on was denied (DPG-Bench's rule). The first column is the mean over captions, with its 95 % "
               "interval; then the share of yes among questions of each kind.") +
           metric_table(record, kOverall, metrics);
  }
};

EMF_REGISTER(SectionRegistry, "question_graph", "Long captions scored by question graphs",
             std::make_unique<QuestionGraphSection>);

}  // namespace
}  // namespace emf
