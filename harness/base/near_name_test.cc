// SPDX-License-Identifier: Apache-2.0
// Suggestions are what fingers meant.
#include "harness/base/near_name.h"

#include <gtest/gtest.h>

namespace emf {
namespace {

TEST(NearName, CountsASwapAsOneSlipAndKeepsTheLength) {
  EXPECT_EQ(near_name("encodesr", {"encoder", "encoders"}), "encoders");
  EXPECT_EQ(near_name("encoder", {"encoder", "encoders"}), "encoder");
  EXPECT_EQ(near_name("encodr", {"encoder", "encoders"}), "encoder");
  EXPECT_EQ(near_name("setps", {"seeds", "steps"}), "steps");
}

TEST(NearName, AWordOfANameMeansThatName) {
  // By letters alone, 'horse' is nearer than 'computer mouse'.
  EXPECT_EQ(near_name("mouse", {"horse", "house plant", "computer mouse"}), "computer mouse");
  EXPECT_EQ(near_name("rule", {"old rule", "rule"}), "rule");
  EXPECT_EQ(near_name("remote", {"tv remote", "remotes"}), "remotes");
  EXPECT_EQ(near_name("mous", {"horse", "computer mouse"}), "");
}

TEST(NearName, SlipsAreTellableFromOtherWords) {
  const std::vector<std::string> known = {"tag", "include", "color", "prompt"};
  EXPECT_EQ(slip_of("includes", known), "include");
  EXPECT_EQ(slip_of("inculded", known), "include");
  EXPECT_EQ(slip_of("colour", known), "color");
  EXPECT_EQ(slip_of("Tag", known), "tag");
  for (const char* own : {"tag", "task", "page", "index", "file_name", "id"}) EXPECT_EQ(slip_of(own, known), "") << own;
}

TEST(NearName, TheOneNameThatBeginsAlikeIsMeant) {
  EXPECT_EQ(near_name("output", {"out", "store"}), "out");
  EXPECT_EQ(near_name("det", {"detections", "results"}), "detections");
  EXPECT_EQ(near_name("subsets", {"sub", "subsets-of-all"}), "");
}

TEST(FieldNames, MeanWhatIsKnownAndNothingElse) {
  EXPECT_EQ(suggestion("lr", {"learning_rate", "batch"}), "; did you mean 'learning_rate'?");
  EXPECT_EQ(suggestion("fid", {"kid", "frechet"}), "; did you mean 'frechet'?");
  EXPECT_EQ(suggestion("CLS", {"eos", "first"}), "; did you mean 'first'?");
  EXPECT_EQ(suggestion("batch-size", {"batch", "pictures"}), "; did you mean 'batch'?");
  EXPECT_EQ(suggestion("steps", {"batch", "pictures"}), "; did you mean 'pictures' (steps x batch)?");
  EXPECT_EQ(suggestion("fid", {"kid", "mind"}), "; did you mean 'kid'?");
}

TEST(NearName, FarWordsHaveNone) {
  EXPECT_EQ(near_name("xylophone", {"encoder", "encoders"}), "");
  EXPECT_EQ(suggestion("xylophone", {"a", "b"}), "; known: a, b");
}

}  // namespace
}  // namespace emf
