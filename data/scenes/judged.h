// SPDX-License-Identifier: Apache-2.0
// The prompts that a world is judged by: which facts, in which words, and what of them training never had.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/scenes/world.h"
#include "harness/captions/wordings.h"

namespace emf::scenes {

struct JudgedFacts {
  Facts facts;
  std::string text;
  Novelty novelty = Novelty::kNone;
};

/// `count` different prompts, tasks balanced as far as they have so many, task by task in turn.
///
/// Of a world that holds out words, or combinations beyond object and colour, each task's share is parted evenly among
/// what is known and each novelty that the task can have, so that at least half of the prompts are new; nothing of
/// theirs depends on what training drew. Of any other world prompts are official captions, of which at least three of
/// twenty coloured ones are of held-out pairs.
/// @throws UserError  more than the world has.
std::vector<JudgedFacts> judged_facts(const World& world, int count, uint64_t seed);

}  // namespace emf::scenes
