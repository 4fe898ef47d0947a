// What a picture costs against how good it is.
#include <fmt/format.h>

#include "reports/writers/plot.h"
#include "reports/writers/words.h"

namespace emf {
namespace {

class Cost : public Section {
 public:
  std::string title() const override { return "Quality against cost"; }
  int order() const override { return 40; }

  std::string html(const SectionInput& input) const override {
    const Record record(input);
    const bool timed = record.has_metric("seconds_per_picture");
    if (!timed && !record.has_metric("network_evaluations")) return "";
    Table table("", {{"Encoder"},
                     {"Objective"},
                     {"Steps", true},
                     {"Network evaluations", true},
                     {"Time a picture", true},
                     {"GenEval", true}});
    std::vector<Plot> plots;
    for (const std::string& encoder : record.encoders()) {
      Json values = Json::array();
      for (const std::string& objective : record.objectives()) {
        for (const int64_t steps : record.steps()) add_point(record, encoder, objective, steps, timed, values, table);
      }
      if (values.empty()) continue;
      const Json x = {{"title", timed ? "Milliseconds a picture" : "Network evaluations a picture"},
                      {"scale", {{"type", "log"}, {"nice", false}, {"padding", 12}}},
                      {"axis", {{"grid", false}, {"tickCount", 5}, {"labelOverlap", true}, {"format", "~g"}}}};
      const Json y = {{"title", "GenEval"}, {"scale", {{"domain", {0, 1}}}}, {"axis", {{"tickCount", 5}}}};
      plots.push_back({encoder_words(encoder),
                       "GenEval against the cost of a picture for " + encoder_words(encoder) +
                           "; the values are in the table below",
                       line_spec(record, values, x, y)});
    }
    if (plots.empty()) return "";
    return paragraph(timed ? "Wall time of sampling on the machine named under Provenance, text features cached "
                             "and decoding left out; logarithmic "
                             "axis. Marks along a line are the step counts. A step with guidance evaluates the "
                             "network twice."
                           : "Network evaluations a picture (a step with guidance counts two); logarithmic axis.") +
           plot_group(plots, &record, table);
  }

 private:
  static void add_point(const Record& record, const std::string& encoder, const std::string& objective, int64_t steps,
                        bool timed, Json& values, Table& table) {
    const Score* quality = record.find(encoder, objective, steps, "geneval");
    const Score* seconds = record.find(encoder, objective, steps, "seconds_per_picture");
    const Score* evaluations = record.find(encoder, objective, steps, "network_evaluations");
    if (quality == nullptr || !quality->value) return;
    const auto known = [](const Score* score) { return score != nullptr && score->value; };
    table.add({text_cell(encoder_words(encoder)), text_cell(objective_words(objective)), count_cell(steps),
               known(evaluations) ? score_cell(*evaluations->value, {}, 0) : absent_cell("not recorded"),
               known(seconds) ? TableCell{escape_html(format_seconds(*seconds->value)), *seconds->value, "number"}
                              : absent_cell("not recorded"),
               score_cell(*quality->value, quality->ci95, 3)});
    const Score* cost = timed ? seconds : evaluations;
    if (!known(cost) || *cost->value <= 0) return;  // a logarithmic axis has no zero
    values.push_back(
        {{"series", objective_words(objective)}, {"x", *cost->value * (timed ? 1e3 : 1)}, {"y", *quality->value}});
  }
};

EMF_REGISTER(SectionRegistry, "cost", "Plot of GenEval against seconds or network evaluations a picture",
             std::make_unique<Cost>);

}  // namespace
}  // namespace emf
