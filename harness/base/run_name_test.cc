// SPDX-License-Identifier: Apache-2.0
#include "harness/base/run_name.h"

#include <gtest/gtest.h>

#include "harness/base/error.h"

namespace emf {
namespace {

TEST(RunName, IsTheSuitesWhereNothingIsOverridden) {
  EXPECT_EQ(run_name("smoke", {}), "smoke");
  EXPECT_EQ(run_name("mine", {"suite.name=mine", "seeds=1"}), "mine");
}

TEST(RunName, SaysWhatIsOverriddenInOrderOfKeys) {
  EXPECT_EQ(run_name("smoke", {"train.learning_rate=1e-3"}), "smoke[train.learning_rate=1e-3]");
  const std::string both = run_name("smoke", {"train.batch=8", "encoders=llm,hash"});
  EXPECT_EQ(both, "smoke[encoders=llm,hash,train.batch=8]");
  EXPECT_EQ(run_name("smoke", {"encoders=llm,hash", "train.batch=4", "train.batch=8"}), both);
  EXPECT_EQ(run_name("smoke", {"data.name=\"emoji\""}), "smoke[data.name=emoji]");
}

TEST(RunName, NeverLeavesItsFolder) {
  const std::string path = run_name("smoke", {"data.path=../../x"});
  EXPECT_EQ(path.find('/'), std::string::npos) << path;
  EXPECT_NE(path, run_name("smoke", {"data.path=../../y"}));
  EXPECT_LE(run_name("smoke", {"encoders=" + std::string(500, 'a')}).size(), 20u);
  for (const char* name : {"", "a/b", "..", "a b", "x\ny", ".hidden"}) EXPECT_THROW(require_run_name(name), UserError);
  require_run_name("lr_1e-3");
  require_run_name("smoke[seeds=0]");
}

}  // namespace
}  // namespace emf
