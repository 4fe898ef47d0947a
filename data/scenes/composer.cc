// SPDX-License-Identifier: Apache-2.0
#include "data/scenes/composer.h"

#include <algorithm>
#include <array>
#include <iterator>

#include "harness/base/error.h"
#include "harness/base/random.h"

namespace emf::scenes {
namespace {

/// Draws after which a kind of composition counts as used up. A held-out pair of one in a hundred is found in them.
constexpr int kTries = 4096;

/// Every composition of `kinds` objects as far as counts, colours and places are stated; a stated colour is colour 0 of
/// the world, objects are class 0, places are left of.
void add_forms(size_t kinds, std::vector<Composition>& forms) {
  for (uint32_t code = 0; code < 256; ++code) {  // two bits a count
    Composition form;
    int total = 0;
    for (size_t i = 0; i < kinds; ++i) {
      form.objects.push_back({0, static_cast<int>(code >> (2 * i) & 3) + 1, -1});
      total += form.objects.back().count;
    }
    if (total > kMostComposedObjects || code >> (2 * kinds) != 0) continue;
    // Of the single objects in front, all but the first can have a place beside it.
    const auto several = std::find_if(form.objects.begin(), form.objects.end(),
                                      [](const ObjectFact& object) { return object.count > 1; });
    const auto most_places = std::clamp<std::ptrdiff_t>(several - form.objects.begin() - 1, 0, kMostPlaces);
    for (uint32_t colored = 0; colored < 1u << kinds; ++colored) {
      for (size_t i = 0; i < kinds; ++i) form.objects[i].color_id = (colored >> i & 1) != 0 ? 0 : -1;
      for (std::ptrdiff_t places = 0; places <= most_places; ++places) {
        form.relations.assign(static_cast<size_t>(places), Relation::kLeftOf);
        forms.push_back(form);
      }
    }
  }
}

/// `count` of the items in a drawn order; they come again only when there are too few.
std::vector<int> draw_some(std::vector<int> items, size_t count, Random& random) {
  const size_t known = items.size();
  for (size_t i = 0; i < std::min(count, known); ++i) {
    std::swap(items[i], items[i + random.below(static_cast<uint32_t>(known - i))]);
  }
  for (size_t i = known; i < count; ++i) items.push_back(items[i - known]);
  items.resize(count);
  return items;
}

}  // namespace

Composer::Composer(const World& world, uint64_t seed)
    : world_(world), seed_(seed), training_stream_(stream_key("scenes/composition_pool")) {
  std::vector<Composition> forms;
  const size_t classes = world_.options().classes.size();
  for (size_t kinds = 2; kinds <= std::min<size_t>(kMostComposedObjects, classes); ++kinds) add_forms(kinds, forms);
  for (int facts = kFewestFacts; facts <= kMostFacts; ++facts) {
    Level level;
    for (size_t places = 0; places <= kMostPlaces; ++places) {
      std::vector<Composition> placed;
      std::copy_if(forms.begin(), forms.end(), std::back_inserter(placed), [&](const Composition& form) {
        return fact_count(form) == facts && form.relations.size() == places;
      });
      if (!placed.empty()) level.forms.push_back(std::move(placed));
    }
    if (!level.forms.empty()) levels_.push_back(std::move(level));
  }
}

Composition Composer::draw(const Level& level, Random& random) const {
  const std::vector<Composition>& forms = level.forms[random.below(static_cast<uint32_t>(level.forms.size()))];
  Composition composition = forms[random.below(static_cast<uint32_t>(forms.size()))];
  const size_t kinds = composition.objects.size();
  const std::vector<int> classes = draw_some(world_.options().classes, kinds, random);
  const std::vector<int> colors = draw_some(world_.options().colors, kinds, random);
  for (size_t i = 0; i < kinds; ++i) {
    ObjectFact& object = composition.objects[i];
    object.class_id = classes[i];
    if (object.color_id >= 0) object.color_id = colors[i];
  }
  std::vector<Relation>& relations = composition.relations;
  if (!relations.empty()) relations[0] = static_cast<Relation>(random.below(4));
  if (relations.size() == 2) {
    const Relation first_of_axis = is_vertical(relations[0]) ? Relation::kLeftOf : Relation::kAbove;
    relations[1] = static_cast<Relation>(static_cast<uint32_t>(first_of_axis) + random.below(2));
  }
  return composition;
}

Composition Composer::training(uint32_t number) const {
  ensure(!levels_.empty() && number < kPool, "composition {} of {} in a world of {} classes", number, kPool,
         world_.options().classes.size());
  Random random(seed_, training_stream_, number);
  // Fewer than half of a colour's classes are held out, so this ends soon.
  for (;;) {
    Composition composition = draw(levels_[number % levels_.size()], random);
    if (!world_.held_out(composition.objects)) return composition;
  }
}

std::optional<Composition> Composer::draw_new(const Level& level, bool held_out, Random& random,
                                              std::set<std::string>& taken) const {
  for (int attempt = 0; attempt < kTries; ++attempt) {
    Composition composition = draw(level, random);
    if (world_.held_out(composition.objects) != held_out) continue;
    if (taken.insert(write_composition(canonical_composition(composition))).second) return composition;
  }
  return std::nullopt;
}

std::vector<Composition> Composer::judged(int count, uint64_t seed) const {
  if (levels_.empty()) fail_input("data: compositions need two classes, this world has one; add to 'classes'");
  if (count < 1) fail_input("data: {} compositions asked for, at least 1", count);
  std::set<std::string> taken;
  for (uint32_t number = 0; number < kPool; ++number) {
    taken.insert(write_composition(canonical_composition(training(number))));
  }
  std::vector<std::array<bool, 2>> used_up(levels_.size(), {false, world_.held_out_pairs().empty()});
  const auto next = [&](size_t index) -> std::optional<Composition> {
    Random random(seed, "scenes/compositions", index);
    // Three of every twenty; a block later they fall on other numbers of facts.
    const bool held_out = (index + index / 20) * 3 % 20 < 3;
    for (const bool held : {held_out, !held_out}) {
      for (size_t step = 0; step < levels_.size(); ++step) {
        const size_t level = (index + step) % levels_.size();
        if (used_up[level][held ? 1 : 0]) continue;
        if (auto found = draw_new(levels_[level], held, random, taken)) return found;
        used_up[level][held ? 1 : 0] = true;
      }
    }
    return std::nullopt;
  };
  std::vector<Composition> compositions;
  while (compositions.size() < static_cast<size_t>(count)) {
    auto composition = next(compositions.size());
    if (!composition) {
      fail_input(
          "data: {} compositions asked for, this world has {} that training does not show; add to 'classes' or "
          "'colors'",
          count, compositions.size());
    }
    compositions.push_back(std::move(*composition));
  }
  return compositions;
}

}  // namespace emf::scenes
