// SPDX-License-Identifier: Apache-2.0
#include "data/scenes/judged.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "harness/base/error.h"
#include "harness/base/random.h"

namespace emf::scenes {
namespace {

/// Of the judged coloured prompts at least this share holds a held-out pair (where the world has so many).
constexpr double kHeldOutShare = 0.15;

template <typename Item>
void shuffle(std::vector<Item>& items, Random& random) {
  for (size_t i = 0; i + 1 < items.size(); ++i) {
    std::swap(items[i], items[i + random.below(static_cast<uint32_t>(items.size() - i))]);
  }
}

/// Equal shares; what one cannot give goes to the others.
/// @param capacities  what each can give, in all at least `count`.
std::vector<size_t> equal_shares(const std::vector<size_t>& capacities, size_t count) {
  std::vector<size_t> shares(capacities.size(), 0);
  for (size_t given = 0; given < count;) {
    for (size_t i = 0; i < shares.size() && given < count; ++i) {
      if (shares[i] < capacities[i]) ++shares[i], ++given;
    }
  }
  return shares;
}

void require_enough(int count, size_t available) {
  if (count >= 1 && static_cast<size_t>(count) <= available) return;
  fail_input("data: {} evaluation prompts asked for, this world has 1 to {} different ones", count, available);
}

/// Numbers of a task's facts in a drawn order, those that training never shows apart.
struct Pool {
  std::vector<uint32_t> shown, held_out;
  size_t size() const { return shown.size() + held_out.size(); }
};

Pool pool_of(const World& world, Task task, uint64_t seed) {
  Pool pool;
  for (uint32_t number = 0; number < world.size(task); ++number) {
    (world.held_out(world.facts(task, number)) ? pool.held_out : pool.shown).push_back(number);
  }
  Random random(seed, "scenes/evaluation", static_cast<uint64_t>(task));
  shuffle(pool.shown, random);
  shuffle(pool.held_out, random);
  return pool;
}

/// One list after the other by turns, so that a grid of the first prompts shows some of every list.
std::vector<JudgedFacts> by_turns(const std::vector<std::vector<JudgedFacts>>& lists) {
  std::vector<JudgedFacts> all;
  bool more = true;
  for (size_t round = 0; more; ++round) {
    more = false;
    for (const std::vector<JudgedFacts>& list : lists) {
      if (round >= list.size()) continue;
      all.push_back(list[round]);
      more = true;
    }
  }
  return all;
}

std::vector<JudgedFacts> official_prompts(const World& world, int count, uint64_t seed) {
  const std::vector<Task>& tasks = world.options().tasks;
  std::vector<Pool> pools;
  std::vector<size_t> sizes;
  size_t available = 0;
  for (const Task task : tasks) {
    pools.push_back(pool_of(world, task, seed));
    sizes.push_back(pools.back().size());
    available += sizes.back();
  }
  require_enough(count, available);
  const std::vector<size_t> quota = equal_shares(sizes, static_cast<size_t>(count));
  std::vector<std::vector<JudgedFacts>> lists(tasks.size());
  for (size_t t = 0; t < tasks.size(); ++t) {
    const Pool& pool = pools[t];
    const double natural = static_cast<double>(pool.held_out.size()) / static_cast<double>(pool.size());
    size_t held = static_cast<size_t>(std::lround(std::max(natural, kHeldOutShare) * static_cast<double>(quota[t])));
    held = std::min(held, pool.held_out.size());
    const size_t shown = std::min(quota[t] - held, pool.shown.size());
    held = quota[t] - shown;
    std::vector<uint32_t> chosen(pool.held_out.begin(), pool.held_out.begin() + static_cast<std::ptrdiff_t>(held));
    chosen.insert(chosen.end(), pool.shown.begin(), pool.shown.begin() + static_cast<std::ptrdiff_t>(shown));
    Random random(seed, "scenes/evaluation_order", static_cast<uint64_t>(tasks[t]));
    shuffle(chosen, random);
    for (const uint32_t number : chosen) {
      const Facts facts = world.facts(tasks[t], number);
      const Novelty novelty = world.held_out(facts) ? Novelty::kCombination : Novelty::kNone;
      lists[t].push_back({facts, write_caption(facts), novelty});
    }
  }
  return by_turns(lists);
}

/// Prompts of one task and one novelty, each given once.
class Source {
 public:
  Source(const World& world, Task task, Novelty novelty, uint64_t seed)
      : world_(world),
        task_(task),
        novelty_(novelty),
        random_(seed, "scenes/judged/" + novelty_names()[static_cast<size_t>(novelty)], static_cast<uint64_t>(task)) {
    const Pool pool = pool_of(world, task, seed);
    numbers_ = novelty == Novelty::kCombination ? pool.held_out : pool.shown;
    for (const uint32_t number : numbers_) capacity_ += num_wordings(number);
  }

