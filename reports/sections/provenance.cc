// SPDX-License-Identifier: Apache-2.0
// Where the numbers come from: code, plugins, machine, seeds, weights, instruments, and how long each stage took.
#include <fmt/format.h>

#include "reports/blocks/cells.h"
#include "reports/record/format.h"

namespace emf {
namespace {

std::string text_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || found->is_null()) return "";
  return found->is_string() ? found->get<std::string>() : found->dump();
}

std::string words_of(const Json& list) {
  std::string words;
  for (const Json& word : list)
    words += (words.empty() ? "" : " ") + (word.is_string() ? word.get<std::string>() : word.dump());
  return words;
}

/// "NVIDIA H100, 80 GB, driver 580.65, CUDA 13.0, no TF32" of a card.
std::string card_words(const Json& placement) {
  const Json card = placement.value("card", Json::object());
  std::string words = card.value("name", "card of unknown name");
  if (card.contains("memory_bytes")) words += fmt::format(", {:.0f} GB", card["memory_bytes"].get<double>() / 1e9);
  if (card.contains("driver")) words += ", driver " + text_of(card, "driver");
  if (card.contains("runtime")) words += ", " + text_of(card, "runtime");
  const Json tf32 = placement.value("tf32", Json::object());
  const bool rounds = tf32.value("products", false) || tf32.value("convolutions", false);
  return words + (rounds ? ", TF32" : ", no TF32");
}

/// "cpu, 1 process"; "" of records from before they said.
std::string placement_words(const Json& placement) {
  if (placement.empty()) return "";
  const int64_t processes = placement.value("peers", int64_t{1});
  return fmt::format("{}, {} process{}{}", placement.value("device", "?"), processes, processes == 1 ? "" : "es",
                     placement.contains("card") ? " (" + card_words(placement) + ")" : "");
}

/// "dit bf16; instruments fp32". Of records from before models had a choice, what all of them did.
std::string precision_words(const Json& from) {
  if (!from.contains("precision")) return from.value("placement", Json::object()).value("precision", "");
  const Json& precision = from.at("precision");
  std::string words;
  for (const auto& [model, word] : precision.at("models").items())
    words += model + " " + word.get<std::string>() + "; ";
  return words + "instruments " + text_of(precision, "instruments");
}

FactList facts_of(const Json& from) {
  const char* dirty = from.value("dirty", false) ? "with uncommitted changes" : "";
  const std::string simd = from.contains("simd") ? ", " + text_of(from, "simd") : "";
  return {{{"Command", "emfbench " + words_of(from.at("argv")), ""},
           {"Commit", text_of(from, "commit"), dirty},
           {"Version", "", text_of(from, "emfbench")},
           {"Host", "", text_of(from, "host")},
           {"System", "", text_of(from, "system")},
           {"Processor", "", text_of(from, "cpu") + ", " + text_of(from, "threads") + " threads" + simd},
           {"Placement", "", placement_words(from.value("placement", Json::object()))},
           {"Precision", "", precision_words(from)},
           {"Compiler", "", text_of(from, "compiler")},
           {"LibTorch", "", text_of(from, "libtorch")},
           {"Seeds", "", words_of(from.at("seeds"))},
           {"Started", "", text_of(from, "started")},
           {"Finished", "", text_of(from, "finished")}}};
}

Table weights_table(const Json& weights) {
  Table table{"Weights (SHA-256, first 16 digits)", {{"Encoder"}, {"SHA-256"}, {"Licence"}}};
  for (const Json& row : weights)
    table.add({text_cell(row.at("name")), hash_cell(row.at("sha256")), text_cell(row.at("licence"))});
  return table;
}

Table instruments_table(const Json& instruments) {
  Table table{"Instruments: scores made with others are not comparable",
              {{"Instrument"}, {"Version"}, {"SHA-256"}, {"Measured error"}}};
  for (const Json& row : instruments) {
    std::string measured;
    const Json numbers = row.value("measured", Json::object());
    for (const auto& [name, value] : numbers.items()) {
      if (!value.is_number() && !value.is_string()) continue;
      measured += (measured.empty() ? "" : "; ") + name + " " +
                  (value.is_string() ? value.get<std::string>() : fmt::format("{:.4g}", value.get<double>()));
    }
    table.add({text_cell(row.at("name")), text_cell(text_of(row, "version")), hash_cell(row.at("sha256")),
               text_cell(measured)});
  }
  return table;
}

/// The calls of a run that was called more than once: later ones found some or all of it finished.
Table calls_table(const Json& calls) {
  Table table{"Calls", {{"Command"}, {"Started"}, {"Finished"}, {"Stages run", true}}};
  for (const Json& call : calls) {
    // Records from before calls were kept do not say how many stages the first one ran.
    table.add({text_cell("emfbench " + words_of(call.at("argv"))), text_cell(call.at("started")),
               text_cell(call.at("finished")), text_cell(text_of(call, "stages"))});
  }
  return table;
}

/// Plugins from files outside the tree, which the commit says nothing of.
Table plugins_table(const Json& plugins) {
  Table table{"Plugins from outside the tree", {{"File"}, {"SHA-256"}}};
  for (const Json& row : plugins) table.add({text_cell(row.at("file")), hash_cell(row.at("sha256"))});
  return table;
}

BlockGroup folded_seconds(const Json& seconds) {
  Table table{"Wall time; a stage found finished shows the time of the run that made it", {{"Stage"}, {"Time", true}}};
  double sum = 0;
  for (const auto& [stage, value] : seconds.items()) {
    sum += value.get<double>();
    table.add({text_cell(stage), number_cell(format_seconds(value), value)});
  }
  return {BlockGroup::Layout::kFolded,
          fmt::format("Time of {} stages, {} in all", seconds.size(), format_seconds(sum)),
          {std::move(table)}};
}

class Provenance : public Section {
 public:
  std::string title(const SectionInput&) const override { return "Provenance"; }
  int order() const override { return 120; }

  std::vector<Block> blocks(const SectionInput& input) const override {
    const Json& from = input.provenance;
    std::vector<Block> blocks;
    if (from.empty()) {
      blocks.push_back(
          Paragraph{"The record came without its provenance: where and when it ran is not known.", Tone::kNotice});
    } else {
      blocks.push_back(facts_of(from));
    }
    const Json calls = from.value("calls", Json::array());
    for (Table table :
         {calls_table(calls.size() > 1 ? calls : Json::array()), plugins_table(from.value("plugins", Json::array())),
          weights_table(from.value("weights", Json::array())),
          instruments_table(input.result.value("instruments", Json::array()))}) {
      if (!table.empty()) blocks.push_back(std::move(table));
    }
    const Json seconds = from.value("seconds", Json::object());
    if (!seconds.empty()) blocks.push_back(folded_seconds(seconds));
    if (input.result.contains("config")) {
      blocks.push_back(BlockGroup{BlockGroup::Layout::kFolded,
                                  "The suite as it was read",
                                  {Preformatted{pretty_json(input.result.at("config"))}}});
    }
    return blocks;
  }
};

EMF_REGISTER(SectionRegistry, "provenance", "Commit, machine, seeds, weights, instruments, times",
             std::make_unique<Provenance>);

}  // namespace
}  // namespace emf
