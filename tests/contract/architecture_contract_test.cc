// SPDX-License-Identifier: Apache-2.0
// The page of checkpoints names what is registered, and nothing else.
#include <gtest/gtest.h>

#include <regex>
#include <set>

#include "encoders/architectures/architecture_table.h"
#include "harness/base/file.h"
#include "harness/base/paths.h"

namespace emf {
namespace {

TEST(CheckpointPage, ListsEveryArchitectureOnce) {
  const std::string page = read_file(project_root() / "docs/checkpoints.md");
  std::map<std::string, ArchitectureRow> known;
  std::set<std::string> gguf;
  for (const ArchitectureRow& row : architecture_table()) {
    known[row.name] = row;
    for (const std::string& name : row.gguf) EXPECT_TRUE(gguf.insert(name).second) << name;
  }
  EXPECT_GE(known.size(), 22u);
  EXPECT_GE(gguf.size(), 12u);
  const std::regex line("\\n\\| `([^`]+)` \\| ([^|]+) \\| ([^|]+) \\|"), word("`([^`]+)`");
  std::set<std::string> listed;
  for (std::sregex_iterator found(page.begin(), page.end(), line), end; found != end; ++found) {
    const auto row = known.find((*found)[1]);
    if (row == known.end()) continue;
    EXPECT_TRUE(listed.insert(row->first).second) << row->first;
    EXPECT_EQ((*found)[2], row->second.models);
    const std::string families = (*found)[3];
    std::vector<std::string> names;
    for (std::sregex_iterator family(families.begin(), families.end(), word); family != end; ++family) {
      names.push_back((*family)[1]);
    }
    EXPECT_EQ(names, row->second.gguf) << row->first;
  }
  EXPECT_EQ(listed.size(), known.size());
}

}  // namespace
}  // namespace emf
