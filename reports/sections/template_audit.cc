// SPDX-License-Identifier: Apache-2.0
// How much of what rows are judged by their training had already said.
#include <fmt/format.h>

#include "harness/api/section.h"
#include "reports/record/format.h"

namespace emf {
namespace {

std::string percent(const Json& share) { return fmt::format("{:.0f} %", 100 * share.get<double>()); }

class TemplateAuditSection : public Section {
 public:
  std::string title(const SectionInput&) const override { return "Prompts that training had seen"; }
  int order() const override { return 58; }

  std::vector<Block> blocks(const SectionInput& input) const override {
    const Json audit = input.result.value("template_audit", Json());
    if (audit.is_null()) return {};
    return {Paragraph{fmt::format(
        "Of {} judged prompts, {} are training captions word for word, {} are a training caption with other objects, "
        "colours, numbers or places in it ({} such wordings in {} captions), and {} of their runs of four words stand "
        "in "
        "training captions. A score says how well these wordings are painted, not others.",
        format_count(audit.at("prompts")), percent(audit.at("exact")), percent(audit.at("template")),
        format_count(audit.at("training_templates")), format_count(audit.at("training_captions")),
        percent(audit.at("four_grams")))}};
  }
};

EMF_REGISTER(SectionRegistry, "template_audit", "Overlap of judged prompts with training captions",
             std::make_unique<TemplateAuditSection>);

}  // namespace
}  // namespace emf
