// How encoders without values of their own were trained, on equal terms, before any generator saw them.
#include <fmt/format.h>

#include "harness/api/section.h"
#include "reports/writers/html.h"
#include "reports/writers/words.h"

namespace emf {
namespace {

class PretrainingSection : public Section {
 public:
  std::string title() const override { return "Pretraining of encoders"; }
  int order() const override { return 105; }

  std::string html(const SectionInput& input) const override {
    const Json rows = input.result.value("pretrainings", Json::array());
    if (rows.empty()) return "";
    Table table("", {{"Encoder"},
                     {"Trained to"},
                     {"Seed", true},
                     {"Captions", true},
                     {"Parameters", true},
                     {"beside it", true},
                     {"FLOP", true},
                     {"Loss, first", true},
                     {"last", true},
                     {"Right choices", true}});
    for (const Json& row : rows) {
      const double flops = row.at("flops"), first = row.at("curve").front().at(1), last = row.at("curve").back().at(1);
      const double accuracy = row.at("accuracy");
      table.add({text_cell(encoder_words(row.at("encoder"))),
                 text_cell(pretraining_words(row.at("objective"))),
                 count_cell(row.at("seed")),
                 count_cell(row.at("captions")),
                 count_cell(row.at("parameters")),
                 count_cell(row.at("parameters_beside")),
                 {format_si(flops), flops, "number"},
                 {fmt::format("{:.3f}", first), first, "number"},
                 {fmt::format("{:.3f}", last), last, "number"},
                 {fmt::format("{:.3f}", accuracy), accuracy, "number"}});
    }
    return paragraph(
               "Equal captions, tokenizer, sizes and initial values; what stands beside an encoder (an image tower, a "
               "decoder) "
               "is thrown away afterwards. Losses of different tasks do not compare.",
               "note") +
           table.html();
  }
};

EMF_REGISTER(SectionRegistry, "pretraining", "Table of what encoders were trained to do before any generator saw them",
             std::make_unique<PretrainingSection>);

}  // namespace
}  // namespace emf
