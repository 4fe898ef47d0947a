// SPDX-License-Identifier: Apache-2.0
// What `doctor` says loads is what `list architectures` says.
#include <gtest/gtest.h>

#include "harness/base/json.h"
#include "tests/command_run.h"
#include "tests/temporary_folder.h"

namespace emf {
namespace {

TEST(Doctor, SaysWhichFamiliesLoad) {
  const TemporaryFolder folder("doctor");
  const Json families =
      Json::parse(run_command({"doctor", "--store", folder.path().string(), "--json"}).out).at("families");
  const Json listed = Json::parse(run_command({"list", "architectures", "--json"}).out);
  ASSERT_EQ(families.size(), listed.size());
  for (size_t i = 0; i < families.size(); ++i) {
    EXPECT_EQ(families[i].at("model_type"), listed[i].at("name"));
    EXPECT_EQ(families[i].at("models"), listed[i].at("summary"));
    EXPECT_EQ(families[i].at("gguf"), listed[i].at("gguf"));
  }
  const std::string text = run_command({"doctor", "--store", folder.path().string()}).out;
  for (const char* name : {"blip3o_qwen", "xlm-roberta", "gemma-embedding"}) {
    EXPECT_NE(text.find(name), std::string::npos) << name;
  }
}

}  // namespace
}  // namespace emf
