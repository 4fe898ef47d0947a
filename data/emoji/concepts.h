// SPDX-License-Identifier: Apache-2.0
// What emoji are called: names, tags and groups of emojibase, one entry a concept, without skin tones.
#pragma once

#include <string>
#include <vector>

#include "harness/base/json.h"

namespace emf::emoji {

struct Concept {
  std::string key;                ///< code points in lower-case hex joined by '-', variation selectors left out
  std::string label;              ///< "grinning face"
  std::vector<std::string> tags;  ///< "cheerful", "cheery" ...; may be empty
  std::string group;              ///< "smileys-emotion"
  std::string subgroup;           ///< "face-smiling"
};

/// "1F1E6-FE0F" or a picture's file stem to the form that both sources share.
std::string concept_key(const std::string& hexcode);

/// Every emoji that stands in a group, in the order of the file.
/// @param captions  emojibase's en/data.json.  @param groups  its meta/groups.json.
/// @throws UserError  entries without the fields above.
std::vector<Concept> read_concepts(const Json& captions, const Json& groups, const std::string& origin);

/// Whether a concept is told from the others by its look: people and their variants, flags, components (hair, skin) and
/// keycaps are nearly the same picture many times over.
bool is_distinct(const Concept& one);

/// "tag, tag, ..."; the label where there are no tags.
std::string tag_list(const Concept& one);

/// "label: tag, tag, ..."
std::string full_caption(const Concept& one);

}  // namespace emf::emoji
