// The page of checkpoints names what is registered, and nothing else.
#include <gtest/gtest.h>

#include <regex>
#include <set>

#include "encoders/architectures/architecture.h"
#include "encoders/architectures/gguf_family.h"
#include "harness/base/file.h"
#include "harness/base/paths.h"

namespace emf {
namespace {

TEST(CheckpointPage, ListsEveryArchitectureOnce) {
  const std::string page = read_file(project_root() / "docs/checkpoints.md");
  const std::regex row("\\n\\| `([^`]+)` \\| ([^|]+) \\| ([^|]+) \\|");
  std::set<std::string> listed, gguf;
  for (std::sregex_iterator found(page.begin(), page.end(), row), end; found != end; ++found) {
    const std::string name = (*found)[1];
    if (!ArchitectureRegistry::instance().contains(name)) continue;
    EXPECT_TRUE(listed.insert(name).second) << name;
    EXPECT_EQ((*found)[2], ArchitectureRegistry::instance().find(name).summary);
    const std::string families = (*found)[3];
    const std::regex word("`([^`]+)`");
    for (std::sregex_iterator family(families.begin(), families.end(), word); family != end; ++family) {
      const GgufFamily* known = gguf_family((*family)[1].str());
      ASSERT_NE(known, nullptr) << (*family)[1];
      EXPECT_EQ(known->model_type, name);
      gguf.insert((*family)[1]);
    }
  }
  const auto names = ArchitectureRegistry::instance().names();
  EXPECT_EQ(listed, std::set<std::string>(names.begin(), names.end()));
  const auto families = gguf_family_names();
  EXPECT_EQ(gguf, std::set<std::string>(families.begin(), families.end()));
}

}  // namespace
}  // namespace emf
