// SPDX-License-Identifier: Apache-2.0
// The words captions are made of: synonyms, plurals, templates. For the files that write or read captions.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace emf {

struct ObjectFact;

enum class NameStyle { kOfficial, kSynonym };

/// How a colour stands beside its noun.
enum class ColorStyle {
  kBefore,   ///< "a red dog"
  kThatIs,   ///< "a dog that is red"
  kColored,  ///< "a red-colored dog"
};

/// The official name of a class, or its other everyday name (the official one when it has none).
const std::string& noun(int class_id, NameStyle style);

/// The official plural ("knifes") or the dictionary's, of the official name or the synonym ("mobile phones").
std::string plural(int class_id, NameStyle style);

/// "zero" .. "ten".
const std::vector<std::string>& number_words();

/// A phrase with "a" or "an" before it.
std::string with_article(const std::string& phrase);

/// What is said of one kind of object: "an apple", "a red dog", "two green dogs" (in
/// other styles "two dogs that are green").
std::string noun_phrase(const ObjectFact& object, NameStyle style, ColorStyle color_style);

/// A caption with places for its noun phrases: {0} is the first object, {1} the second.
struct Template {
  std::string_view pattern;
  ColorStyle color = ColorStyle::kBefore;
};

/// One object in the singular; the first is the official template, as in the other lists.
const std::vector<Template>& singular_templates();
/// One kind of object in the plural.
const std::vector<Template>& plural_templates();
/// Two objects without a place.
const std::vector<Template>& pair_templates();
/// Two objects, {1} being at the relation (kLeftOf, kRightOf, kAbove, kBelow) of {0}.
const std::array<std::vector<Template>, 4>& place_templates();

}  // namespace emf
