// SPDX-License-Identifier: Apache-2.0
#include "reports/latex_scores.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "reports/blocks/score_grid.h"
#include "reports/record/format.h"
#include "reports/writers/latex.h"

namespace emf {
namespace {

/// As many columns of values with intervals as the text of a page is wide, set small.
constexpr size_t kColumnsOfAPage = 6;

std::string joined(const std::set<std::string>& words) { return fmt::format("{}", fmt::join(words, ", ")); }

std::string range_words(const std::set<int64_t>& numbers) {
  const std::string from = format_count(*numbers.begin());
  return numbers.size() == 1 ? from : from + " to " + format_count(*numbers.rbegin());
}

class ScoreTable {
 public:
  ScoreTable(const SectionInput& input, const std::string& metric) : input_(input), grid_(input, metric) {}

  std::string text() const {
    const bool beside = grid_.blocks().size() > 1 && grid_.blocks().size() * grid_.steps().size() <= kColumnsOfAPage;
    const std::string body = beside ? groups() : stacked();
    std::string head = fmt::format("% Suite {}, record {}. It wants \\usepackage{{booktabs}}.\n",
                                   escape_latex(input_.result.at("suite").get<std::string>()),
                                   escape_latex(input_.result.at("spec_hash").get<std::string>()));
    head += "\\begin{table}[t]\n\\centering\n\\caption{" + caption() + "}\n\\label{tab:" + label() +
            "}\n\\par\\smallskip\n";
    // An article's line is 345 points wide.
    const bool wide = beside || grid_.steps().size() > 4 || (grid_.has_spreads() && !grid_.has_intervals());
    head += wide ? "\\footnotesize\n\\setlength{\\tabcolsep}{3pt}\n" : "\\small\n";
    return head + body + "\\end{table}\n";
  }

 private:
  std::string cell_text(const GridCell& cell) const {
    if (!cell.has_value()) return "--";
    std::string text = escape_latex(cell.text);
    if (cell.best) text = "\\textbf{" + text + "}";
    if (cell.spread) text += " $\\pm$ " + escape_latex(grid_.number(*cell.spread));
    if (!cell.score->seeds_left_out().empty()) text += "$^{*}$";
    return intervals_beneath() ? text : text + interval_text(*cell.score);
  }

  /// Mean, deviation and interval side by side would be wider than a page: the intervals get a line of their own.
  bool intervals_beneath() const { return grid_.has_spreads() && grid_.has_intervals(); }

  /// One encoder's cells, and beneath them their intervals where they do not stand beside.
  std::string row_text(const std::string& encoder, const std::vector<const GridCell*>& row) const {
    std::vector<std::string> cells = {escape_latex(grid_.record().names().encoder(encoder))}, beneath = {""};
    for (const GridCell* cell : row) {
      cells.push_back(cell_text(*cell));
      std::string interval = cell->has_value() ? interval_text(*cell->score) : "";
      if (interval.starts_with(' ')) interval.erase(0, 1);
      beneath.push_back(interval);
    }
    return line(cells) + (intervals_beneath() ? line(beneath) : "");
  }

  std::string interval_text(const Score& score) const {
    if (!score.ci95) return "";
    return " {\\scriptsize (" +
           escape_latex(grid_.number((*score.ci95)[0]) + "\u2013" + grid_.number((*score.ci95)[1])) + ")}";
  }

  static std::string line(const std::vector<std::string>& cells) {
    std::string text = fmt::format("{}", fmt::join(cells, " & "));
    // A row's end looks on for a star or a bracket, past the line's end: empty braces stop it.
    if (text.starts_with('[') || text.starts_with('*')) text = "{}" + text;
    return text + " \\\\\n";
  }

  void add_steps(std::vector<std::string>& head) const {
    for (const int64_t steps : grid_.steps()) head.push_back(steps_words(steps));
  }

  std::string tabular(size_t columns, const std::string& body) const {
    return "\\begin{tabular}{l" + std::string(columns, 'r') + "}\n\\toprule\n" + body + references(columns) +
           "\\bottomrule\n\\end{tabular}\n";
  }

