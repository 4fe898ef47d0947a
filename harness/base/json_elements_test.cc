// SPDX-License-Identifier: Apache-2.0
#include "harness/base/json_elements.h"

#include <gtest/gtest.h>

#include "harness/base/error.h"

namespace emf {
namespace {

std::vector<Json> elements(const std::string& text, int levels = 2) {
  std::vector<Json> found;
  for_each_element(text, "list.json", levels, [&](Json&& element, size_t place) {
    EXPECT_EQ(place, found.size());
    found.push_back(std::move(element));
  });
  return found;
}

std::string refusal(const std::string& text, int levels = 2) {
  try {
    elements(text, levels);
  } catch (const UserError& error) {
    return error.what();
  }
  return "no error";
}

TEST(JsonElements, AreTakenInOrder) {
  EXPECT_EQ(elements(R"([1, "a", null, {"b": [2]}, [3, 4], true])"),
            (std::vector<Json>{1, "a", nullptr, {{"b", {2}}}, {3, 4}, true}));
  EXPECT_TRUE(elements(" [ ] ").empty());
}

TEST(JsonElements, WhatIsNoListIsRefusedByItsPlace) {
  EXPECT_EQ(refusal("{\"a\": 1}"), "list.json: must be a JSON list");
  EXPECT_EQ(refusal("7"), "list.json: must be a JSON list");
  EXPECT_NE(refusal("[1, 2").find("not valid JSON at byte"), std::string::npos);
  EXPECT_NE(refusal("").find("not valid JSON at byte"), std::string::npos);
  EXPECT_NE(refusal("[1e999]").find("too large"), std::string::npos);
  EXPECT_EQ(refusal("[0, {\"a\": [[1]]}]"), "list.json: element 2 is nested too deep");
  EXPECT_EQ(refusal("[{\"a\": [1]}]", 1), "list.json: element 1 is nested too deep");
  EXPECT_EQ(refusal(std::string(100000, '[')), "list.json: element 1 is nested too deep");
}

}  // namespace
}  // namespace emf
