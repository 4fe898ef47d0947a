// SPDX-License-Identifier: Apache-2.0
#include "reports/plot_files.h"

#include <map>

#include "harness/base/atomic_file.h"
#include "harness/base/file.h"
#include "reports/writers/chapters.h"
#include "reports/writers/svg.h"

namespace emf {
namespace {

/// Letters and digits of a title, the rest as single hyphens: "Language model, 1 step" -> "language-model-1-step".
std::string file_words(const std::string& title) {
  std::string words;
  for (const char c : title) {
    const char low = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    const bool plain = (low >= 'a' && low <= 'z') || (low >= '0' && low <= '9');
    if (plain) words += low;
    if (!plain && !words.empty() && words.back() != '-') words += '-';
  }
  while (words.ends_with('-')) words.pop_back();
  constexpr size_t kLongest = 60;
  return words.substr(0, kLongest);
}

void gather(const std::vector<Block>& blocks, std::vector<const PlotGroup*>& groups) {
  for (const Block& block : blocks) {
    if (const auto* group = std::get_if<PlotGroup>(&block)) groups.push_back(group);
    if (const auto* inner = std::get_if<BlockGroup>(&block)) gather(inner->blocks, groups);
  }
}

}  // namespace

std::vector<std::filesystem::path> write_plots(const SectionInput& input, const std::vector<std::string>& sections,
                                               const std::filesystem::path& folder) {
  std::vector<std::pair<std::string, std::string>> drawings;
  std::map<std::string, int> taken;
  for (const Chapter& chapter : chapters_of(input, sections)) {
    std::vector<const PlotGroup*> groups;
    gather(chapter.blocks, groups);
    for (const PlotGroup* group : groups) {
      for (const Plot& panel : group->panels) {
        std::string name = chapter.name + "-" + file_words(panel.title);
        // Two titles may differ in signs alone.
        if (const int before = taken[name]++; before > 0) name += "-" + std::to_string(before + 1);
        drawings.emplace_back(name + ".svg", svg_of(panel, *group));
      }
    }
  }
  if (drawings.empty()) fail_input("the record has no plot{}", sections.empty() ? "" : " in these sections");
  std::vector<std::filesystem::path> files;
  for (const auto& [name, svg] : drawings) {
    files.push_back(folder / name);
    write_atomically(files.back(), svg);
  }
  return files;
}

}  // namespace emf
