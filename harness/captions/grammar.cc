// SPDX-License-Identifier: Apache-2.0
#include "harness/captions/grammar.h"

#include <algorithm>
#include <cctype>
#include <unordered_map>

#include "harness/base/error.h"
#include "harness/base/near_name.h"
#include "harness/captions/sentences.h"

namespace emf {
namespace {

using NameTable = std::unordered_map<std::string, int>;

std::string fill(const Template& form, const Facts& facts, NameStyle style) {
  std::vector<PhraseWords> objects;
  for (const ObjectFact& object : facts.objects) objects.push_back(phrase_words(object, style));
  return fill_template(form, objects);
}

/// Why no caption states the facts; "" when one does.
std::string fault(const Facts& facts) {
  const bool pair = facts.task == Task::kTwoObject || facts.task == Task::kPosition || facts.task == Task::kColorAttr;
  if (facts.objects.size() != (pair ? 2u : 1u)) return pair ? "needs two objects" : "needs one object";
  const bool colored = facts.task == Task::kColors || facts.task == Task::kColorAttr;
  for (const ObjectFact& object : facts.objects) {
    const bool counted = facts.task == Task::kCounting;
    if (object.count < (counted ? 2 : 1) || object.count > (counted ? 10 : 1)) {
      return counted ? "needs a count of 2 to 10" : "needs a count of 1";
    }
    if ((object.color_id >= 0) != colored) return colored ? "needs a color for every object" : "takes no color";
  }
  if (pair && facts.objects[0].class_id == facts.objects[1].class_id) return "needs two different classes";
  return "";
}

NameTable index_of(const std::vector<std::string>& names) {
  NameTable table;
  for (size_t i = 0; i < names.size(); ++i) table.emplace(names[i], static_cast<int>(i));
  return table;
}

const NameTable& singular_names() {
  static const NameTable table = [] {
    NameTable all = index_of(geneval_classes());
    for (int i = 0; i < static_cast<int>(geneval_classes().size()); ++i) {
      all.emplace(noun(i, NameStyle::kSynonym), i);
      for (const WordSplit split : kWordSplits) {
        for (const std::string& name : class_words(i, split)) all.emplace(name, i);
      }
    }
    return all;
  }();
  return table;
}

const NameTable& plural_names() {
  static const NameTable table = [] {
    NameTable all;
    for (int i = 0; i < static_cast<int>(geneval_classes().size()); ++i) {
      for (const NameStyle style : {NameStyle::kOfficial, NameStyle::kSynonym}) all.emplace(plural(i, style), i);
      for (const WordSplit split : kWordSplits) {
        for (const std::string& name : class_words(i, split)) all.emplace(plural_of(name), i);
      }
    }
    return all;
  }();
  return table;
}

int look_up(const NameTable& table, std::string_view name) {
  const auto found = table.find(std::string(name));
  return found == table.end() ? -1 : found->second;
}

/// Every name of a colour, and which it is.
const std::vector<std::pair<std::string, int>>& color_names() {
  static const auto names = [] {
    std::vector<std::pair<std::string, int>> all;
    for (int color = 0; color < static_cast<int>(geneval_colors().size()); ++color) {
      for (const WordSplit split : kWordSplits) {
        for (const std::string& word : color_words(color, split)) all.emplace_back(word, color);
      }
    }
    return all;
  }();
  return names;
}

/// Every way to say how many there are, and how many that is.
const std::vector<std::pair<std::string, int>>& count_names() {
  static const auto names = [] {
    std::vector<std::pair<std::string, int>> all;
    for (int count = 2; count <= 10; ++count) {
      for (const WordSplit split : kWordSplits) {
        for (const std::string& word : count_words(count, split)) all.emplace_back(word, count);
      }
    }
    return all;
  }();
  return names;
}

/// Reads one noun phrase as noun_phrase() writes it; the article must be the right one.
std::optional<ObjectFact> parse_phrase(std::string_view text) {
  for (const auto& [words, count] : count_names()) {
    if (text.size() <= words.size() || text[words.size()] != ' ' || !text.starts_with(words)) continue;
    if (const int id = look_up(plural_names(), text.substr(words.size() + 1)); id >= 0)
      return ObjectFact{id, count, -1};
  }
  const size_t space = text.find(' ');
  if (space == std::string_view::npos) return std::nullopt;
  const std::string_view rest = text.substr(space + 1);
  if (rest.empty() || with_article(std::string(rest)) != text) return std::nullopt;
  if (const int id = look_up(singular_names(), rest); id >= 0) return ObjectFact{id, 1, -1};
  for (const auto& [name, color] : color_names()) {
    std::string_view stem;
    if (rest.starts_with(name + " ")) stem = rest.substr(name.size() + 1);
    if (rest.starts_with(name + "-colored ")) stem = rest.substr(name.size() + 9);
    if (rest.ends_with(" that is " + name)) stem = rest.substr(0, rest.size() - name.size() - 9);
    if (const int id = look_up(singular_names(), stem); id >= 0) return ObjectFact{id, 1, color};
  }
  return std::nullopt;
}

/// The objects a pattern finds in a text, {0} first.
std::optional<std::vector<ObjectFact>> match(std::string_view pattern, std::string_view text) {
  const size_t open = pattern.find('{');
  const std::string_view prefix = pattern.substr(0, open);
  std::string_view suffix = pattern.substr(open + 3);
  if (!text.starts_with(prefix)) return std::nullopt;
  text.remove_prefix(prefix.size());
  const size_t second = suffix.find('{');
  const std::string_view joint = suffix.substr(0, second);
  if (second != std::string_view::npos) suffix = suffix.substr(second + 3);
  if (text.size() < suffix.size() || !text.ends_with(suffix)) return std::nullopt;
  text.remove_suffix(suffix.size());
  if (second == std::string_view::npos) {
    const auto object = parse_phrase(text);
    if (!object) return std::nullopt;
    return std::vector<ObjectFact>{*object};
  }
  for (size_t at = text.find(joint); at != std::string_view::npos; at = text.find(joint, at + 1)) {
    const auto left = parse_phrase(text.substr(0, at)), right = parse_phrase(text.substr(at + joint.size()));
    if (!left || !right) continue;
    if (pattern[open + 1] == '0') return std::vector<ObjectFact>{*left, *right};
    return std::vector<ObjectFact>{*right, *left};
  }
  return std::nullopt;
}

std::string tidy(std::string_view text) {
  std::string clean;
  for (const char letter : text) clean += static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
  const auto blank = [](char letter) { return letter == ' ' || letter == '\t' || letter == '\n' || letter == '\r'; };
  while (!clean.empty() && (blank(clean.back()) || clean.back() == '.')) clean.pop_back();
  size_t start = 0;
  while (start < clean.size() && blank(clean[start])) ++start;
  return clean.substr(start);
}

/// Facts when every template of the list is tried; `settle` gives the task and says whether the objects fit
/// it.
std::optional<Facts> parse_with(const std::vector<Template>& templates, std::string_view text, Facts facts) {
  for (const Template& form : templates) {
    const auto objects = match(form.pattern, text);
    if (!objects) continue;
    facts.objects = *objects;
    const ObjectFact& first = facts.objects.front();
    if (facts.task == Task::kSingleObject) {
      if (first.count > 1) facts.task = Task::kCounting;
      if (first.color_id >= 0) facts.task = Task::kColors;
    }
    if (facts.task == Task::kTwoObject && first.color_id >= 0) facts.task = Task::kColorAttr;
    if (fault(facts).empty()) return facts;
  }
  return std::nullopt;
}

int known(const Json& value, const std::vector<std::string>& names, const char* what) {
  if (!value.is_string()) fail_input("metadata: {} must be a string, not {}", what, value.dump());
  const std::string name = value.get<std::string>();
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) fail_input("metadata: unknown {} '{}'{}", what, name, suggestion(name, names));
  return static_cast<int>(found - names.begin());
}

}  // namespace

