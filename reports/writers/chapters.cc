// SPDX-License-Identifier: Apache-2.0
#include "reports/writers/chapters.h"

#include <algorithm>

namespace emf {

std::vector<Chapter> chapters_of(const SectionInput& input, const std::vector<std::string>& wanted) {
  const SectionRegistry& registry = SectionRegistry::instance();
  for (const std::string& name : wanted) registry.find(name);
  std::vector<std::pair<int, Chapter>> ordered;
  for (const std::string& name : registry.names()) {
    if (!wanted.empty() && std::find(wanted.begin(), wanted.end(), name) == wanted.end()) continue;
    const auto section = registry.make(name);
    std::vector<Block> blocks = section->blocks(input);
    if (!blocks.empty()) ordered.push_back({section->order(), {name, section->title(input), std::move(blocks)}});
  }
  std::stable_sort(ordered.begin(), ordered.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<Chapter> chapters;
  for (auto& [order, chapter] : ordered) chapters.push_back(std::move(chapter));
  return chapters;
}

}  // namespace emf
