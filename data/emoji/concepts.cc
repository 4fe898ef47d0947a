// SPDX-License-Identifier: Apache-2.0
#include "data/emoji/concepts.h"

#include <algorithm>
#include <array>

#include "harness/base/error.h"

namespace emf::emoji {
namespace {

constexpr const char* kVariationSelector = "fe0f";

/// The name that groups.json has for a number; emojibase leaves both out for letters that only make flags.
std::string name_of(const Json& names, const Json& number) { return names.at(std::to_string(number.get<int>())); }

}  // namespace

std::string concept_key(const std::string& hexcode) {
  std::string key, part;
  for (size_t i = 0; i <= hexcode.size(); ++i) {
    if (i < hexcode.size() && hexcode[i] != '-') {
      const char c = hexcode[i];
      part += c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c;
      continue;
    }
    if (!part.empty() && part != kVariationSelector) key += (key.empty() ? "" : "-") + part;
    part.clear();
  }
  return key;
}

std::vector<Concept> read_concepts(const Json& captions, const Json& groups, const std::string& origin) {
  std::vector<Concept> concepts;
  try {
    for (const Json& entry : captions) {
      if (!entry.contains("group")) continue;
      Concept one;
      one.key = concept_key(entry.at("hexcode"));
      one.label = entry.at("label");
      one.tags = entry.value("tags", std::vector<std::string>());
      one.group = name_of(groups.at("groups"), entry.at("group"));
      one.subgroup = name_of(groups.at("subgroups"), entry.at("subgroup"));
      concepts.push_back(std::move(one));
    }
  } catch (const Json::exception& error) {
    fail_input("{}: not emojibase's en/data.json and meta/groups.json ({})", origin, error.what());
  }
  return concepts;
}

bool is_distinct(const Concept& one) {
  constexpr std::array<const char*, 3> kAlike = {"people-body", "flags", "component"};
  return std::find(kAlike.begin(), kAlike.end(), one.group) == kAlike.end() && one.subgroup != "keycap";
}

std::string tag_list(const Concept& one) {
  std::string text;
  for (const std::string& tag : one.tags) text += (text.empty() ? "" : ", ") + tag;
  return text.empty() ? one.label : text;
}

std::string full_caption(const Concept& one) { return one.tags.empty() ? one.label : one.label + ": " + tag_list(one); }

}  // namespace emf::emoji