const std::vector<std::string>& geneval_classes() {
  static const std::vector<std::string> names = {"person",
                                                 "bicycle",
                                                 "car",
                                                 "motorcycle",
                                                 "airplane",
                                                 "bus",
                                                 "train",
                                                 "truck",
                                                 "boat",
                                                 "traffic light",
                                                 "fire hydrant",
                                                 "stop sign",
                                                 "parking meter",
                                                 "bench",
                                                 "bird",
                                                 "cat",
                                                 "dog",
                                                 "horse",
                                                 "sheep",
                                                 "cow",
                                                 "elephant",
                                                 "bear",
                                                 "zebra",
                                                 "giraffe",
                                                 "backpack",
                                                 "umbrella",
                                                 "handbag",
                                                 "tie",
                                                 "suitcase",
                                                 "frisbee",
                                                 "skis",
                                                 "snowboard",
                                                 "sports ball",
                                                 "kite",
                                                 "baseball bat",
                                                 "baseball glove",
                                                 "skateboard",
                                                 "surfboard",
                                                 "tennis racket",
                                                 "bottle",
                                                 "wine glass",
                                                 "cup",
                                                 "fork",
                                                 "knife",
                                                 "spoon",
                                                 "bowl",
                                                 "banana",
                                                 "apple",
                                                 "sandwich",
                                                 "orange",
                                                 "broccoli",
                                                 "carrot",
                                                 "hot dog",
                                                 "pizza",
                                                 "donut",
                                                 "cake",
                                                 "chair",
                                                 "couch",
                                                 "potted plant",
                                                 "bed",
                                                 "dining table",
                                                 "toilet",
                                                 "tv",
                                                 "laptop",
                                                 "computer mouse",
                                                 "tv remote",
                                                 "computer keyboard",
                                                 "cell phone",
                                                 "microwave",
                                                 "oven",
                                                 "toaster",
                                                 "sink",
                                                 "refrigerator",
                                                 "book",
                                                 "clock",
                                                 "vase",
                                                 "scissors",
                                                 "teddy bear",
                                                 "hair drier",
                                                 "toothbrush"};
  return names;
}

