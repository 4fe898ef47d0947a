// Paired differences between objectives of one encoder.
#include <fmt/format.h>

#include "harness/api/section.h"
#include "reports/writers/html.h"
#include "reports/writers/words.h"

namespace emf {
namespace {

/// The parts of two cells that differ, so that a pair reads shortly.
std::string side_words(const Json& side, const Json& other) {
  std::string words = objective_words(side.at("objective"));
  if (side.at("encoder") != other.at("encoder")) words = encoder_words(side.at("encoder")) + ", " + words;
  if (side.at("steps") != other.at("steps")) words += ", " + steps_words(side.at("steps"));
  return words;
}

std::string p_words(double p) { return p < 0.001 ? "< 0.001" : format_number(p, 3); }

class Comparisons : public Section {
 public:
  std::string title() const override { return "Paired differences"; }
  int order() const override { return 60; }

  std::string html(const SectionInput& input) const override {
    const Json rows = input.result.value("comparisons", Json::array());
    if (rows.empty()) return "";
    bool corrected = true;
    for (const Json& row : rows) corrected = corrected && row.contains("p_holm");
    std::vector<TableColumn> columns = {{"Encoder", false, true}, {"Steps", true, true},  {"Difference", false, true},
                                        {"Metric", false, false}, {"Value", true, false}, {"p", true, false}};
    if (corrected) columns.push_back({"p, Holm", true, false});
    columns.push_back({"Prompts", true, false});
    Table table("", columns, /*interactive=*/true);
    for (const Json& row : rows) {
      const Json &a = row.at("a"), &b = row.at("b");
      std::optional<Interval> ci95;
      if (!row.at("ci95").is_null()) ci95 = Interval{row.at("ci95").at(0), row.at("ci95").at(1)};
      TableCell value = score_cell(row.at("difference"), ci95, 3);
      if (ci95 && ((*ci95)[0] > 0 || (*ci95)[1] < 0)) value.css += " best";
      std::vector<TableCell> cells = {text_cell(encoder_words(a.at("encoder"))),
                                      count_cell(a.at("steps")),
                                      text_cell(side_words(a, b) + " \u2212 " + side_words(b, a)),
                                      text_cell(metric_words(row.at("metric"))),
                                      value,
                                      {escape_html(p_words(row.at("p"))), row.at("p").get<double>(), "number"}};
      if (corrected)
        cells.push_back({escape_html(p_words(row.at("p_holm"))), row.at("p_holm").get<double>(), "number"});
      cells.push_back(count_cell(row.at("n")));
      table.add(cells);
    }
    return paragraph(
               "Both sides painted the same prompts from the same noise; a bootstrap over prompts keeps the "
               "pairs together. Marked where the "
               "95 % interval leaves out zero. Holm's p values allow for the number of rows in this table.") +
           table.html();
  }
};

EMF_REGISTER(SectionRegistry, "comparisons", "Table of paired differences with p values",
             std::make_unique<Comparisons>);

}  // namespace
}  // namespace emf
