// SPDX-License-Identifier: Apache-2.0
// The finite set of things a world of scenes can say: options, every fact by its number, held-out pairs.
#pragma once

#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "data/scenes/layout.h"
#include "harness/base/options.h"
#include "harness/captions/grammar.h"

namespace emf::scenes {

struct WorldOptions {
  int side = 32;             ///< 16, 32 or 64 pixels
  std::vector<int> classes;  ///< GenEval class ids, in the order of FactWorld::class_names()
  std::vector<int> colors;   ///< GenEval colour ids, in the order of FactWorld::color_names()
  std::vector<Task> tasks;
  double held_out = 0.1;        ///< share of the (object, colour) pairs
  double held_out_pairs = 0;    ///< share of the pairs of objects, and of object and count
  bool held_out_words = false;  ///< training says facts in several words and sentences, and never in some others
  double paraphrase = 0.0;      ///< share of training captions in other words
  double compositions = 0.0;    ///< share of training captions that are compositions, never in other words
  Freedom freedom;
  std::vector<std::string> vendors;
};

/// Reads the [data] table, all of it but its name.
/// @throws UserError  unknown key, class, colour, task or vendor (nearest name); a task the world is too
/// small for, or compositions in it.
WorldOptions read_options(const Options& table);

/// The options as the [data] table would say them; without those that came later where they ask for nothing, so that
/// worlds keep the fingerprint that instruments were trained under.
Json describe(const WorldOptions& options);

/// Every fact of a world, numbered task by task: 0 .. size(task) - 1.
class World {
 public:
  explicit World(WorldOptions options);

  const WorldOptions& options() const { return options_; }
  uint32_t size(Task task) const;
  Facts facts(Task task, uint32_t number) const;
  /// True when one of the objects is in a held-out colour.
  bool held_out(std::span<const ObjectFact> objects) const;
  /// True when training never shows the facts: an object in a held-out colour, a held-out pair of objects (wherever one
  /// stands), or a held-out number of an object.
  bool held_out(const Facts& facts) const;
  /// How training says the facts, the official caption first; only that where no words are held out.
  /// @cost  some microseconds.
  std::vector<std::string> training_texts(const Facts& facts) const;
  /// Positions in options().classes and options().colors, -1 when the world lacks them.
  int class_position(int class_id) const { return class_position_[class_id]; }
  int color_position(int color_id) const { return color_position_[color_id]; }
  /// Held-out pairs as (GenEval class id, GenEval colour id), in the order drawn.
  const std::vector<std::pair<int, int>>& held_out_pairs() const { return held_out_pairs_; }

 private:
  void draw_held_out_pairs();
  void draw_held_out_combinations();

  WorldOptions options_;
  std::vector<int> class_position_, color_position_;
  std::vector<std::pair<int, int>> held_out_pairs_;
  std::vector<bool> pair_held_out_;            ///< [class id * 10 + colour id]
  std::set<std::pair<int, int>> class_pairs_;  ///< held out, the smaller class id first
  std::set<std::pair<int, int>> counts_;       ///< held out: (class id, count)
};

}  // namespace emf::scenes
