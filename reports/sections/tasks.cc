// GenEval task by task, and on pairs that training never showed.
#include "reports/writers/html.h"
#include "reports/writers/metric_table.h"

namespace emf {
namespace {

class Tasks : public Section {
 public:
  std::string title() const override { return "Task by task"; }
  int order() const override { return 57; }

  std::string html(const SectionInput& input) const override {
    const Record record(input);
    // Order of GenEval's own summary, then the two halves of the prompts.
    const std::vector<std::string> metrics =
        present_metrics(record, {"geneval/single_object", "geneval/two_object", "geneval/counting", "geneval/colors",
                                 "geneval/position", "geneval/color_attr", "geneval/in_distribution",
                                 "geneval/held_out", "geneval/held_out_template"});
    if (metrics.empty()) return "";
    return paragraph(
               "Share of correct pictures in each of GenEval's tasks, 95 % interval beneath; then the same "
               "pictures split by whether "
               "training ever showed the prompt's pairs of object and colour" +
               std::string(record.has_metric("geneval/held_out_template")
                               ? "; last, other pictures of prompts said in words that training's captions do not have."
                               : ".")) +
           metric_table(record, "geneval", metrics);
  }
};

EMF_REGISTER(SectionRegistry, "tasks", "Table of GenEval by task, seen and held-out pairs", std::make_unique<Tasks>);

}  // namespace
}  // namespace emf
