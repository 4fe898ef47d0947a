// SPDX-License-Identifier: Apache-2.0
#include "data/scenes/world.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "data/scenes/sprites.h"
#include "harness/base/error.h"
#include "harness/base/near_name.h"
#include "harness/base/random.h"
#include "harness/captions/wordings.h"

namespace emf::scenes {
namespace {

constexpr uint32_t kCounts = 3;  // two, three, four: GenEval's own
constexpr uint32_t kRelations = 4;
const std::vector<std::string> kColorOrder = {"red",    "green", "blue",  "yellow", "purple",
                                              "orange", "pink",  "brown", "black",  "white"};

/// A list of names, or the first N of the known ones.
std::vector<std::string> names_or_count(ConfigReader& reader, const std::string& key,
                                        const std::vector<std::string>& known, const char* meaning) {
  const Json value = reader.raw(key, meaning);
  std::vector<std::string> names = known;
  if (value.is_number()) {
    names.resize(
        reader.integer(key, static_cast<int64_t>(known.size()), 1, static_cast<int64_t>(known.size()), meaning));
    return names;
  }
  names = reader.texts(key, known, meaning);
  if (names.empty()) fail_input("{}: '{}' is an empty list", reader.place(key), key);
  for (size_t i = 0; i < names.size(); ++i) {
    if (std::find(known.begin(), known.end(), names[i]) == known.end()) {
      fail_input("{}: '{}' knows no '{}'{}", reader.place(key), key, names[i], suggestion(names[i], known));
    }
    if (std::find(names.begin(), names.begin() + i, names[i]) != names.begin() + i) {
      fail_input("{}: '{}' names '{}' twice", reader.place(key), key, names[i]);
    }
  }
  return names;
}

/// A pair and the number by which it is drawn.
using RankedPair = std::pair<uint32_t, std::pair<int, int>>;

/// The share of the pairs with the smallest numbers, no first and no second member more often than its limit.
std::vector<std::pair<int, int>> first_pairs(std::vector<RankedPair> ranked, double share, size_t first_limit,
                                             size_t second_limit) {
  std::sort(ranked.begin(), ranked.end());
  const auto wanted = static_cast<size_t>(std::lround(share * static_cast<double>(ranked.size())));
  std::map<int, size_t> of_first, of_second;
  std::vector<std::pair<int, int>> chosen;
  for (const auto& [rank, pair] : ranked) {
    if (chosen.size() == wanted) break;
    if (of_first[pair.first] == first_limit || of_second[pair.second] == second_limit) continue;
    ++of_first[pair.first];
    ++of_second[pair.second];
    chosen.push_back(pair);
  }
  return chosen;
}

}  // namespace

WorldOptions read_options(const Options& table) {
  ConfigReader reader(table);
  WorldOptions options;
  options.side = static_cast<int>(reader.integer("side", 32, 16, 64, "side of a picture: 16, 32 or 64 [pixels]"));
  if (options.side != 16 && options.side != 32 && options.side != 64) {
    fail_input("{}: 'side' must be 16, 32 or 64, not {}", reader.place("side"), options.side);
  }
  options.vendors =
      names_or_count(reader, "vendors", sprite_vendors(), "whose drawings: names, or the first so many [vendors]");
  std::vector<std::string> drawable;
  for (const int id : classes_with_sprites(options.vendors)) drawable.push_back(geneval_classes()[id]);
  for (const std::string& name :
       names_or_count(reader, "classes", drawable, "objects: names, or the first so many [objects]")) {
    options.classes.push_back(geneval_class_id(name));
  }
  for (const std::string& name :
       names_or_count(reader, "colors", kColorOrder, "colours: names, or the first so many [colours]")) {
    options.colors.push_back(geneval_color_id(name));
  }
  for (const std::string& name :
       names_or_count(reader, "tasks", geneval_tasks(),
                      "tasks of GenEval that captions are of: names, or the first so many [tasks]")) {
    const auto& tasks = geneval_tasks();
    const Task task = static_cast<Task>(std::find(tasks.begin(), tasks.end(), name) - tasks.begin());
    options.tasks.push_back(task);
    const bool pair = task == Task::kTwoObject || task == Task::kPosition || task == Task::kColorAttr;
    if (pair && options.classes.size() < 2) {
      fail_input("{}: task '{}' needs two classes, this world has one", reader.place("tasks"), name);
    }
    if (task == Task::kColorAttr && options.colors.size() < 2) {
      fail_input("{}: task '{}' needs two colors, this world has one", reader.place("tasks"), name);
    }
  }
  options.held_out =
      reader.number("held_out", 0.1, 0.0, 0.4, "share of pairs of object and colour that are never trained on");
  options.held_out_pairs = reader.number("held_out_pairs", 0.0, 0.0, 0.4,
                                         "share of pairs of objects, and of object and number, that are never trained "
                                         "on");
  options.held_out_words = reader.flag("held_out_words", false,
                                       "training says every fact in several words and sentences; judged are also those "
                                       "that it never says");
  for (const int id : options.classes) {
    if (!options.held_out_words || !class_words(id, WordSplit::kHeldOut).empty()) continue;
    std::vector<std::string> known;
    for (const std::string& name : drawable) {
      if (!class_words(geneval_class_id(name), WordSplit::kHeldOut).empty()) known.push_back(name);
    }
    fail_input(
        "{}: held_out_words needs another everyday name for every class, and '{}' has none; classes that have: {}",
        reader.place("held_out_words"), geneval_classes()[id], fmt::join(known, ", "));
  }
  options.paraphrase = reader.number("paraphrase", 0.0, 0.0, 1.0, "share of captions in other words");
  options.compositions = reader.number("compositions", 0.0, 0.0, 1.0, "share of captions that are long compositions");
  if (options.held_out_words && options.paraphrase > 0) {
    fail_input("{}: held_out_words says every fact in several ways already; leave 'paraphrase' out",
               reader.place("paraphrase"));
  }
  if (options.compositions > 0 && options.classes.size() < 2) {
    fail_input("{}: compositions need two classes, this world has one", reader.place("compositions"));
  }
  options.freedom.quarters = reader.choice("layout", "free", {"free", "quarters"},
                                           "where objects stand: anywhere, or each in a quarter") == "quarters";
  options.freedom.variety = reader.number("variety", 1.0, 0.0, 1.0, "how much size, place and background vary");
  reader.finish();
  return options;
}

Json describe(const WorldOptions& options) {
  Json classes = Json::array(), colors = Json::array(), tasks = Json::array();
  for (const int id : options.classes) classes.push_back(geneval_classes()[id]);
  for (const int id : options.colors) colors.push_back(geneval_colors()[id]);
  for (const Task task : options.tasks) tasks.push_back(geneval_tasks()[static_cast<size_t>(task)]);
  Json table = {{"name", "scenes"},
                {"side", options.side},
                {"classes", classes},
                {"colors", colors},
                {"tasks", tasks},
                {"held_out", options.held_out},
                {"paraphrase", options.paraphrase},
                {"layout", options.freedom.quarters ? "quarters" : "free"},
                {"variety", options.freedom.variety},
                {"vendors", options.vendors}};
  if (options.compositions > 0) table["compositions"] = options.compositions;
  if (options.held_out_pairs > 0) table["held_out_pairs"] = options.held_out_pairs;
  if (options.held_out_words) table["held_out_words"] = true;
  return table;
}

World::World(WorldOptions options)
    : options_(std::move(options)),
      class_position_(geneval_classes().size(), -1),
      color_position_(geneval_colors().size(), -1),
      pair_held_out_(geneval_classes().size() * geneval_colors().size(), false) {
  for (size_t i = 0; i < options_.classes.size(); ++i) class_position_[options_.classes[i]] = static_cast<int>(i);
  for (size_t i = 0; i < options_.colors.size(); ++i) color_position_[options_.colors[i]] = static_cast<int>(i);
  draw_held_out_pairs();
  draw_held_out_combinations();
}

void World::draw_held_out_pairs() {
  // Keyed by class and colour alone: every seed judges the same pairs, and lists in another order draw the
  // same.
  std::vector<RankedPair> ranked;
  for (const int class_id : options_.classes) {
    for (const int color_id : options_.colors) {
      Random random(0, "scenes/held_out", static_cast<uint64_t>(class_id) * 10 + color_id);
      ranked.push_back({random.bits(), {class_id, color_id}});
    }
  }
  // Fewer than half of a class's colours and of a colour's classes, so that each stays learnable.
  held_out_pairs_ = first_pairs(std::move(ranked), options_.held_out, (options_.colors.size() - 1) / 2,
                                (options_.classes.size() - 1) / 2);
  for (const auto& [class_id, color_id] : held_out_pairs_) {
    pair_held_out_[class_id * geneval_colors().size() + color_id] = true;
  }
}

void World::draw_held_out_combinations() {
  std::vector<RankedPair> pairs, counts;
  for (const int class_id : options_.classes) {
    for (const int other : options_.classes) {
      if (class_id >= other) continue;
      Random random(0, "scenes/held_out_classes", static_cast<uint64_t>(class_id) * 100 + other);
      pairs.push_back({random.bits(), {class_id, other}});
    }
    for (int count = 2; count < 2 + static_cast<int>(kCounts); ++count) {
      Random random(0, "scenes/held_out_counts", static_cast<uint64_t>(class_id) * 100 + count);
      counts.push_back({random.bits(), {class_id, count}});
    }
  }
  const size_t half = (options_.classes.size() - 1) / 2;
  for (const auto& pair : first_pairs(std::move(pairs), options_.held_out_pairs, half, half)) class_pairs_.insert(pair);
  for (const auto& count : first_pairs(std::move(counts), options_.held_out_pairs, (kCounts - 1) / 2, half)) {
    counts_.insert(count);
  }
}

uint32_t World::size(Task task) const {
  const auto classes = static_cast<uint32_t>(options_.classes.size());
  const auto colors = static_cast<uint32_t>(options_.colors.size());
  switch (task) {
    case Task::kSingleObject:
      return classes;
    case Task::kTwoObject:
      return classes * (classes - 1);
    case Task::kCounting:
      return classes * kCounts;
    case Task::kColors:
      return classes * colors;
    case Task::kPosition:
      return classes * (classes - 1) * kRelations;
    case Task::kColorAttr:
      return classes * (classes - 1) * colors * (colors - 1);
  }
  return 0;
}

Facts World::facts(Task task, uint32_t number) const {
  ensure(number < size(task), "fact {} of {}", number, size(task));
  const auto take = [&number](uint32_t base) {
    const uint32_t digit = number % base;
    number /= base;
    return digit;
  };
  // Ordered pairs of different items: the second skips the first.
  const auto other = [&take](uint32_t first, size_t items) {
    const uint32_t second = take(static_cast<uint32_t>(items) - 1);
    return second + (second >= first ? 1 : 0);
  };
  const auto& classes = options_.classes;
  const auto& colors = options_.colors;
  Facts facts{task, {}, Relation::kLeftOf};
  const uint32_t first = take(static_cast<uint32_t>(classes.size()));
  facts.objects.push_back({classes[first], 1, -1});
  switch (task) {
    case Task::kSingleObject:
      break;
    case Task::kCounting:
      facts.objects[0].count = static_cast<int>(2 + take(kCounts));
      break;
    case Task::kColors:
      facts.objects[0].color_id = colors[take(static_cast<uint32_t>(colors.size()))];
      break;
    case Task::kTwoObject:
    case Task::kPosition:
    case Task::kColorAttr:
      facts.objects.push_back({classes[other(first, classes.size())], 1, -1});
      break;
  }
  if (task == Task::kPosition) facts.relation = static_cast<Relation>(take(kRelations));
  if (task == Task::kColorAttr) {
    const uint32_t color = take(static_cast<uint32_t>(colors.size()));
    facts.objects[0].color_id = colors[color];
    facts.objects[1].color_id = colors[other(color, colors.size())];
  }
  return facts;
}

bool World::held_out(std::span<const ObjectFact> objects) const {
  return std::any_of(objects.begin(), objects.end(), [&](const ObjectFact& object) {
    return object.color_id >= 0 && pair_held_out_[object.class_id * geneval_colors().size() + object.color_id];
  });
}

bool World::held_out(const Facts& facts) const {
  if (held_out(facts.objects)) return true;
  const ObjectFact& first = facts.objects.front();
  if (first.count > 1) return counts_.count({first.class_id, first.count}) > 0;
  if (facts.objects.size() < 2) return false;
  return class_pairs_.count(std::minmax(first.class_id, facts.objects[1].class_id)) > 0;
}

std::vector<std::string> World::training_texts(const Facts& facts) const {
  if (!options_.held_out_words) return {write_caption(facts)};
  // Few facts are said in many ways and many in few, so that a task has a hundred captions at least and a whole world
  // not more than encoders read in a minute or two.
  constexpr size_t kLeast = 4, kOfTask = 100;
  return training_wordings(facts, std::max(kLeast, kOfTask / size(facts.task)));
}

}  // namespace emf::scenes
