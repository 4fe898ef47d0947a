// SPDX-License-Identifier: Apache-2.0
#include "harness/captions/sentences.h"

#include <array>

#include "harness/captions/grammar.h"

namespace emf {
namespace {

// Of each list the first is GenEval's own. Of two objects with a place {1} stands left of, right of, above or below
// {0}, as Relation counts.

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

const std::vector<Template>& held_out_singular() {
  static const std::vector<Template> forms = {{"here you see {0}"},
                                              {"a snapshot of {0}", ColorStyle::kColored},
                                              {"look, {0}", ColorStyle::kThatIs},
                                              {"the camera caught {0}"}};
  return forms;
}

const std::vector<Template>& held_out_plural() {
  static const std::vector<Template> forms = {
      {"here you see {0}"}, {"a snapshot of {0}"}, {"look, {0}"}, {"the camera caught {0}"}};
  return forms;
}

const std::vector<Template>& held_out_pair() {
  static const std::vector<Template> forms = {{"here you see both {0} and {1}"},
                                              {"a snapshot of {0} along with {1}", ColorStyle::kColored},
                                              {"look, {0} accompanied by {1}", ColorStyle::kThatIs},
                                              {"the camera caught {1} plus {0}"}};
  return forms;
}

const std::array<std::vector<Template>, 4>& held_out_places() {
  static const std::array<std::vector<Template>, 4> forms = {{
      {{"here you see {0} right of {1}"},
       {"{1} on the left and {0} on the right"},
       {"look, {0} has {1} at its left-hand side"},
       {"the camera caught {1} to the west of {0}"}},
      {{"here you see {0} left of {1}"},
       {"{1} on the right and {0} on the left"},
       {"look, {0} has {1} at its right-hand side"},
       {"the camera caught {1} to the east of {0}"}},
      {{"here you see {0} below {1}"},
       {"{1} at the top and {0} at the bottom"},
       {"look, {0} has {1} overhead"},
       {"the camera caught {1} on the upper side of {0}"}},
      {{"here you see {0} above {1}"},
       {"{1} at the bottom and {0} at the top"},
       {"look, {0} has {1} underneath"},
       {"the camera caught {1} on the lower side of {0}"}},
  }};
  return forms;
}

}  // namespace

std::string with_article(const std::string& phrase) {
  // GenEval looks at the first letter only, which is right for all of its words.
  return (std::string_view("aeiou").find(phrase.front()) != std::string_view::npos ? "an " : "a ") + phrase;
}

std::string noun_phrase(const PhraseWords& words, ColorStyle color_style) {
  const bool many = !words.number.empty();
  std::string phrase = words.noun;
  if (!words.color.empty()) {
    switch (color_style) {
      case ColorStyle::kBefore:
        phrase = words.color + " " + phrase;
        break;
      case ColorStyle::kThatIs:
        phrase += (many ? " that are " : " that is ") + words.color;
        break;
      case ColorStyle::kColored:
        phrase = words.color + "-colored " + phrase;
        break;
    }
  }
  return many ? words.number + " " + phrase : with_article(phrase);
}

PhraseWords phrase_words(const ObjectFact& object, NameStyle style) {
  const bool many = object.count > 1;
  return {many ? plural(object.class_id, style) : noun(object.class_id, style),
          object.color_id < 0 ? "" : geneval_colors().at(object.color_id), many ? number_words().at(object.count) : ""};
}

std::string fill_template(const Template& form, const std::vector<PhraseWords>& objects) {
  std::string text;
  for (size_t at = 0; at < form.pattern.size(); ++at) {
    if (form.pattern[at] != '{') {
      text += form.pattern[at];
      continue;
    }
    text += noun_phrase(objects.at(form.pattern[at + 1] - '0'), form.color);
    at += 2;
  }
  return text;
}

const std::vector<Template>& sentences(const Facts& facts, WordSplit split) {
  const bool training = split == WordSplit::kTraining;
  if (facts.task == Task::kPosition) {
    return (training ? place_templates() : held_out_places())[static_cast<size_t>(facts.relation)];
  }
  if (facts.objects.size() == 2) return training ? pair_templates() : held_out_pair();
  if (facts.objects[0].count > 1) return training ? plural_templates() : held_out_plural();
  return training ? singular_templates() : held_out_singular();
}

}  // namespace emf
