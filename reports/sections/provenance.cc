// Where the numbers come from: code, machine, seeds, weights, instruments, and how long each stage took.
#include <fmt/format.h>

#include "harness/api/section.h"
#include "reports/writers/html.h"

namespace emf {
namespace {

std::string fact(const char* name, const std::string& html) {
  return html.empty() ? "" : fmt::format("<dt>{}</dt><dd>{}</dd>\n", name, html);
}

std::string text_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || found->is_null()) return "";
  return escape_html(found->is_string() ? found->get<std::string>() : found->dump());
}

std::string words_of(const Json& list) {
  std::string words;
  for (const Json& word : list)
    words += (words.empty() ? "" : " ") + (word.is_string() ? word.get<std::string>() : word.dump());
  return escape_html(words);
}

TableCell hash_cell(const std::string& hash) {
  return {"<code title=\"" + escape_html(hash) + "\">" + escape_html(hash.substr(0, 16)) + "</code>", std::nullopt, ""};
}

std::string weights_table(const Json& weights) {
  if (weights.empty()) return "";
  Table table("Weights (SHA-256, first 16 digits)", {{"Encoder"}, {"SHA-256"}, {"Licence"}});
  for (const Json& row : weights)
    table.add({text_cell(row.at("name").get<std::string>()), hash_cell(row.at("sha256")),
               text_cell(row.at("licence").get<std::string>())});
  return table.html();
}

std::string instruments_table(const Json& instruments) {
  if (instruments.empty()) return "";
  Table table("Instruments: scores made with others are not comparable",
              {{"Instrument"}, {"Version"}, {"SHA-256"}, {"Measured error"}});
  for (const Json& row : instruments) {
    std::string measured;
    const Json numbers = row.value("measured", Json::object());
    for (const auto& [name, value] : numbers.items()) {
      if (!value.is_number() && !value.is_string()) continue;
      measured += (measured.empty() ? "" : "; ") + name + " " +
                  (value.is_string() ? value.get<std::string>() : fmt::format("{:.4g}", value.get<double>()));
    }
    table.add({text_cell(row.at("name").get<std::string>()),
               {text_of(row, "version"), std::nullopt, ""},
               hash_cell(row.at("sha256")),
               text_cell(measured)});
  }
  return table.html();
}

std::string seconds_table(const Json& seconds) {
  if (seconds.empty()) return "";
  Table table("Wall time; a stage found finished shows the time of the run that made it", {{"Stage"}, {"Time", true}});
  double sum = 0;
  for (const auto& [stage, value] : seconds.items()) {
    sum += value.get<double>();
    table.add({text_cell(stage), {format_seconds(value), value.get<double>(), "number"}});
  }
  return fmt::format("<details><summary>Time of {} stages, {} in all</summary>\n{}</details>\n", seconds.size(),
                     format_seconds(sum), table.html());
}

class Provenance : public Section {
 public:
  std::string title() const override { return "Provenance"; }
  int order() const override { return 120; }

  std::string html(const SectionInput& input) const override {
    const Json& from = input.provenance;
    std::string html;
    if (from.empty()) {
      html += paragraph("The record came without its provenance: where and when it ran is not known.", "notice");
    } else {
      const bool dirty = from.value("dirty", false);
      html +=
          "<dl class=\"facts\">\n" + fact("Command", "<code>emfbench " + words_of(from.at("argv")) + "</code>") +
          fact("Commit", "<code>" + text_of(from, "commit") + "</code>" + (dirty ? " with uncommitted changes" : "")) +
          fact("Version", text_of(from, "emfbench")) + fact("Host", text_of(from, "host")) +
          fact("System", text_of(from, "system")) +
          fact("Processor", text_of(from, "cpu") + ", " + text_of(from, "threads") + " threads" +
                                (from.contains("simd") ? ", " + text_of(from, "simd") : "")) +
          fact("Compiler", text_of(from, "compiler")) + fact("LibTorch", text_of(from, "libtorch")) +
          fact("Seeds", words_of(from.at("seeds"))) + fact("Started", text_of(from, "started")) +
          fact("Finished", text_of(from, "finished")) + "</dl>\n";
    }
    html += weights_table(from.value("weights", Json::array())) +
            instruments_table(input.result.value("instruments", Json::array()));
    html += seconds_table(from.value("seconds", Json::object()));
    if (input.result.contains("config")) {
      html += "<details><summary>The suite as it was read</summary>\n<pre>" +
              escape_html(pretty_json(input.result.at("config"))) + "</pre></details>\n";
    }
    return html;
  }
};

EMF_REGISTER(SectionRegistry, "provenance", "Commit, machine, seeds, weights, instruments, times",
             std::make_unique<Provenance>);

}  // namespace
}  // namespace emf