  /// Objectives as groups of columns.
  std::string groups() const {
    std::vector<std::string> over = {""}, head = {"Encoder"};
    std::string rules;
    for (const GridBlock& block : grid_.blocks()) {
      const size_t from = head.size() + 1, to = head.size() + grid_.steps().size();
      over.push_back(fmt::format("\\multicolumn{{{}}}{{c}}{{{}}}", grid_.steps().size(), title(block)));
      rules += fmt::format("\\cmidrule(lr){{{}-{}}}", from, to);
      add_steps(head);
    }
    std::string body = line(over) + rules + "\n" + line(head) + "\\midrule\n";
    for (size_t i = 0; i < grid_.encoders().size(); ++i) {
      std::vector<const GridCell*> row;
      for (const GridBlock& block : grid_.blocks())
        for (const GridCell& cell : block.rows[i]) row.push_back(&cell);
      body += row_text(grid_.encoders()[i], row);
    }
    return tabular(grid_.blocks().size() * grid_.steps().size(), body);
  }

  /// Objectives as blocks of rows.
  std::string stacked() const {
    std::vector<std::string> head = {"Encoder"};
    add_steps(head);
    std::string body = line(head);
    for (const GridBlock& block : grid_.blocks()) {
      body += "\\midrule\n";
      if (grid_.blocks().size() > 1)
        body += line({fmt::format("\\multicolumn{{{}}}{{l}}{{\\emph{{{}}}}}", grid_.steps().size() + 1, title(block))});
      for (size_t i = 0; i < grid_.encoders().size(); ++i) {
        const std::vector<GridCell>& row = block.rows[i];
        if (std::all_of(row.begin(), row.end(), [](const GridCell& cell) { return cell.score == nullptr; })) continue;
        std::vector<const GridCell*> shown;
        for (const GridCell& cell : row) shown.push_back(&cell);
        body += row_text(grid_.encoders()[i], shown);
      }
    }
    return tabular(grid_.steps().size(), body);
  }

  std::string references(size_t columns) const {
    std::string rows;
    for (const char* pictures : {"ceiling", "reconstruction", "chance"}) {
      const Score* score = grid_.record().reference(pictures, grid_.metric());
      if (score == nullptr) continue;
      const std::string name =
          grid_.record().names().encoder("real") + ", " + grid_.record().names().objective(pictures);
      rows += line({escape_latex(name), fmt::format("\\multicolumn{{{}}}{{c}}{{{}{}}}", columns,
                                                    escape_latex(grid_.number(*score->value)), interval_text(*score))});
    }
    return rows.empty() ? "" : "\\midrule\n" + rows;
  }

  std::string title(const GridBlock& block) const {
    return escape_latex(grid_.record().names().objective(block.objective));
  }

  std::string label() const {
    std::string label;
    for (const char c : input_.result.at("suite").get<std::string>() + "-" + grid_.metric()) {
      const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
      if (plain) label += c;
      if (!plain && !label.empty() && label.back() != '-') label += '-';
    }
    return label;
  }

  std::string caption() const {
    const Names& names = grid_.record().names();
    std::string base = names.metric(metric_base(grid_.metric())), text = names.metric(grid_.metric());
    if (base != text && !text.starts_with(base)) text = base + ", " + text;
    text += fmt::format(" of suite {} by encoder and number of sampling steps",
                        input_.result.at("suite").get<std::string>());
    if (grid_.blocks().size() == 1) text += ", " + names.objective(grid_.blocks().front().objective);
    text += ". ";
    if (grid_.metric() == metric_base(grid_.metric()) && !names.meaning(grid_.metric()).empty())
      text += names.meaning(grid_.metric()) + ". ";
    if (!names.higher_is_better(grid_.metric())) text += "Lower is better. ";
    text += evidence() + budget() + reading();
    while (text.ends_with(' ')) text.pop_back();
    return escape_latex(text);
  }

