// SPDX-License-Identifier: Apache-2.0
// The main table: every encoder, objective and step count by the metric that the suite is about.
#include <fmt/format.h>

#include "reports/blocks/cells.h"
#include "reports/blocks/metric_table.h"
#include "reports/record/format.h"

namespace emf {
namespace {

class Scores : public Section {
 public:
  std::string title(const SectionInput& input) const override {
    const Names names(input.result);
    return names.metric(names.main_metric()) + " by encoder, objective and steps";
  }
  int order() const override { return 20; }

  std::vector<Block> blocks(const SectionInput& input) const override {
    const Record record(input);
    if (record.encoders().empty()) return {};
    const std::string& metric = record.main_metric();
    const bool higher = record.names().higher_is_better(metric);
    std::string meaning = record.names().meaning(metric);
    if (meaning.empty()) meaning = record.names().metric(metric);
    std::vector<Block> blocks = {
        Paragraph{fmt::format("{}{}; 95 % interval beneath. A cell is marked when its interval lies {} every other "
                              "interval of its column.",
                              meaning, higher ? "" : ", lower is better", higher ? "above" : "below")},
        steps_table(record, metric, "not part of this suite", true)};
    if (const std::string mush = mush_words(input.result); !mush.empty()) blocks.push_back(Paragraph{mush});
    Table real = references(record);
    if (!real.empty()) blocks.push_back(std::move(real));
    return blocks;
  }

 private:
  /// What scores of few steps are worth.
  static std::string mush_words(const Json& result) {
    const Json mush = result.value("judge_mush", Json());
    if (mush.is_null() || mush.at("kinds").empty() || !mush.at("kinds")[0].contains("share")) return "";
    const auto words = [](const Json& of) {
      const std::string interval = of.at("ci95").is_null()
                                       ? ""
                                       : fmt::format(" (95 % interval {} to {})", format_number(of.at("ci95").at(0), 3),
                                                     format_number(of.at("ci95").at(1), 3));
      return format_number(of.at("share"), 3) + interval;
    };
    return fmt::format(
        "Beside every score of few steps: of averages of a prompt's pictures, to which one step of flow matching "
        "tends, the "
        "judge accepts {}; of those and of the same half way to noise together {}.",
        words(mush.at("kinds")[0]), words(mush.at("mush")));
  }

  static Table references(const Record& record) {
    const std::string& metric = record.main_metric();
    const bool judged = record.names().backbone(metric).empty();
    Table table{judged ? "What real pictures score: of the same prompts the most any row can reach with this judge, of "
                         "other prompts what a row reaches that heeds none"
                       : "What real pictures of the same prompts score",
                {{"Pictures"}, {record.names().metric(metric), true}}};
    for (const char* pictures : {"ceiling", "reconstruction", "chance"}) {
      const Score* score = record.reference(pictures, metric);
      if (score == nullptr) continue;
      table.add(
          {text_cell("Real, " + record.names().objective(pictures)), score_cell(score, "", record.digits(metric))},
          RowMark::kReference);
    }
    return table;
  }
};

EMF_REGISTER(SectionRegistry, "scores", "Table of the main metric by encoder, objective and steps",
             std::make_unique<Scores>);

}  // namespace
}  // namespace emf