  size_t capacity() const { return capacity_; }

  /// Every fact in one wording, then every fact in another, as long as they last.
  std::vector<JudgedFacts> take(size_t count) {
    std::vector<JudgedFacts> taken;
    std::vector<std::vector<std::string>> left;
    // Every fact has a wording, so that no more facts than prompts are ever needed.
    for (size_t i = 0; i < std::min(count, numbers_.size()); ++i) {
      left.push_back(wordings(numbers_[i]));
      shuffle(left.back(), random_);
    }
    while (taken.size() < count) {
      for (size_t i = 0; i < left.size() && taken.size() < count; ++i) {
        if (left[i].empty()) continue;
        taken.push_back({world_.facts(task_, numbers_[i]), left[i].back(), novelty_});
        left[i].pop_back();
      }
    }
    return taken;
  }

 private:
  bool says_as_training() const { return novelty_ == Novelty::kNone || novelty_ == Novelty::kCombination; }

  static Wordings new_wordings(const Facts& facts, Novelty novelty) {
    return novelty == Novelty::kSentence ? Wordings(facts, WordSplit::kHeldOut, WordSplit::kTraining)
                                         : Wordings(facts, WordSplit::kTraining, WordSplit::kHeldOut);
  }

  size_t num_wordings(uint32_t number) const {
    const Facts facts = world_.facts(task_, number);
    return says_as_training() ? world_.training_texts(facts).size() : new_wordings(facts, novelty_).size();
  }

  std::vector<std::string> wordings(uint32_t number) const {
    const Facts facts = world_.facts(task_, number);
    if (says_as_training()) return world_.training_texts(facts);
    const Wordings all = new_wordings(facts, novelty_);
    std::vector<std::string> texts;
    for (uint32_t i = 0; i < all.size(); ++i) texts.push_back(all.at(i));
    return texts;
  }

  const World& world_;
  Task task_;
  Novelty novelty_;
  Random random_;
  std::vector<uint32_t> numbers_;
  size_t capacity_ = 0;
};

std::vector<JudgedFacts> novel_prompts(const World& world, int count, uint64_t seed) {
  // What is new comes first, so that where shares are uneven the larger one is new.
  std::vector<Novelty> kinds = {Novelty::kCombination, Novelty::kNone};
  if (world.options().held_out_words) kinds.insert(kinds.begin() + 1, {Novelty::kSentence, Novelty::kWords});
  std::vector<std::vector<Source>> sources;
  std::vector<std::vector<size_t>> capacities;
  std::vector<size_t> of_task;
  size_t available = 0;
  for (const Task task : world.options().tasks) {
    sources.emplace_back();
    capacities.emplace_back();
    of_task.push_back(0);
    for (const Novelty kind : kinds) {
      sources.back().emplace_back(world, task, kind, seed);
      capacities.back().push_back(sources.back().back().capacity());
      of_task.back() += capacities.back().back();
    }
    available += of_task.back();
  }
  require_enough(count, available);
  const std::vector<size_t> quota = equal_shares(of_task, static_cast<size_t>(count));
  std::vector<std::vector<JudgedFacts>> lists;
  for (size_t t = 0; t < sources.size(); ++t) {
    const std::vector<size_t> shares = equal_shares(capacities[t], quota[t]);
    std::vector<std::vector<JudgedFacts>> of_kinds;
    for (size_t k = 0; k < kinds.size(); ++k) of_kinds.push_back(sources[t][k].take(shares[k]));
    lists.push_back(by_turns(of_kinds));
  }
  return by_turns(lists);
}

}  // namespace

std::vector<JudgedFacts> judged_facts(const World& world, int count, uint64_t seed) {
  const bool novel = world.options().held_out_words || world.options().held_out_pairs > 0;
  return novel ? novel_prompts(world, count, seed) : official_prompts(world, count, seed);
}

}  // namespace emf::scenes