  /// "2,000 pictures of 500 prompts a row; seed 0." A score may rest on some of a suite's prompts (reworded ones are
  /// scored apart), so what rows say of themselves counts; prompts are named where that many pictures
  /// can only be of them.
  std::string evidence() const {
    std::set<int64_t> seeds, judged;
    for (const Json& row : report_rows(input_)) {
      if (row.at("metric") != grid_.metric() || row.at("encoder") == "real") continue;
      seeds.insert(row.at("seed").get<int64_t>());
      if (row.at("n").is_number_integer()) judged.insert(row.at("n").get<int64_t>());
    }
    std::set<std::string> prompts;
    int64_t pictures = 0;
    for (const Json& prompt : input_.result.at("prompts")) {
      if (prompt.value("reworded", false)) continue;
      prompts.insert(prompt.at("text").get<std::string>());
      ++pictures;
    }
    std::string text;
    if (judged.size() == 1) {
      const std::string of = fmt::format(" of {} prompts", format_count(static_cast<int64_t>(prompts.size())));
      text = fmt::format("{} pictures{} a row{}; ", format_count(*judged.begin()),
                         *judged.begin() == pictures ? of : "", seeds.size() > 1 ? " and seed" : "");
    } else if (!judged.empty()) {
      text = fmt::format("{} to {} pictures a row; ", format_count(*judged.begin()), format_count(*judged.rbegin()));
    }
    return text + fmt::format("seed{} {}. ", seeds.size() == 1 ? "" : "s", fmt::join(seeds, ", "));
  }

  std::string budget() const {
    std::set<int64_t> pictures, parameters;
    for (const Json& row : input_.result.value("budgets", Json::array())) {
      if (!grid_.record().is_shown(row)) continue;
      pictures.insert(row.at("pictures").get<int64_t>());
      parameters.insert(row.at("parameters").get<int64_t>());
    }
    if (pictures.empty()) return "";
    return fmt::format("Each row was trained on {} pictures, pretraining included, and has {} parameters. ",
                       range_words(pictures), range_words(parameters));
  }

  bool has_lone_seed() const {
    for (const GridBlock& block : grid_.blocks())
      for (const std::vector<GridCell>& row : block.rows)
        for (const GridCell& cell : row)
          if (cell.has_value() && !cell.spread) return true;
    return false;
  }

  /// How the cells are to be read.
  std::string reading() const {
    std::string text;
    if (grid_.has_spreads()) {
      text += "Mean and standard deviation over seeds";
      text += has_lone_seed() ? "; cells without a deviation hold one seed. " : ". ";
    }
    if (grid_.has_intervals()) {
      text += grid_.has_spreads()
                  ? "Beneath in brackets from the lowest to the highest end of the seeds' 95 % intervals. "
                  : "In brackets 95 % intervals. ";
    }
    if (grid_.judged_columns() > 0)
      text += "Bold: the best of its column" + std::string(grid_.blocks().size() > 1 ? " and objective" : "");
    if (grid_.judged_columns() > 0 && grid_.has_intervals()) {
      text += grid_.overlapping_columns() == 0
                  ? "; no other interval overlaps with its"
                  : fmt::format(
                        "; in {} of {} such columns another interval overlaps with its, so that which is best "
                        "may be chance there",
                        grid_.overlapping_columns(), grid_.judged_columns());
    }
    if (grid_.judged_columns() > 0) text += grid_.has_ties() ? "; values that print alike share it. " : ". ";
    std::set<std::string> absent, warnings;
    bool left_out = false, empty = false;
    for (const GridBlock& block : grid_.blocks()) {
      for (const std::vector<GridCell>& row : block.rows) {
        for (const GridCell& cell : row) {
          if (!cell.has_value()) empty = true;
          if (!cell.has_value() && cell.score != nullptr) absent.insert(cell.score->why);
          if (cell.score == nullptr) continue;
          warnings.insert(cell.score->warnings.begin(), cell.score->warnings.end());
          left_out = left_out || !cell.score->seeds_left_out().empty();
        }
      }
    }
    if (left_out) text += "*: without the seeds that have no value. ";
    if (empty) text += "\u2013: no value" + (absent.empty() ? "" : " (" + joined(absent) + ")") + ". ";
    if (!warnings.empty()) text += "Warnings of the record: " + joined(warnings) + ".";
    return text;
  }

  const SectionInput& input_;
  ScoreGrid grid_;
};

}  // namespace

std::string latex_scores(const SectionInput& input, const std::string& metric) {
  return ScoreTable(input, metric).text();
}

}  // namespace emf
