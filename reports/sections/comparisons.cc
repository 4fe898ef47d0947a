// Paired differences between objectives, encoders and step counts.
#include <fmt/format.h>

#include <algorithm>

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

TableCell difference_cell(const Json& row) {
  std::optional<Interval> ci95;
  if (!row.at("ci95").is_null()) ci95 = Interval{row.at("ci95").at(0), row.at("ci95").at(1)};
  TableCell cell = score_cell(row.at("difference"), ci95, 3);
  if (ci95 && ((*ci95)[0] > 0 || (*ci95)[1] < 0)) cell.css += " best";
  return cell;
}

TableCell p_cell(const Json& row, const char* key) {
  return {escape_html(p_words(row.at(key))), row.at(key).get<double>(), "number"};
}

/// Rows of one kind; "" when there is none.
std::string table_of(const Json& rows, const std::string& kind, const std::string& caption) {
  const auto has = [&](const char* key) {
    return std::any_of(rows.begin(), rows.end(), [&](const Json& row) { return row.contains(key); });
  };
  const bool holm = has("p_holm"), rate = has("p_bh"), seeds = has("seeds");
  std::vector<TableColumn> columns = {{"Difference", false, true}, {"Steps", true, true}, {"Value", true}, {"p", true}};
  if (holm) columns.push_back({"p, Holm", true});
  if (rate) columns.push_back({"p, false discovery", true});
  if (seeds) columns.push_back({"Over seeds", true});
  columns.push_back({"Least detectable", true});
  Table table("", columns, /*interactive=*/true);
  for (const Json& row : rows) {
    if (row.value("kind", "objective") != kind) continue;
    const Json &a = row.at("a"), &b = row.at("b");
    std::string words = side_words(a, b) + " \u2212 " + side_words(b, a);
    if (kind != "encoder") words = encoder_words(a.at("encoder")) + ": " + words;
    std::vector<TableCell> cells = {text_cell(words), count_cell(a.at("steps")), difference_cell(row),
                                    p_cell(row, "p")};
    if (holm) cells.push_back(p_cell(row, "p_holm"));
    if (rate) cells.push_back(p_cell(row, "p_bh"));
    if (seeds) cells.push_back(row.contains("seeds") ? difference_cell(row.at("seeds")) : absent_cell("one seed"));
    const Json least = row.value("smallest_detectable", Json());
    cells.push_back(least.is_null() ? absent_cell("too few prompts")
                                    : TableCell{format_number(least, 2), least.get<double>(), "number"});
    table.add(cells);
  }
  return table.empty() ? "" : "<h3>" + escape_html(caption) + "</h3>\n" + table.html();
}

class Comparisons : public Section {
 public:
  std::string title() const override { return "Paired differences"; }
  int order() const override { return 60; }

  std::string html(const SectionInput& input) const override {
    const Json rows = input.result.value("comparisons", Json::array());
    if (rows.empty()) return "";
    return paragraph(fmt::format("GenEval. Both sides painted the same prompts from the same noise; a bootstrap over "
                                 "prompts keeps the pairs "
                                 "together. Marked where the 95 % interval leaves out zero. The corrected p values "
                                 "allow for all {} rows of "
                                 "these tables: Holm's for any false finding, the other for the share of false "
                                 "findings. Least detectable is "
                                 "the true difference that so many prompts would show four times in five.",
                                 rows.size())) +
           table_of(rows, "objective", "Between objectives, one encoder") +
           table_of(rows, "encoder", "Between encoders, one objective") +
           table_of(rows, "steps", "Between step counts, one encoder and objective");
  }
};

EMF_REGISTER(SectionRegistry, "comparisons", "Table of paired differences with p values",
             std::make_unique<Comparisons>);

}  // namespace
}  // namespace emf
