// SPDX-License-Identifier: Apache-2.0
// The compositions of a world: the numbered ones that training shows, and those that judge it.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "data/scenes/world.h"
#include "harness/captions/composition.h"

namespace emf::scenes {

/// Draws compositions with 3 to 10 facts in equal shares, as far as the world's classes reach; every one is a function
/// of (seed, number). Objects differ in colour as far as the colours last.
///
/// Where a number of facts can be had with different numbers of places, each of these has an equal share: with four
/// classes 3 and 4 facts have none or one, 5 to 8 none, one or two, 9 one or two, and 10 two. Among the judged ones
/// such a share runs out where training says nearly all of it.
class Composer {
 public:
  /// Training shows this many, so that its captions stay finite. A few of them may say the same in a small world.
  static constexpr uint32_t kPool = 4096;
  /// Raised by every change of training's compositions: generators are trained on them.
  static constexpr int kPoolVersion = 2;

  /// @param world  outlives the composer.  @param seed  the data seed, which fixes what training shows.
  Composer(const World& world, uint64_t seed);

  /// One of training's compositions; no pair in it is held out.   @cost  about 2 us.
  Composition training(uint32_t number) const;

  /// `count` compositions that each say something else, none what one of training says. Three of twenty hold a held-out
  /// pair, as far as the world has them.
  /// @cost  about 20 ms, and 5 us a composition.
  /// @throws UserError  the world has not so many (or but one class).
  std::vector<Composition> judged(int count, uint64_t seed) const;

 private:
  /// Compositions with one number of facts, less their classes, colours and relations.
  struct Level {
    std::vector<std::vector<Composition>> forms;  ///< a list for each number of places that these facts can have
  };

  Composition draw(const Level& level, Random& random) const;
  /// A composition whose canonical text is not in `taken`, which it then is.
  /// @return  nullopt when none was found in kTries draws.
  std::optional<Composition> draw_new(const Level& level, bool held_out, Random& random,
                                      std::set<std::string>& taken) const;

  const World& world_;
  uint64_t seed_, training_stream_;
  std::vector<Level> levels_;  ///< by number of facts
};

}  // namespace emf::scenes
