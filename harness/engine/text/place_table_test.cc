// SPDX-License-Identifier: Apache-2.0
// Places by key: every key is found again however the table grew, and keys of one tag are told apart by who asks.
#include "harness/engine/text/place_table.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

namespace emf {
namespace {

/// A key whose first 24 bits, which are all that the table holds, are given.
Sha256Digest key_of(uint32_t tag, uint8_t rest = 0) {
  Sha256Digest key{};
  const uint32_t bits = tag << 8;
  std::memcpy(key.data(), &bits, sizeof bits);
  key[31] = rest;
  return key;
}

constexpr auto kAny = [](const CachePlace&) { return true; };

TEST(PlaceTable, FindsEveryKeyHoweverItGrew) {
  PlaceTable table;
  EXPECT_FALSE(table.find(key_of(0), kAny).has_value());
  constexpr uint32_t kTexts = 20000;
  for (uint32_t i = 0; i < kTexts; ++i) {
    table.add(sha256(std::to_string(i)), {i / 1000, i % 1000});
    // Again and again while it grows: a place that is lost and put back later would not be seen at the end.
    if (i % 997 != 0) continue;
    for (uint32_t j = 0; j <= i; j += 97) {
      const auto found =
          table.find(sha256(std::to_string(j)), [&](const CachePlace& place) { return place.text == j % 1000; });
      ASSERT_TRUE(found.has_value()) << j << " of " << i;
      ASSERT_EQ(found->shard, j / 1000);
    }
  }
  EXPECT_EQ(table.size(), kTexts);
}

TEST(PlaceTable, KeysOfOneTagAreToldApartByWhoAsks) {
  PlaceTable table;
  // All in the last places of the table, so that they run over its end to its beginning.
  constexpr uint32_t kLast = (1u << 24) - 1, kKeys = 50;
  std::map<uint32_t, uint8_t> rest_of;
  for (uint32_t i = 0; i < kKeys; ++i) {
    table.add(key_of(kLast, static_cast<uint8_t>(i)), {7, i});
    table.add(key_of(kLast - 1, static_cast<uint8_t>(i)), {8, i});
    rest_of[i] = static_cast<uint8_t>(i);
  }
  for (uint32_t i = 0; i < kKeys; ++i) {
    const auto found =
        table.find(key_of(kLast, rest_of[i]), [&](const CachePlace& place) { return rest_of[place.text] == i; });
    ASSERT_TRUE(found.has_value()) << i;
    EXPECT_EQ(found->shard, 7u);
    EXPECT_EQ(found->text, i);
  }
  EXPECT_FALSE(table.find(key_of(kLast), [](const CachePlace&) { return false; }).has_value());
  EXPECT_FALSE(table.find(key_of(kLast - 2), kAny).has_value());
}

TEST(PlaceTable, OfEqualKeysTheFirstAddedStaysFirst) {
  PlaceTable table;
  const Sha256Digest key = key_of((1u << 24) - 1);
  for (uint32_t shard = 0; shard < 200; ++shard) {
    table.add(key, {shard, 3});
    ASSERT_EQ(table.find(key, kAny)->shard, 0u) << "after " << shard + 1;
  }
}

TEST(PlaceTable, RefusesWhatItsEntriesCannotHold) {
  PlaceTable table;
  constexpr uint32_t kMost = (1u << 20) - 1;
  EXPECT_THROW(table.add(key_of(1), {kMost, 0}), InternalError);
  EXPECT_THROW(table.add(key_of(1), {0, kMost}), InternalError);
  table.add(key_of(1), {kMost - 1, kMost - 1});
  EXPECT_EQ(table.find(key_of(1), kAny)->shard, kMost - 1);
  EXPECT_EQ(table.find(key_of(1), kAny)->text, kMost - 1);
}

}  // namespace
}  // namespace emf
