// Credit that licences ask for.
#include "harness/api/section.h"
#include "reports/writers/html.h"

namespace emf {
namespace {

class Attributions : public Section {
 public:
  std::string title() const override { return "Attributions"; }
  int order() const override { return 130; }

  std::string html(const SectionInput& input) const override {
    const Json lines = input.result.value("attributions", Json::array());
    if (lines.empty()) return "";
    std::string html = "<ul class=\"plain\">\n";
    for (const Json& line : lines) html += "<li>" + escape_html(line.get<std::string>()) + "</li>\n";
    return html + "</ul>\n";
  }
};

EMF_REGISTER(SectionRegistry, "attributions", "Attribution lines of data and pictures", std::make_unique<Attributions>);

}  // namespace
}  // namespace emf
