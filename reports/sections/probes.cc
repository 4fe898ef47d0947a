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

std::vector<std::string> names_of(const Json& probes, const char* key) {
  std::vector<std::string> names;
  for (const Json& probe : probes) {
    const std::string name = probe.at(key);
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  }
  return names;
}

/// Modes of a probe, "raw" (the paper's) first.
std::vector<std::string> modes_of(const Json& probes, const std::string& name) {
  std::vector<std::string> modes;
  for (const Json& probe : probes) {
    if (probe.at("probe") != name) continue;
    for (const auto& [mode, value] : probe.at("modes").items()) {
      if (std::find(modes.begin(), modes.end(), mode) == modes.end()) modes.push_back(mode);
    }
  }
  std::stable_partition(modes.begin(), modes.end(), [](const std::string& mode) { return mode == "raw"; });
  return modes;
}

TableCell mode_cell(const Json& modes, const std::string& mode) {
  const auto found = modes.find(mode);
  if (found == modes.end() || found->at("value").is_null()) return absent_cell("not measured");
  std::optional<Interval> ci95;
  if (!found->at("ci95").is_null()) ci95 = Interval{found->at("ci95").at(0), found->at("ci95").at(1)};
  return score_cell(found->at("value"), ci95, 3);
}

std::string measured_table(const Json& probes, const std::string& name) {
  const std::vector<std::string> modes = modes_of(probes, name);
  std::vector<TableColumn> columns = {{"Encoder"}};
  for (const std::string& mode : modes) columns.push_back({mode_words(mode), true, false});
  columns.push_back({"Queries", true, false});
  columns.push_back({"Candidates", true, false});
  Table table("Measured here, 95 % interval beneath", columns);
  for (const Json& probe : probes) {
    if (probe.at("probe") != name) continue;
    std::vector<TableCell> cells = {text_cell(encoder_words(probe.at("encoder")))};
    for (const std::string& mode : modes) cells.push_back(mode_cell(probe.at("modes"), mode));
    cells.push_back(count_cell(probe.at("n_queries")));
    cells.push_back(count_cell(probe.at("n_candidates")));
    table.add(cells);
  }
  return table.html();
}

/// Numbers that give a score its scale, such as what chance would reach.
std::string context_list(const Json& probes, const std::string& name) {
  Table table("For scale", {{"Encoder"}, {"Number"}, {"Value", true}});
  for (const Json& probe : probes) {
    if (probe.at("probe") != name) continue;
    const Json numbers = probe.value("numbers", Json::object());
    for (const auto& [number, value] : numbers.items()) {
      if (!value.is_number()) continue;
      table.add({text_cell(encoder_words(probe.at("encoder"))), text_cell(mode_words(number)),
                 score_cell(value.get<double>(), {}, 3)});
    }
  }
  return table.empty() ? ""
                       : "<details><summary>Chance, bounds and other numbers for scale</summary>\n" +
                             table.html() + "</details>\n";
}

std::string paper_table(const std::string& name) {
  const Json paper = read_json(project_root() / "reports" / "paper" / "emf_tables.json");
  for (const Json& table : paper.at("tables")) {
    if (table.at("probe") != name) continue;
    std::vector<std::pair<double, std::string>> values;
    for (const auto& [encoder, value] : table.at("values").items())
      values.emplace_back(-value.get<double>(), encoder);
    std::sort(values.begin(), values.end());
    Table rows(fmt::format("The paper's {}: other encoders, other data ({}). {}",
                           table.at("place").get<std::string>(), table.at("data").get<std::string>(),
                           paper.at("source").get<std::string>()),
               {{"Encoder"}, {"Raw", true}});
    for (const auto& [negative, encoder] : values)
      rows.add({text_cell(encoder), score_cell(-negative, {}, 3)});
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
    for (const std::string& name : names_of(probes, "probe")) {
      html += "<h3>" + escape_html(probe_words(name)) + "</h3>\n" + paragraph(probe_question(name)) +
              "<div class=\"beside\">" + measured_table(probes, name) + paper_table(name) + "</div>\n" +
              context_list(probes, name);
    }
    return html;
  }
};

EMF_REGISTER(SectionRegistry, "probes", "Tables of probe scores beside the paper's Tables 1 and 2",
             std::make_unique<Probes>);

}  // namespace
}  // namespace emf