const std::vector<std::string>& geneval_colors() {
  static const std::vector<std::string> names = {"red",    "orange", "yellow", "green", "blue",
                                                 "purple", "pink",   "brown",  "black", "white"};
  return names;
}

const std::vector<std::string>& geneval_tasks() {
  static const std::vector<std::string> names = {"single_object", "two_object", "counting",
                                                 "colors",        "position",   "color_attr"};
  return names;
}

const std::vector<std::string>& geneval_relations() {
  static const std::vector<std::string> names = {"left of", "right of", "above", "below"};
  return names;
}

int geneval_class_id(std::string_view name) {
  static const NameTable table = index_of(geneval_classes());
  return look_up(table, name);
}

int geneval_color_id(std::string_view name) {
  static const NameTable table = index_of(geneval_colors());
  return look_up(table, name);
}

std::string write_caption(const Facts& facts) {
  ensure(fault(facts).empty(), "{} {}", geneval_tasks()[static_cast<size_t>(facts.task)], fault(facts));
  return fill(sentences(facts, WordSplit::kTraining).front(), facts, NameStyle::kOfficial);
}

std::vector<std::string> paraphrase_captions(const Facts& facts) {
  const std::string official = write_caption(facts);
  std::vector<std::string> captions;
  for (const NameStyle style : {NameStyle::kOfficial, NameStyle::kSynonym}) {
    for (const Template& form : sentences(facts, WordSplit::kTraining)) {
      std::string text = fill(form, facts, style);
      if (text != official && std::find(captions.begin(), captions.end(), text) == captions.end()) {
        captions.push_back(std::move(text));
      }
    }
  }
  return captions;
}

