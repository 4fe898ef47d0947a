// Probe scores of every encoder, with the paper's own beside them.
#include <fmt/format.h>

#include <algorithm>

#include "harness/api/section.h"
#include "harness/base/file.h"
#include "harness/base/paths.h"
#include "reports/writers/html.h"
#include "reports/writers/words.h"

namespace emf {
namespace {

std::string probe_question(const std::string& probe) {
  if (probe == "discriminability") {
    return "Do captions that lie close in the encoder's space belong to pictures that look alike? Mean "
           "cosine of picture features between a query "
           "and the captions nearest to its own.";
  }
  if (probe == "disentanglement") {
    return "Does a caption keep its direction when random parts of it are removed? Mean cosine between the "
           "features of the whole and of the rest.";
  }
  return "";
}

/// Rows of one probe asked in one way, an encoder each.
struct Asked {
  std::string probe, title;
  std::vector<Json> rows;
};

std::vector<Asked> asked_ways(const Json& probes) {
  std::vector<Asked> ways;
  for (const Json& row : probes) {
    const std::string title = probe_title(row);
    auto way = std::find_if(ways.begin(), ways.end(), [&](const Asked& other) { return other.title == title; });
    if (way == ways.end()) way = ways.insert(ways.end(), {row.at("probe"), title, {}});
    way->rows.push_back(row);
  }
  return ways;
}

/// Modes of a probe, "raw" (the paper's) first.
std::vector<std::string> modes_of(const Asked& way) {
  std::vector<std::string> modes;
  for (const Json& row : way.rows) {
    for (const auto& [mode, value] : row.at("modes").items()) {
      if (std::find(modes.begin(), modes.end(), mode) == modes.end()) modes.push_back(mode);
    }
  }
  std::stable_partition(modes.begin(), modes.end(), [](const std::string& mode) { return mode == "raw"; });
  return modes;
}

TableCell mode_cell(const Json& row, const std::string& mode) {
  const Json& modes = row.at("modes");
  const auto found = modes.find(mode);
  if (found == modes.end() || found->at("value").is_null()) return absent_cell(row.value("why", "not measured"));
  std::optional<Interval> ci95;
  if (!found->at("ci95").is_null()) ci95 = Interval{found->at("ci95").at(0), found->at("ci95").at(1)};
  return score_cell(found->at("value"), ci95, 3);
}

/// What blind choice and perfect choice would score: the same for every encoder, so one row each beneath them.
void add_bounds(const Asked& way, const std::vector<std::string>& modes, Table& table) {
  for (const auto& [key, words] : {std::pair{"chance", "Chance"}, {"oracle", "Oracle"}}) {
    for (const Json& row : way.rows) {
      const Json bounds = row.value("numbers", Json::object()).value(key, Json());
      if (!bounds.is_object()) continue;
      std::vector<TableCell> cells = {text_cell(words)};
      for (const std::string& mode : modes) {
        cells.push_back(bounds.contains(mode) ? score_cell(bounds.at(mode).get<double>(), {}, 3)
                                              : absent_cell("not defined"));
      }
      cells.push_back(absent_cell("no queries"));
      cells.push_back(absent_cell("no candidates"));
      table.add(cells, "reference");
      break;
    }
  }
}

std::string measured_table(const Asked& way) {
  const std::vector<std::string> modes = modes_of(way);
  std::vector<TableColumn> columns = {{"Encoder"}};
  for (const std::string& mode : modes) columns.push_back({mode_words(mode), true, false});
  columns.push_back({"Queries", true, false});
  columns.push_back({"Candidates", true, false});
  Table table("Measured here, 95 % interval beneath", columns);
  std::string unread;
  for (const Json& row : way.rows) {
    if (row.contains("why")) {
      unread += paragraph("Not measured: " + row.at("why").get<std::string>() + ".", "note");
      continue;
    }
    std::vector<TableCell> cells = {text_cell(encoder_words(row.at("encoder")))};
    for (const std::string& mode : modes) cells.push_back(mode_cell(row, mode));
    cells.push_back(count_cell(row.at("n_queries")));
    cells.push_back(count_cell(row.at("n_candidates")));
    table.add(cells);
  }
  add_bounds(way, modes, table);
  return unread.empty() ? table.html() : "<div>" + table.html() + unread + "</div>";
}

/// Numbers that give a score its scale, such as what chance would reach.
std::string context_list(const Asked& way) {
  Table table("For scale", {{"Encoder"}, {"Number"}, {"Value", true}});
  for (const Json& row : way.rows) {
    const Json numbers = row.value("numbers", Json::object());
    for (const auto& [number, value] : numbers.items()) {
      if (!value.is_number()) continue;
      table.add({text_cell(encoder_words(row.at("encoder"))), text_cell(mode_words(number)),
                 score_cell(value.get<double>(), {}, 3)});
    }
  }
  return table.empty() ? ""
                       : "<details><summary>Chance, bounds and other numbers for scale</summary>\n" + table.html() +
                             "</details>\n";
}

std::string paper_table(const std::string& name) {
  const Json paper = read_json(project_root() / "reports" / "paper" / "emf_tables.json");
  for (const Json& table : paper.at("tables")) {
    if (table.at("probe") != name) continue;
    std::vector<std::pair<double, std::string>> values;
    for (const auto& [encoder, value] : table.at("values").items()) values.emplace_back(-value.get<double>(), encoder);
    std::sort(values.begin(), values.end());
    Table rows(fmt::format("The paper's {}: other encoders, other data ({}). {}", table.at("place").get<std::string>(),
                           table.at("data").get<std::string>(), paper.at("source").get<std::string>()),
               {{"Encoder"}, {"Raw", true}});
    for (const auto& [negative, encoder] : values) rows.add({text_cell(encoder), score_cell(-negative, {}, 3)});
    return rows.html();
  }
  return "";
}

class Probes : public Section {
 public:
  std::string title() const override { return "Probes before training"; }
  int order() const override { return 80; }

  std::string html(const SectionInput& input) const override {
    const Json probes = input.result.value("probes", Json::array());
    if (probes.empty()) return "";
    std::string html = paragraph(
        "Measured on text features alone, before any generator is trained. The paper's values stand beside "
        "ours for orientation, not for "
        "comparison: the encoders, captions and picture features differ.");
    std::string before;
    for (const Asked& way : asked_ways(probes)) {
      const bool again = way.probe == before;  // its question and the paper's table stand above
      before = way.probe;
      html += "<h3>" + escape_html(way.title) + "</h3>\n" + (again ? "" : paragraph(probe_question(way.probe))) +
              "<div class=\"beside\">" + measured_table(way) + (again ? "" : paper_table(way.probe)) + "</div>\n" +
              context_list(way);
    }
    return html;
  }
};

EMF_REGISTER(SectionRegistry, "probes", "Tables of probe scores beside the paper's Tables 1 and 2",
             std::make_unique<Probes>);

}  // namespace
}  // namespace emf
