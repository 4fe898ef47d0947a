// SPDX-License-Identifier: Apache-2.0
// GenEval task by task, and on what training never showed.
#include "reports/blocks/metric_table.h"

namespace emf {
namespace {

class Tasks : public Section {
 public:
  std::string title(const SectionInput&) const override { return "Task by task"; }
  int order() const override { return 57; }

  std::vector<Block> blocks(const SectionInput& input) const override {
    const Record record(input);
    std::vector<Block> blocks;
    const std::vector<std::string> metrics = metrics_of_plugin(record, "geneval");
    for (const std::string& metric : metrics) {
      // Order of GenEval's own summary, then what training showed and what it did not.
      const std::vector<std::string> parts = present_parts(
          record, metric,
          {"single_object", "two_object", "counting", "colors", "position", "color_attr", "in_distribution", "held_out",
           "known", "combination", "sentence", "words", "held_out_template"});
      if (parts.empty()) continue;
      if (blocks.empty()) blocks.push_back(introduction(record, metric));
      Table table = metric_table(record, metric, parts);
      // The parts of every metric are called the same, so a table says whose they are where there is more than one.
      if (metrics.size() > 1) table.caption = record.names().metric(metric);
      blocks.push_back(std::move(table));
    }
    return blocks;
  }

 private:
  static Paragraph introduction(const Record& record, const std::string& metric) {
    const bool novelty = record.has_metric(metric + "/words") || record.has_metric(metric + "/combination"),
               reworded = record.has_metric(metric + "/held_out_template");
    return {std::string("Share of correct pictures in each of GenEval's tasks, 95 % interval beneath; then the same "
                        "pictures split by ") +
            (novelty
                 ? "what training never had of the prompt: nothing, the combination of its things, its sentence, or "
                   "its words"
                 : "whether training ever showed the prompt's pairs of object and colour") +
            (reworded ? "; last, other pictures of prompts said in words that training's captions do not have." : ".")};
  }
};

EMF_REGISTER(SectionRegistry, "tasks", "Table of GenEval by task, seen and held-out pairs", std::make_unique<Tasks>);

}  // namespace
}  // namespace emf
