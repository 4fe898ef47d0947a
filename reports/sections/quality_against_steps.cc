// GenEval against the number of sampling steps, one panel an encoder.
#include <fmt/format.h>

#include "reports/writers/plot.h"
#include "reports/writers/words.h"

namespace emf {
namespace {

class QualityAgainstSteps : public Section {
 public:
  std::string title() const override { return "Quality against steps"; }
  int order() const override { return 30; }

  std::string html(const SectionInput& input) const override {
    const Record record(input);
    if (!record.has_metric("geneval") || record.steps().empty()) return "";
    Table table("", {{"Encoder"}, {"Objective"}, {"Steps", true}, {"GenEval", true}});
    std::vector<Plot> plots;
    for (const std::string& encoder : record.encoders()) {
      const Json values = points(record, encoder, table);
      if (!values.empty()) plots.push_back(panel(record, encoder, values));
    }
    if (plots.empty()) return "";
    return paragraph("One panel an encoder; bands are 95 % intervals. The step axis is logarithmic.") +
           plot_group(plots, &record, table);
  }

 private:
  static Json points(const Record& record, const std::string& encoder, Table& table) {
    Json values = Json::array();
    for (const std::string& objective : record.objectives()) {
      for (const int64_t steps : record.steps()) {
        const Score* score = record.find(encoder, objective, steps, "geneval");
        if (score == nullptr || !score->value) continue;
        const Interval band = score->ci95.value_or(Interval{*score->value, *score->value});
        values.push_back({{"series", objective_words(objective)},
                          {"x", steps},
                          {"y", *score->value},
                          {"low", band[0]},
                          {"high", band[1]}});
        table.add({text_cell(encoder_words(encoder)), text_cell(objective_words(objective)), count_cell(steps),
                   score_cell(*score->value, score->ci95, 3)});
      }
    }
    return values;
  }

  static Plot panel(const Record& record, const std::string& encoder, const Json& values) {
    const Json x = {{"title", "Sampling steps"},
                    {"scale", {{"type", "log"}, {"base", 2}, {"nice", false}, {"padding", 12}}},
                    {"axis", {{"values", record.steps()}, {"format", "d"}, {"grid", false}, {"labelOverlap", true}}}};
    const Json y = {{"title", "GenEval"}, {"scale", {{"domain", {0, 1}}}}, {"axis", {{"tickCount", 5}}}};
    Json rules = Json::array();
    if (const Score* ceiling = record.reference("ceiling")) {
      rules.push_back({{"y", *ceiling->value}, {"label", fmt::format("ceiling {:.2f}", *ceiling->value)}});
    }
    return {
        encoder_words(encoder),
        fmt::format("GenEval against sampling steps for {}; the values are in the table below", encoder_words(encoder)),
        line_spec(record, values, x, y, rules)};
  }
};

EMF_REGISTER(SectionRegistry, "quality_against_steps", "Plot of GenEval against sampling steps",
             std::make_unique<QualityAgainstSteps>);

}  // namespace
}  // namespace emf
