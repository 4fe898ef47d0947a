// What each row was given: pictures, arithmetic, parameters, time.
#include <fmt/format.h>

#include <set>

#include "harness/api/section.h"
#include "reports/writers/html.h"
#include "reports/writers/words.h"

namespace emf {
namespace {

std::optional<double> training_seconds(const Json& provenance, const Json& budget) {
  for (const Json& row : provenance.value("training_seconds", Json::array())) {
    bool same = true;
    for (const char* key : {"encoder", "objective", "seed"}) same = same && row.at(key) == budget.at(key);
    if (same) return row.at("value").get<double>();
  }
  return std::nullopt;
}

class Budgets : public Section {
 public:
  std::string title() const override { return "Budgets"; }
  int order() const override { return 110; }

  std::string html(const SectionInput& input) const override {
    const Json budgets = input.result.value("budgets", Json::array());
    if (budgets.empty()) return "";
    const bool timed = !input.provenance.value("training_seconds", Json::array()).empty();
    std::vector<TableColumn> columns = {
        {"Encoder"},    {"Objective"},       {"Seed", true}, {"Pictures", true}, {"of them pretraining", true},
        {"FLOP", true}, {"Parameters", true}};
    if (timed) columns.push_back({"Training time", true, false});
    Table table("", columns);
    std::set<int64_t> pictures;
    for (const Json& budget : budgets) {
      pictures.insert(budget.at("pictures").get<int64_t>());
      const double flops = budget.at("flops");
      std::vector<TableCell> cells = {text_cell(encoder_words(budget.at("encoder"))),
                                      text_cell(objective_words(budget.at("objective"))),
                                      count_cell(budget.at("seed")),
                                      count_cell(budget.at("pictures")),
                                      count_cell(budget.at("pretraining_pictures")),
                                      {format_si(flops), flops, "number"},
                                      count_cell(budget.at("parameters"))};
      if (timed) {
        const auto seconds = training_seconds(input.provenance, budget);
        cells.push_back(seconds ? TableCell{format_seconds(*seconds), *seconds, "number"}
                                : absent_cell("not recorded"));
      }
      table.add(cells);
    }
    const std::string check =
        pictures.size() == 1
            ? fmt::format("\u2713 All {} rows were shown the same number of pictures, {}, pretraining included.",
                          budgets.size(), format_count(*pictures.begin()))
            : fmt::format("\u2717 Rows were shown between {} and {} pictures: they are not on equal terms.",
                          format_count(*pictures.begin()), format_count(*pictures.rbegin()));
    return paragraph(check, pictures.size() == 1 ? "" : "notice") +
           paragraph("FLOP counts matrix products of forward, backward and tangent passes.", "note") + table.html();
  }
};

EMF_REGISTER(SectionRegistry, "budgets", "Table of pictures, FLOP, parameters and training time",
             std::make_unique<Budgets>);

}  // namespace
}  // namespace emf
