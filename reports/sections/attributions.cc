// SPDX-License-Identifier: Apache-2.0
// Credit that licences ask for.
#include "harness/api/section.h"

namespace emf {
namespace {

class Attributions : public Section {
 public:
  std::string title(const SectionInput&) const override { return "Attributions"; }
  int order() const override { return 130; }

  std::vector<Block> blocks(const SectionInput& input) const override {
    BulletList list;
    for (const Json& line : input.result.value("attributions", Json::array())) list.items.push_back({"", line});
    if (list.items.empty()) return {};
    return {list};
  }
};

EMF_REGISTER(SectionRegistry, "attributions", "Attribution lines of data and pictures", std::make_unique<Attributions>);

}  // namespace
}  // namespace emf
