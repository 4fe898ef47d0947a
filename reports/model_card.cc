// SPDX-License-Identifier: Apache-2.0
#include "reports/model_card.h"

#include <fmt/format.h>

#include "harness/base/terminal.h"
#include "reports/blocks/cells.h"
#include "reports/record/encoder_key.h"
#include "reports/record/format.h"
#include "reports/writers/markdown.h"

namespace emf {
namespace {

/// A string of YAML: JSON's strings are among them.
std::string quoted(const std::string& text) { return Json(shown(text)).dump(); }

bool is_of(const Json& row, const Json& budget) {
  for (const char* key : {"encoder", "objective", "seed"}) {
    if (row.at(key) != budget.at(key)) return false;
  }
  return !is_checkpoint(row);
}

/// The data set's name; "" where the record does not say.
std::string data_of(const Json& result) {
  const Json data = result.value("config", Json::object()).value("data", Json::object());
  return data.is_object() ? data.value("name", "") : data.is_string() ? data.get<std::string>() : "";
}

/// Results in the hub's own form, of the main metric alone: one a step count.
std::string results_of(const Record& record, const SectionInput& input, const Json& budget, const std::string& name) {
  std::string text;
  for (const Json& row : report_rows(input)) {
    if (!is_of(row, budget) || row.at("metric") != record.main_metric() || !row.at("value").is_number()) continue;
    const std::string metric = record.names().metric(record.main_metric());
    text += fmt::format("      - type: {}\n        name: {}\n        value: {}\n", quoted(record.main_metric()),
                        quoted(fmt::format("{}, {}", metric, steps_words(row.at("steps")))), row.at("value").dump());
  }
  if (text.empty()) return "";
  const std::string data = data_of(input.result);
  return fmt::format(
      "model-index:\n- name: {}\n  results:\n  - task:\n      type: text-to-image\n    dataset:\n      type: {}\n      "
      "name: {}\n    metrics:\n{}",
      quoted(name), quoted(data.empty() ? "unknown" : data),
      quoted("prompts of suite " + input.result.at("suite").get<std::string>()), text);
}

Table scores_of(const Record& record, const SectionInput& input, const Json& budget) {
  Table table{"", {{"Metric"}, {"Steps", true}, {"Value", true}, {"Pictures", true}}};
  for (const Json& row : report_rows(input)) {
    if (!is_of(row, budget)) continue;
    const std::string metric = row.at("metric");
    const int digits = metric == "seconds_per_picture" ? 5 : std::max(3, record.digits(metric));
    table.add({text_cell(record.names().metric(metric)), count_cell(row.at("steps")),
               row.at("value").is_number() ? score_cell(row.at("value"), interval_of(row), digits)
                                           : absent_cell(row.value("why", "no value")),
               count_cell(row.at("n"))});
  }
  return table;
}

std::string line(const std::string& name, const std::string& text) {
  return text.empty() ? "" : "- " + name + ": " + escape_markdown(text) + "\n";
}

std::string licences(const SectionInput& input) {
  std::string text =
      "emfbench is under Apache-2.0. The weights were trained on what stands below; whoever shares them chooses a "
      "licence that it allows, and names it in the head of this file.\n\n";
  for (const Json& credit : input.result.value("attributions", Json::array()))
    text += "- " + escape_markdown(credit.get<std::string>()) + "\n";
  for (const Json& weights : input.provenance.value("weights", Json::array())) {
    text += "- " +
            escape_markdown(fmt::format("Text encoder {}: {}, not part of this folder", weights.value("name", ""),
                                        weights.value("licence", "licence unknown"))) +
            "\n";
  }
  return text;
}

}  // namespace

std::string model_card(const SectionInput& input, const Json& budget, const Json& config) {
  const Record record(input);
  const Names& names = record.names();
  const std::string name = config.at("row"), objective = budget.at("objective"), data = data_of(input.result);
  std::string card =
      "---\nlicense: other\nlicense_name: see-below\nlicense_link: README.md\nlibrary_name: emfbench\npipeline_tag: "
      "text-to-image\ntags:\n";
  for (const std::string& tag : {std::string("emfbench"), std::string("text-to-image"), objective})
    card += "- " + quoted(tag) + "\n";
  if (!data.empty()) card += "datasets:\n- " + quoted(data) + "\n";
  card += results_of(record, input, budget, name) + "---\n\n# " + escape_markdown(name) + "\n\n";
  card +=
      escape_markdown(fmt::format(
          "{} on {}, trained by emfbench in suite {} to measure what a text encoder is worth to few-step generators: "
          "a small network of a benchmark, not a product.",
          names.objective(objective), names.encoder(budget.at("encoder")),
          input.result.at("suite").get<std::string>())) +
      "\n\n## Paint\n\n```\nemfbench sample --model . --prompt \"a photo of a red apple\" --steps 1,4\n```\n\n";
  card += "## Training\n\n";
  card += line("Pictures seen", fmt::format("{}, of them {} in pretraining", format_count(budget.at("pictures")),
                                            format_count(budget.at("pretraining_pictures"))));
  card += line("Parameters", format_count(budget.at("parameters")));
  card += line("FLOP of matrix products", format_si(budget.at("flops")));
  card += line("Seed", budget.at("seed").dump());
  card += line("Data", data);
  const Json& picture = config.at("picture");
  card += line("Pictures", fmt::format("{} x {}", picture.at("height").dump(), picture.at("width").dump()));
  card += line("Guidance", config.at("sampling").at("guidance").dump());
  card +=
      "\n## Scores\n\nWith 95 % intervals in brackets, as measured in that suite and comparable within it alone.\n\n" +
      markdown_of(scores_of(record, input, budget)) + "\n## Provenance\n\n";
  card += line("Run", budget.at("run"));
  card += line("Record", input.result.at("spec_hash"));
  for (const auto& [label, key] :
       {std::pair{"Commit", "commit"}, {"emfbench", "emfbench"}, {"LibTorch", "libtorch"}, {"Finished", "finished"}})
    card += line(label, input.provenance.value(key, ""));
  return card + "\n## Licence and attribution\n\n" + licences(input);
}

}  // namespace emf
