// The main table: GenEval of every encoder, objective and step count.
#include <fmt/format.h>

#include "reports/writers/html.h"
#include "reports/writers/record.h"
#include "reports/writers/words.h"

namespace emf {
namespace {

/// The cell of a column whose interval lies above every other's; none when the best two touch.
std::string clear_best(const Record& record, int64_t steps) {
  const Score* best = nullptr;
  std::string name;
  double rival = -1e300;
  const auto visit = [&](const auto& action) {
    for (const std::string& encoder : record.encoders()) {
      for (const std::string& objective : record.objectives()) {
        const Score* score = record.find(encoder, objective, steps, "geneval");
        if (score != nullptr && score->value && score->ci95) action(score, encoder + "/" + objective);
      }
    }
  };
  visit([&](const Score* score, const std::string& cell) {
    if (best == nullptr || *score->value > *best->value) best = score, name = cell;
  });
  visit([&](const Score* score, const std::string& cell) {
    if (cell != name) rival = std::max(rival, (*score->ci95)[1]);
  });
  return best != nullptr && (*best->ci95)[0] > rival ? name : "";
}

TableCell cell_of(const Score* score, bool best) {
  if (score == nullptr) return absent_cell("not part of this suite");
  if (!score->value) return absent_cell(score->why);
  TableCell cell = score_cell(*score->value, score->ci95);
  if (best) cell.css += " best";
  return cell;
}

class Scores : public Section {
 public:
  std::string title() const override { return "GenEval by encoder, objective and steps"; }
  int order() const override { return 20; }

  std::string html(const SectionInput& input) const override {
    const Record record(input);
    if (record.encoders().empty()) return "";
    std::vector<TableColumn> columns = {{"Encoder", false, true}, {"Objective", false, true, true}};
    std::vector<std::string> best;
    for (const int64_t steps : record.steps()) {
      columns.push_back({steps_words(steps), true, false});
      best.push_back(clear_best(record, steps));
    }
    Table table("", columns, /*interactive=*/true);
    for (const std::string& encoder : record.encoders()) {
      bool first = true;
      for (const std::string& objective : record.objectives()) {
        if (!record.has_cell(encoder, objective)) continue;
        std::vector<TableCell> cells = {text_cell(encoder_words(encoder)), text_cell(objective_words(objective))};
        for (size_t i = 0; i < record.steps().size(); ++i) {
          cells.push_back(cell_of(record.find(encoder, objective, record.steps()[i], "geneval"),
                                  best[i] == encoder + "/" + objective));
        }
        table.add(cells, first ? "group" : "");
        first = false;
      }
    }
    return paragraph(
               "Share of pictures that show what the prompt asks for, averaged over the tasks; 95 % interval "
               "beneath. A cell is "
               "marked when its interval lies above every other interval of its column.") +
           table.html() + references(record);
  }

 private:
  static std::string references(const Record& record) {
    Table table("What real pictures of the same prompts score: the most any row can reach with this judge",
                {{"Pictures"}, {"GenEval", true}});
    for (const char* name : {"ceiling", "reconstruction"}) {
      const Score* score = record.reference(name);
      if (score != nullptr) {
        table.add({text_cell("Real, " + objective_words(name)), score_cell(*score->value, score->ci95)}, "reference");
      }
    }
    return table.empty() ? "" : table.html();
  }
};

EMF_REGISTER(SectionRegistry, "scores", "Table of GenEval by encoder, objective and steps", std::make_unique<Scores>);

}  // namespace
}  // namespace emf
