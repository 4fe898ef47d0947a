// SPDX-License-Identifier: Apache-2.0
// How encoders without values of their own were trained, on equal terms, before any generator saw them.
#include <fmt/format.h>

#include "reports/blocks/cells.h"
#include "reports/record/format.h"

namespace emf {
namespace {

class PretrainingSection : public Section {
 public:
  std::string title(const SectionInput&) const override { return "Pretraining of encoders"; }
  int order() const override { return 105; }

  std::vector<Block> blocks(const SectionInput& input) const override {
    const Names names(input.result);
    Table table{"",
                {{"Encoder"},
                 {"Trained to"},
                 {"Seed", true},
                 {"Captions", true},
                 {"Parameters", true},
                 {"beside it", true},
                 {"FLOP", true},
                 {"Loss, first", true},
                 {"last", true},
                 {"Right choices", true}}};
    for (const Json& row : input.result.value("pretrainings", Json::array())) {
      const double flops = row.at("flops");
      const auto three_digits = [](double value) { return number_cell(fmt::format("{:.3f}", value), value); };
      table.add({text_cell(names.encoder(row.at("encoder"))), text_cell(names.pretraining(row.at("objective"))),
                 count_cell(row.at("seed")), count_cell(row.at("captions")), count_cell(row.at("parameters")),
                 count_cell(row.at("parameters_beside")), number_cell(format_si(flops), flops),
                 three_digits(row.at("curve").front().at(1)), three_digits(row.at("curve").back().at(1)),
                 three_digits(row.at("accuracy"))});
    }
    if (table.empty()) return {};
    const char* words =
        "Equal captions, tokenizer, sizes and initial values; what stands beside an encoder (an image tower, a "
        "decoder) "
        "is thrown away afterwards. Losses of different tasks do not compare.";
    return {Paragraph{words, Tone::kNote}, std::move(table)};
  }
};

EMF_REGISTER(SectionRegistry, "pretraining", "Table of what encoders were trained to do before any generator saw them",
             std::make_unique<PretrainingSection>);

}  // namespace
}  // namespace emf
