// SPDX-License-Identifier: Apache-2.0
// The sentences captions are made of: templates, and the phrases that fill them. For the files that write or read
// captions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "harness/captions/vocabulary.h"

namespace emf {

struct Facts;
struct ObjectFact;

/// How a colour stands beside its noun.
enum class ColorStyle {
  kBefore,   ///< "a red dog"
  kThatIs,   ///< "a dog that is red"
  kColored,  ///< "a red-colored dog"
};

/// A phrase with "a" or "an" before it.
std::string with_article(const std::string& phrase);

/// The words for one kind of object.
struct PhraseWords {
  std::string noun;    ///< in the plural where there is a number
  std::string color;   ///< "" = not said
  std::string number;  ///< "two", "a pair of"; "" = one, said by the article
};

/// "an apple", "a red dog", "two green dogs" (in other styles "two dogs that are green").
std::string noun_phrase(const PhraseWords& words, ColorStyle color_style);
/// The words of a fact, numbers and colours by their official names.
PhraseWords phrase_words(const ObjectFact& object, NameStyle style);

/// A caption with places for its noun phrases: {0} is the first object, {1} the second.
struct Template {
  std::string_view pattern;
  ColorStyle color = ColorStyle::kBefore;
};

/// @param objects  one phrase for each place of the pattern.
std::string fill_template(const Template& form, const std::vector<PhraseWords>& objects);

/// The sentences that the facts can stand in. Training's first is the official one; some of the held-out ones state a
/// place from the other object's side ("a cat right of a dog" of a dog left of a cat).
const std::vector<Template>& sentences(const Facts& facts, WordSplit split);

}  // namespace emf
