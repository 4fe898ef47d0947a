// How far the pictures' features lie from those of real ones.
#include "reports/writers/html.h"
#include "reports/writers/record.h"
#include "reports/writers/words.h"

namespace emf {
namespace {

int digits_of(const std::string& metric) { return metric == "kid_lite0" ? 4 : 1; }

TableCell cell_of(const Score* score, const std::string& metric) {
  if (score == nullptr) return absent_cell("not asked for at this step count");
  if (!score->value) return absent_cell(score->why);
  TableCell cell = score_cell(*score->value, score->ci95, digits_of(metric));
  for (const std::string& warning : score->warnings)
    cell.html += "<span class=\"warning\">" + escape_html(warning) + "</span>";
  return cell;
}

class Distances : public Section {
 public:
  std::string title() const override { return "Distance from real pictures"; }
  int order() const override { return 70; }

  std::string html(const SectionInput& input) const override {
    const Record record(input);
    std::vector<std::string> metrics;
    for (const char* name : {"kid_lite0", "fd_lite0"}) {
      if (record.has_metric(name)) metrics.push_back(name);
    }
    if (metrics.empty()) return "";
    std::vector<TableColumn> columns = {
        {"Encoder", false, true}, {"Objective", false, true, true}, {"Steps", true, true}};
    for (const std::string& metric : metrics) columns.push_back({metric_words(metric), true, false});
    columns.push_back({"Pictures", true, false});
    Table table("", columns, /*interactive=*/true);
    for (const std::string& encoder : record.encoders()) {
      for (const std::string& objective : record.objectives()) {
        for (const int64_t steps : record.steps()) add_row(record, encoder, objective, steps, metrics, table);
      }
    }
    add_reference(record, metrics, table);
    return paragraph(
               "Lower is nearer. Both distances compare EfficientNet-lite0 features of generated and real "
               "pictures, and are named for it: "
               "they are not comparable with distances on other features. small_n marks values resting on "
               "too few pictures.") +
           table.html();
  }

 private:
  static void add_row(const Record& record, const std::string& encoder, const std::string& objective, int64_t steps,
                      const std::vector<std::string>& metrics, Table& table) {
    std::vector<TableCell> cells = {text_cell(encoder_words(encoder)), text_cell(objective_words(objective)),
                                    count_cell(steps)};
    int64_t pictures = -1;
    for (const std::string& metric : metrics) {
      const Score* score = record.find(encoder, objective, steps, metric);
      if (score != nullptr) pictures = std::max(pictures, score->n);
      cells.push_back(cell_of(score, metric));
    }
    if (pictures < 0) return;
    cells.push_back(count_cell(pictures));
    table.add(cells);
  }

  static void add_reference(const Record& record, const std::vector<std::string>& metrics, Table& table) {
    std::vector<TableCell> cells = {text_cell("Real pictures"), text_cell(objective_words("ceiling")),
                                    absent_cell("not sampled")};
    int64_t pictures = -1;
    for (const std::string& metric : metrics) {
      const Score* score = record.reference(metric);
      if (score != nullptr) pictures = std::max(pictures, score->n);
      cells.push_back(cell_of(score, metric));
    }
    if (pictures < 0) return;
    cells.push_back(count_cell(pictures));
    table.add(cells, "reference");
  }
};

EMF_REGISTER(SectionRegistry, "distances", "Table of feature distances: kid_lite0 and fd_lite0",
             std::make_unique<Distances>);

}  // namespace
}  // namespace emf
