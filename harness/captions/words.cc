// SPDX-License-Identifier: Apache-2.0
#include "harness/captions/words.h"

#include <map>

#include "harness/captions/grammar.h"

namespace emf {
namespace {

// Synonyms name the same thing and are no other class's name.
const std::map<std::string, std::string>& synonyms() {
  static const std::map<std::string, std::string> words = {{"airplane", "plane"},
                                                           {"backpack", "rucksack"},
                                                           {"bicycle", "bike"},
                                                           {"boat", "sailboat"},
                                                           {"car", "automobile"},
                                                           {"cell phone", "mobile phone"},
                                                           {"clock", "alarm clock"},
                                                           {"computer keyboard", "keyboard"},
                                                           {"couch", "sofa"},
                                                           {"cup", "mug"},
                                                           {"dining table", "table"},
                                                           {"dog", "pup"},
                                                           {"cat", "kitty"},
                                                           {"donut", "doughnut"},
                                                           {"hair drier", "hair dryer"},
                                                           {"handbag", "purse"},
                                                           {"laptop", "notebook computer"},
                                                           {"motorcycle", "motorbike"},
                                                           {"person", "human"},
                                                           {"potted plant", "houseplant"},
                                                           {"refrigerator", "fridge"},
                                                           {"sports ball", "ball"},
                                                           {"suitcase", "travel case"},
                                                           {"teddy bear", "stuffed bear"},
                                                           {"tie", "necktie"},
                                                           {"traffic light", "stoplight"},
                                                           {"truck", "lorry"},
                                                           {"tv", "television"},
                                                           {"tv remote", "remote control"},
                                                           {"umbrella", "parasol"}};
  return words;
}

// Only where the dictionary's plural is not the naive one.
const std::map<std::string, std::string>& dictionary_plurals() {
  static const std::map<std::string, std::string> words = {
      {"bench", "benches"},           {"knife", "knives"}, {"person", "people"},
      {"sandwich", "sandwiches"},     {"sheep", "sheep"},  {"couch", "couches"},
      {"toothbrush", "toothbrushes"}, {"skis", "skis"},    {"scissors", "scissors"},
      {"lorry", "lorries"},           {"kitty", "kitties"}};
  return words;
}

std::string naive_plural(const std::string& word) { return word + (word.back() == 's' ? "es" : "s"); }

}  // namespace

const std::string& noun(int class_id, NameStyle style) {
  const std::string& name = geneval_classes().at(class_id);
  if (style == NameStyle::kOfficial) return name;
  const auto found = synonyms().find(name);
  return found == synonyms().end() ? name : found->second;
}

std::string plural(int class_id, NameStyle style) {
  const std::string& word = noun(class_id, style);
  if (style == NameStyle::kOfficial) return naive_plural(word);
  const auto found = dictionary_plurals().find(word);
  return found == dictionary_plurals().end() ? naive_plural(word) : found->second;
}

const std::vector<std::string>& number_words() {
  static const std::vector<std::string> words = {"zero", "one",   "two",   "three", "four", "five",
                                                 "six",  "seven", "eight", "nine",  "ten"};
  return words;
}

std::string with_article(const std::string& phrase) {
  // GenEval looks at the first letter only, which is right for all of its words.
  return (std::string_view("aeiou").find(phrase.front()) != std::string_view::npos ? "an " : "a ") + phrase;
}

std::string noun_phrase(const ObjectFact& object, NameStyle style, ColorStyle color_style) {
  const bool many = object.count > 1;
  std::string words = many ? plural(object.class_id, style) : noun(object.class_id, style);
  if (object.color_id >= 0) {
    const std::string& color = geneval_colors().at(object.color_id);
    switch (color_style) {
      case ColorStyle::kBefore:
        words = color + " " + words;
        break;
      case ColorStyle::kThatIs:
        words += (many ? " that are " : " that is ") + color;
        break;
      case ColorStyle::kColored:
        words = color + "-colored " + words;
        break;
    }
  }
  return many ? number_words().at(object.count) + " " + words : with_article(words);
}

const std::vector<Template>& singular_templates() {
  static const std::vector<Template> templates = {{"a photo of {0}"},
                                                  {"an image showing {0}"},
                                                  {"there is {0}", ColorStyle::kThatIs},
                                                  {"a picture of {0}", ColorStyle::kColored},
                                                  {"{0} in a photograph"}};
  return templates;
}

const std::vector<Template>& plural_templates() {
  static const std::vector<Template> templates = {
      {"a photo of {0}"}, {"an image showing {0}"}, {"there are {0}"}, {"a picture of {0}"}, {"{0} in a photograph"}};
  return templates;
}

const std::vector<Template>& pair_templates() {
  static const std::vector<Template> templates = {{"a photo of {0} and {1}"},
                                                  {"an image showing {0} and {1}"},
                                                  {"there is {0} together with {1}", ColorStyle::kThatIs},
                                                  {"a picture of {1} as well as {0}", ColorStyle::kColored},
                                                  {"{0} and {1} in a photograph"}};
  return templates;
}

const std::array<std::vector<Template>, 4>& place_templates() {
  static const std::array<std::vector<Template>, 4> templates = {{
      {{"a photo of {1} left of {0}"},
       {"an image showing {1} to the left of {0}"},
       {"there is {1} on the left side of {0}"},
       {"a picture of {0} with {1} to its left"},
       {"{1} left of {0} in a photograph"}},
      {{"a photo of {1} right of {0}"},
       {"an image showing {1} to the right of {0}"},
       {"there is {1} on the right side of {0}"},
       {"a picture of {0} with {1} to its right"},
       {"{1} right of {0} in a photograph"}},
      {{"a photo of {1} above {0}"},
       {"an image showing {1} over {0}"},
       {"there is {1} above {0}"},
       {"a picture of {0} with {1} above it"},
       {"{1} higher up than {0} in a photograph"}},
      {{"a photo of {1} below {0}"},
       {"an image showing {1} under {0}"},
       {"there is {1} below {0}"},
       {"a picture of {0} with {1} below it"},
       {"{1} lower down than {0} in a photograph"}},
  }};
  return templates;
}

}  // namespace emf
