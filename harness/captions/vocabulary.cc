// SPDX-License-Identifier: Apache-2.0
#include "harness/captions/vocabulary.h"

#include <array>
#include <map>
#include <type_traits>

#include "harness/base/error.h"
#include "harness/captions/grammar.h"

namespace emf {
namespace {

struct Words {
  std::vector<std::string> training;  ///< beside the official name
  std::vector<std::string> held_out;
};

// Chosen by a dictionary and not by what any encoder makes of them: everyday names of the thing, its kind or its
// commonest sort.
const std::map<std::string, Words>& words_of_classes() {
  static const std::map<std::string, Words> words = {
      {"airplane", {{"plane"}, {"jet", "aircraft", "airliner"}}},
      {"backpack", {{"rucksack"}, {"knapsack", "school bag"}}},
      {"bear", {{}, {"grizzly", "bruin"}}},
      {"bed", {{}, {"bunk", "cot"}}},
      {"bicycle", {{"bike"}, {"pushbike", "two-wheeler", "cycle"}}},
      {"bird", {{}, {"songbird", "robin", "sparrow"}}},
      {"boat", {{"sailboat"}, {"yacht", "ship", "dinghy"}}},
      {"book", {{}, {"novel", "textbook", "paperback"}}},
      {"bus", {{}, {"coach", "minibus", "shuttle"}}},
      {"cake", {{}, {"gateau", "birthday dessert"}}},
      {"car", {{"automobile"}, {"sedan", "motorcar", "hatchback"}}},
      {"cat", {{"kitty"}, {"kitten", "feline", "tomcat"}}},
      {"cell phone", {{"mobile phone"}, {"smartphone", "handset", "iphone"}}},
      {"chair", {{}, {"stool", "seat", "armchair"}}},
      {"clock", {{"alarm clock"}, {"timepiece", "wake-up timer"}}},
      {"couch", {{"sofa"}, {"settee", "loveseat", "divan"}}},
      {"computer keyboard", {{"keyboard"}, {}}},
      {"cow", {{}, {"heifer", "bovine", "ox"}}},
      {"cup", {{"mug"}, {"teacup", "tumbler", "beaker"}}},
      {"dining table", {{"table"}, {}}},
      {"dog", {{"pup"}, {"puppy", "hound", "canine"}}},
      {"donut", {{"doughnut"}, {"ring pastry", "cruller"}}},
      {"elephant", {{}, {"pachyderm", "mammoth", "tusker"}}},
      {"hair drier", {{"hair dryer"}, {}}},
      {"handbag", {{"purse"}, {"pocketbook", "clutch bag"}}},
      {"horse", {{}, {"pony", "stallion", "mare"}}},
      {"laptop", {{"notebook computer"}, {"macbook", "portable pc"}}},
      {"motorcycle", {{"motorbike"}, {"moped", "chopper", "dirt bike"}}},
      {"person", {{"human"}, {"man", "adult", "individual"}}},
      {"potted plant", {{"houseplant"}, {"indoor shrub", "flowerpot"}}},
      {"refrigerator", {{"fridge"}, {}}},
      {"sheep", {{}, {"ewe", "ram", "lamb"}}},
      {"sports ball", {{"ball"}, {"football"}}},
      {"suitcase", {{"travel case"}, {"valise", "trolley bag"}}},
      {"teddy bear", {{"stuffed bear"}, {"plush toy", "cuddly toy"}}},
      {"traffic light", {{"stoplight"}, {"road signal", "semaphore"}}},
      {"train", {{}, {"locomotive", "steam engine"}}},
      {"truck", {{"lorry"}, {"pickup", "delivery van", "semi-trailer"}}},
      {"tv remote", {{"remote control"}, {}}},
      {"tv", {{"television"}, {"telly", "flat screen"}}},
      {"umbrella", {{"parasol"}, {"brolly", "sunshade"}}},
      {"wine glass", {{}, {"goblet", "chalice"}}}};
  return words;
}

const std::map<std::string, Words>& words_of_colors() {
  static const std::map<std::string, Words> words = {
      {"red", {{"scarlet"}, {"crimson", "ruby"}}},   {"orange", {{"tangerine"}, {"pumpkin", "apricot"}}},
      {"yellow", {{"golden"}, {"lemon", "amber"}}},  {"green", {{"emerald"}, {"lime", "jade"}}},
      {"blue", {{"azure"}, {"navy", "cobalt"}}},     {"purple", {{"violet"}, {"lilac", "lavender"}}},
      {"pink", {{"rosy"}, {"magenta", "fuchsia"}}},  {"brown", {{"chestnut"}, {"chocolate", "tan"}}},
      {"black", {{"jet-black"}, {"ebony", "onyx"}}}, {"white", {{"snow-white"}, {"ivory", "pearly"}}}};
  return words;
}

// Of counts that worlds draw.
const std::map<int, Words>& words_of_counts() {
  static const std::map<int, Words> words = {{2, {{"a pair of"}, {"2", "a couple of"}}},
                                             {3, {{"a trio of"}, {"3", "a group of 3"}}},
                                             {4, {{"a quartet of"}, {"4", "a group of 4"}}}};
  return words;
}

// Only where adding s is not enough.
const std::map<std::string, std::string>& plurals() {
  static const std::map<std::string, std::string> words = {
      {"aircraft", "aircraft"}, {"bench", "benches"},       {"bus", "buses"},
      {"coach", "coaches"},     {"couch", "couches"},       {"gateau", "gateaux"},
      {"kitty", "kitties"},     {"knife", "knives"},        {"lorry", "lorries"},
      {"man", "men"},           {"minibus", "minibuses"},   {"ox", "oxen"},
      {"person", "people"},     {"pony", "ponies"},         {"puppy", "puppies"},
      {"brolly", "brollies"},   {"telly", "tellies"},       {"ring pastry", "ring pastries"},
      {"dinghy", "dinghies"},   {"sandwich", "sandwiches"}, {"scissors", "scissors"},
      {"sheep", "sheep"},       {"skis", "skis"},           {"toothbrush", "toothbrushes"}};
  return words;
}

std::string naive_plural(const std::string& word) { return word + (word.back() == 's' ? "es" : "s"); }

using Halves = std::array<std::vector<std::string>, 2>;

Halves halves(const std::string& official, const Words* words) {
  Halves both;
  both[0].push_back(official);
  if (words == nullptr) return both;
  both[0].insert(both[0].end(), words->training.begin(), words->training.end());
  both[1] = words->held_out;
  return both;
}

template <typename Key>
std::vector<Halves> table_of(const std::vector<std::string>& official, const std::map<Key, Words>& words) {
  std::vector<Halves> table;
  for (size_t i = 0; i < official.size(); ++i) {
    typename std::map<Key, Words>::const_iterator found;
    if constexpr (std::is_same_v<Key, int>) {
      found = words.find(static_cast<int>(i));
    } else {
      found = words.find(official[i]);
    }
    table.push_back(halves(official[i], found == words.end() ? nullptr : &found->second));
  }
  return table;
}

}  // namespace

const std::vector<std::string>& class_words(int class_id, WordSplit split) {
  static const std::vector<Halves> table = table_of(geneval_classes(), words_of_classes());
  return table.at(class_id)[static_cast<size_t>(split)];
}

const std::vector<std::string>& color_words(int color_id, WordSplit split) {
  static const std::vector<Halves> table = table_of(geneval_colors(), words_of_colors());
  return table.at(color_id)[static_cast<size_t>(split)];
}

const std::vector<std::string>& count_words(int count, WordSplit split) {
  static const std::vector<Halves> table = table_of(number_words(), words_of_counts());
  ensure(count >= 2, "a plural of {}", count);
  return table.at(count)[static_cast<size_t>(split)];
}

const std::string& noun(int class_id, NameStyle style) {
  const std::vector<std::string>& names = class_words(class_id, WordSplit::kTraining);
  return style == NameStyle::kOfficial ? names.front() : names.back();
}

std::string plural(int class_id, NameStyle style) {
  const std::string& word = noun(class_id, style);
  return style == NameStyle::kOfficial ? naive_plural(word) : plural_of(word);
}

const std::vector<std::string>& number_words() {
  static const std::vector<std::string> words = {"zero", "one",   "two",   "three", "four", "five",
                                                 "six",  "seven", "eight", "nine",  "ten"};
  return words;
}

std::string plural_of(const std::string& name) {
  const auto found = plurals().find(name);
  return found == plurals().end() ? naive_plural(name) : found->second;
}

}  // namespace emf
