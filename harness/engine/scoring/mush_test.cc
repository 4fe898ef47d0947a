// SPDX-License-Identifier: Apache-2.0
// What counts as mush: averages that are no picture any more; and what judges of either extreme make of it.
#include "harness/engine/scoring/mush.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "harness/base/config.h"
#include "harness/base/options.h"
#include "tests/scenes_world.h"

namespace emf {
namespace {

/// Finds a dog in every picture, wherever its prompt wants one.
class DogEverywhere : public Judge {
 public:
  Json fingerprint() const override { return {{"name", "dog everywhere"}}; }
  std::vector<std::vector<Detection>> detect(const at::Tensor& pictures) const override {
    return {static_cast<size_t>(pictures.size(0)), std::vector<Detection>{{"dog", {0, 0, 9, 9}, 0.99f, "red"}}};
  }
};

Json mush_of(const std::string& table, int64_t prompts) {
  const auto codec = make_codec("pixels", CodecContext{32, 32, {}});
  return mush_acceptance(*scenes_world(table), *codec, DogEverywhere(), prompts, 3);
}

TEST(Mush, WhatIsAcceptedOfItIsCountedByTask) {
  const Json found = mush_of("classes = [\"dog\"]\ntasks = [\"single_object\", \"counting\"]", 4);
  const Json& averages = found.at("kinds")[0];
  EXPECT_EQ(averages.at("name"), "averages of a prompt's pictures");
  EXPECT_EQ(averages.at("tasks").at("single_object"), (Json{{"accepted", 1}, {"pictures", 1}}));
  EXPECT_EQ(averages.at("tasks").at("counting").at("accepted"), 0) << "one dog is not two";
  // Tasks weigh alike, as in every score.
  EXPECT_DOUBLE_EQ(averages.at("share").get<double>(), 0.5);
  EXPECT_DOUBLE_EQ(found.at("mush").at("share").get<double>(), 0.5);
  for (const Json& row : found.at("thresholds")) EXPECT_EQ(row.at("averages"), 0.25) << "one prompt of four";
}

TEST(Mush, PicturesThatAreAllAlikeMakeNone) {
  // Four of a kind fill the quarters: however many such pictures are averaged, they are four of a kind.
  const std::string counted = "classes = 6\ntasks = [\"counting\"]\n";
  const Json alike = mush_of(counted + "layout = \"quarters\"\nvariety = 0.25\n", 18), free = mush_of(counted, 18);
  EXPECT_GE(alike.at("left_out"), 1);
  EXPECT_EQ(free.at("left_out"), 0);
}

}  // namespace
}  // namespace emf