std::optional<Facts> parse_caption(std::string_view text) {
  const std::string clean = tidy(text);
  constexpr Relation kRelations[] = {Relation::kLeftOf, Relation::kRightOf, Relation::kAbove, Relation::kBelow};
  const auto parse = [&](const Facts& facts, size_t objects, int count) -> std::optional<Facts> {
    Facts like = facts;  // what tells which sentences are tried
    like.objects.assign(objects, ObjectFact{0, count, -1});
    for (const WordSplit split : kWordSplits) {
      if (auto found = parse_with(sentences(like, split), clean, facts)) return found;
    }
    return std::nullopt;
  };
  for (const Relation relation : kRelations) {
    if (auto facts = parse({Task::kPosition, {}, relation}, 2, 1)) return facts;
  }
  if (auto facts = parse({Task::kTwoObject}, 2, 1)) return facts;
  if (auto facts = parse({Task::kSingleObject}, 1, 1)) return facts;
  return parse({Task::kSingleObject}, 1, 2);
}

Json include_clause(const ObjectFact& object) {
  Json clause = {{"class", geneval_classes().at(object.class_id)}, {"count", object.count}};
  if (object.color_id >= 0) clause["color"] = geneval_colors().at(object.color_id);
  return clause;
}

Json facts_to_metadata(const Facts& facts, const std::string& text) {
  const std::string prompt = text.empty() ? write_caption(facts) : text;
  Json metadata = {{"tag", geneval_tasks()[static_cast<size_t>(facts.task)]}, {"prompt", prompt}};
  Json include = Json::array();
  for (const ObjectFact& object : facts.objects) include.push_back(include_clause(object));
  if (facts.task == Task::kPosition) {
    include[1]["position"] = {geneval_relations()[static_cast<size_t>(facts.relation)], 0};
  }
  if (facts.task == Task::kCounting) {
    metadata["exclude"] = Json::array({{{"class", include[0]["class"]}, {"count", facts.objects[0].count + 1}}});
  }
  metadata["include"] = std::move(include);
  return metadata;
}

Facts facts_from_metadata(const Json& metadata) {
  if (!metadata.is_object() || !metadata.contains("tag") || !metadata.contains("include")) {
    fail_input("metadata: needs the keys 'tag' and 'include', as a line of GenEval's evaluation_metadata.jsonl");
  }
  Facts facts;
  facts.task = static_cast<Task>(known(metadata["tag"], geneval_tasks(), "tag"));
  const Json& include = metadata["include"];
  if (!include.is_array() || include.empty()) fail_input("metadata: 'include' must be a list of objects");
  bool placed = false;
  for (const Json& row : include) {
    if (!row.is_object() || !row.contains("class")) fail_input("metadata: an include lacks 'class': {}", row.dump());
    ObjectFact object;
    object.class_id = known(row["class"], geneval_classes(), "class");
    const Json count = row.value("count", Json(1));
    if (!count.is_number_integer()) fail_input("metadata: 'count' must be an integer, not {}", count.dump());
    object.count = static_cast<int>(std::clamp<int64_t>(count.get<int64_t>(), 0, 1000));
    if (row.contains("color")) object.color_id = known(row["color"], geneval_colors(), "color");
    if (row.contains("position")) {
      const Json& place = row["position"];
      if (facts.task != Task::kPosition || facts.objects.size() != 1 || !place.is_array() || place.size() != 2 ||
          place[1] != 0) {
        fail_input("metadata: 'position' must be [relation, 0] on the second include of a position line, not {}",
                   place.dump());
      }
      facts.relation = static_cast<Relation>(known(place[0], geneval_relations(), "relation"));
      placed = true;
    }
    facts.objects.push_back(object);
  }
  if (facts.task == Task::kPosition && !placed) fail_input("metadata: a position line without 'position'");
  const std::string why = fault(facts);
  if (!why.empty()) fail_input("metadata: {} {}", geneval_tasks()[static_cast<size_t>(facts.task)], why);
  return facts;
}

}  // namespace emf
