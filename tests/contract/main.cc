// SPDX-License-Identifier: Apache-2.0
// Contract tests walk the registries, plugins from outside the tree included: EMFBENCH_PLUGINS=mine.so contract_test.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "harness/base/error.h"
#include "harness/plugin/load.h"

int main(int count, char** words) {
  try {
    // Before InitGoogleTest, which asks the registries for their names.
    for (const std::string& file : emf::plugins_of_environment()) emf::load_plugin(file);
  } catch (const emf::UserError& error) {
    fmt::print(stderr, "contract_test: {}\n", error.what());
    return static_cast<int>(error.code());
  }
  testing::InitGoogleTest(&count, words);
  return RUN_ALL_TESTS();
}
