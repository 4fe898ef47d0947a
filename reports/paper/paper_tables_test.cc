// SPDX-License-Identifier: Apache-2.0
// Every table and figure of the paper has its counterpart here, with the paper's own numbers.
#include "reports/paper/paper_tables.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <set>

#include "harness/base/file.h"
#include "harness/base/paths.h"

namespace emf {
namespace {

/// Every number of a document, whatever holds it.
void gather_numbers(const Json& json, std::multiset<double>& numbers) {
  if (json.is_number()) numbers.insert(json.get<double>());
  if (json.is_structured()) {
    for (const Json& part : json) gather_numbers(part, numbers);
  }
}

TEST(PaperTables, RowsHaveAValueAColumn) {
  std::set<std::string> keys;
  for (const Json& table : paper_tables().at("tables")) {
    EXPECT_TRUE(keys.insert(table.at("key")).second) << table.at("key");
    for (const char* key : {"place", "title", "data", "digits"}) EXPECT_TRUE(table.contains(key)) << table.at("key");
    bool answered = false;
    for (const Json& row : table.at("rows")) {
      EXPECT_EQ(row.at("paper").size(), table.at("columns").size()) << row.at("label");
      answered = answered || row.contains("cell") || row.contains("encoder");
      if (row.contains("cell")) {
        EXPECT_EQ(row.at("cell").size(), 3u) << row.at("label");
      }
    }
    // People vote elsewhere.
    const bool voted = table.at("key") == "table9_preference";
    EXPECT_TRUE(answered || voted) << table.at("key");
    EXPECT_EQ(table.contains("suite"), !voted) << table.at("key");
    if (voted) continue;
    const std::string suite = table.at("suite").get<std::string>() + ".toml";
    EXPECT_TRUE(std::filesystem::exists(project_root() / "experiments" / suite)) << suite;
  }
  EXPECT_EQ(keys.size(), 12u);
}

TEST(PaperTables, HoldThePapersOwnNumbers) {
  const char* root = std::getenv("EMF_THIRD_PARTY_DIR");
  if (root == nullptr) GTEST_SKIP() << "EMF_THIRD_PARTY_DIR is unset: it must hold paper/emf_tables.json";
  const Json paper = read_json(std::filesystem::path(root) / "paper" / "emf_tables.json");
  std::set<std::string> ours;
  for (const Json& table : paper_tables().at("tables")) {
    const std::string key = table.at("key");
    ours.insert(key);
    ASSERT_TRUE(paper.contains(key)) << key;
    std::multiset<double> theirs;
    gather_numbers(paper.at(key), theirs);
    for (const Json& row : table.at("rows")) {
      for (const Json& value : row.at("paper")) {
        if (value.is_null()) continue;
        // DPG-Bench's shares are printed in per cent.
        const double number = value, per_cent = std::round(number * 10000) / 100;
        EXPECT_TRUE(theirs.count(number) > 0 || theirs.count(per_cent) > 0) << key << ": " << number;
      }
    }
  }
  for (const auto& [key, table] : paper.items()) {
    if (table.is_structured()) {
      EXPECT_EQ(ours.count(key), 1u) << "no counterpart of " << key;
    }
  }
}

}  // namespace
}  // namespace emf
