// SPDX-License-Identifier: Apache-2.0
// Captions scored by questions that depend on one another.
#include "reports/blocks/metric_table.h"

namespace emf {
namespace {

class QuestionGraphSection : public Section {
 public:
  std::string title(const SectionInput&) const override { return "Question by question"; }
  int order() const override { return 58; }

  std::vector<Block> blocks(const SectionInput& input) const override {
    const Record record(input);
    std::vector<Block> blocks = {
        Paragraph{"The facts of every caption, which the judge answers one by one; a question counts as no when what "
                  "it depends on was denied (DPG-Bench's rule). The first column is the mean over captions, with its "
                  "95 % interval; then the share of yes among questions of each kind."}};
    for (const std::string& metric : record.metrics()) {
      if (metric != metric_base(metric) || record.names().plugin(metric) != "question_graph") continue;
      // The whole and its categories, as DPG-Bench names them.
      std::vector<std::string> columns = {metric};
      for (const std::string& part : present_parts(record, metric, {"entity", "attribute", "other", "relation"}))
        columns.push_back(part);
      blocks.push_back(metric_table(record, metric, columns));
    }
    if (blocks.size() == 1) blocks.clear();
    return blocks;
  }
};

EMF_REGISTER(SectionRegistry, "question_graph", "Captions scored by question graphs",
             std::make_unique<QuestionGraphSection>);

}  // namespace
}  // namespace emf
