// SPDX-License-Identifier: Apache-2.0
// Bits flipped and words changed at random places of everything that a store keeps: what could change a result is found
// and named, and the run afterwards ends in the bytes of an undamaged store. EMF_DAMAGED_PLACES says how many places
// (100), EMF_DAMAGE_SEED which.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>

#include "harness/base/progress.h"
#include "harness/base/random.h"
#include "harness/engine/store/damage.h"
#include "harness/engine/suite/suite_record.h"
#include "tests/store_damage/damaged_store.h"

namespace emf {
namespace {

namespace fs = std::filesystem;

int64_t asked(const char* variable, int64_t otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr ? otherwise : std::atoll(text);
}

/// What came of all places of one kind of artifact.
struct Tally {
  int places = 0, named = 0, harmless = 0, healed = 0;
};

class StoreDamageTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    Talk::quiet() = true;
    stores_ = std::make_unique<DamagedStores>();
  }
  static void TearDownTestSuite() { stores_.reset(); }

  /// Damages one place of a fresh copy, runs the suite, and holds what comes out against the undamaged store.
  void try_place(const StoredFile& place, Random& random, std::map<std::string, Tally>& tallies) {
    const fs::path store = stores_->copy(place.interrupted);
    const std::string edit = damage_file(store, place.file, random, stores_->files(place.interrupted));
    SCOPED_TRACE(fmt::format("{} of {}", edit, place.file));
    const std::string stage = place.stage();
    if (!place.interrupted) stores_->remove_readers(store, place);
    forget_checks();
    const SuiteGraph graph = stores_->graph(store);
    ScheduleSummary summary;
    try {
      summary = run_suite(graph, 2, {"run", "damaged"}).summary;
    } catch (const std::exception& error) {
      ADD_FAILURE() << error.what();
      return;
    }
    EXPECT_TRUE(summary.failed.empty()) << summary.failed.front().dump();
    const std::vector<std::string> changed = stores_->differences(store);
    EXPECT_TRUE(changed.empty()) << changed.size() << " files differ, the first " << changed.front();

    Tally& tally = tallies[place.artifact()];
    ++tally.places;
    bool named = false;
    for (const Json& found : summary.damaged) {
      named = named || (stage.ends_with("/" + found.at("run").get<std::string>()) &&
                        fs::exists(found.at("aside").get<std::string>()));
    }
    // A record is gathered anew, and a cache's shard set aside, beside the stages.
    const fs::path aside =
        store / "aside" / (place.folder().parent_path().filename().string() + "-" + place.folder().filename().string());
    named = named || fs::exists(aside) || fs::exists(store / (place.file + ".damaged"));
    if (named) {
      ++tally.named;
    } else if (stores_->is_sound(store)) {
      ++tally.healed;  // what lies there now is what was written: made again without a word being needed
    } else {
      ++tally.harmless;
      EXPECT_TRUE(place.may_be_passed_over(edit)) << "nobody noticed";
    }
    fs::remove_all(store);
  }

  static inline std::unique_ptr<DamagedStores> stores_;
};

TEST_F(StoreDamageTest, AnUndamagedStoreIsFoundSound) {
  const fs::path store = stores_->copy(false);
  forget_checks();
  const SuiteOutcome outcome = run_suite(stores_->graph(store), 2, {"run", "damaged"});
  EXPECT_EQ(outcome.summary.finished, 0);
  EXPECT_TRUE(outcome.summary.damaged.empty());
  EXPECT_TRUE(stores_->differences(store).empty());
  EXPECT_TRUE(stores_->is_sound(store));
}

TEST_F(StoreDamageTest, TheInterruptedOneGoesOnToTheSameEnd) {
  const fs::path store = stores_->copy(true);
  forget_checks();
  const SuiteOutcome outcome = run_suite(stores_->graph(store), 2, {"run", "damaged"});
  EXPECT_GT(outcome.summary.finished, 0);
  EXPECT_TRUE(outcome.summary.damaged.empty());
  EXPECT_TRUE(stores_->differences(store).empty());
}

TEST_F(StoreDamageTest, WhateverIsChangedIsFoundOrChangesNothing) {
  const int64_t places = asked("EMF_DAMAGED_PLACES", 100);
  const auto seed = static_cast<uint64_t>(asked("EMF_DAMAGE_SEED", 1));
  std::map<std::string, Tally> tallies;
  for (int64_t i = 0; i < places && !HasFailure(); ++i) {
    SCOPED_TRACE(fmt::format("place {} of seed {}", i, seed));
    Random random(seed, "damage", static_cast<uint64_t>(i));
    try_place(stores_->place(static_cast<size_t>(i), random), random, tallies);
  }
  Tally all;
  fmt::print("{:<44} {:>7} {:>7} {:>7} {:>9}\n", "artifact", "places", "named", "healed", "harmless");
  for (const auto& [artifact, tally] : tallies) {
    fmt::print("{:<44} {:>7} {:>7} {:>7} {:>9}\n", artifact, tally.places, tally.named, tally.healed, tally.harmless);
    all.places += tally.places;
    all.named += tally.named;
    all.healed += tally.healed;
    all.harmless += tally.harmless;
  }
  fmt::print("{:<44} {:>7} {:>7} {:>7} {:>9}\n", "all", all.places, all.named, all.healed, all.harmless);
  EXPECT_EQ(all.places, places);
  EXPECT_GT(all.named, places / 2);
}

}  // namespace
}  // namespace emf
