// SPDX-License-Identifier: Apache-2.0
// A shared object is loaded only when it was built for this very program; everything else is one line and an exit code.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "harness/base/file.h"
#include "harness/plugin/abi.h"
#include "tests/end_to_end/program.h"

namespace emf {
namespace {

namespace fs = std::filesystem;

class Plugin : public testing::Test {
 protected:
  /// One plugin for all tests: compiling it takes seconds.
  static void SetUpTestSuite() {
    folder_ = fs::temp_directory_path() / ("emf_plugin_test_" + std::to_string(::getpid()));
    make_folder(folder_);
    ASSERT_EQ(run({"new", "encoder", "guest", "--folder", folder_.string()}), 0) << said();
    ASSERT_EQ(run({"build-plugin", file("guest.cc"), "--json"}), 0) << said();
    ASSERT_EQ(read_json(folder_ / "out").at("plugin"), file("guest.so"));
  }
  static void TearDownTestSuite() { fs::remove_all(folder_); }

  static std::string file(const std::string& name) { return (folder_ / name).string(); }
  static int run(const std::vector<std::string>& words) {
    return exit_code_of(start(words, folder_ / "out", folder_ / "err"));
  }
  static std::string said() { return read_file(folder_ / "err"); }

  static void expect_refused(const std::string& plugin, int code, const std::string& hint) {
    EXPECT_EQ(run({"list", "encoders", "--plugin", plugin}), code);
    const std::string line = said();
    EXPECT_EQ(std::count(line.begin(), line.end(), '\n'), 1) << line;
    EXPECT_NE(line.find(hint), std::string::npos) << line;
    EXPECT_EQ(read_file(folder_ / "out"), "");
  }

  static inline fs::path folder_;
};

TEST_F(Plugin, IsThereForEveryVerb) {
  write_atomically(folder_ / "prompts.txt", "a cat\n");
  ASSERT_EQ(run({"encode", fmt::format("--plugin={}", file("guest.so")), "--encoder", "guest", "--prompts",
                 file("prompts.txt"), "--out", file("o.safetensors"), "--json"}),
            0)
      << said();
  EXPECT_EQ(read_json(folder_ / "out").at("num_tokens"), 6);
  ASSERT_EQ(run({"--plugin", file("guest.so"), "tokenize", "--encoder", "guest", "--prompts", file("prompts.txt")}), 0)
      << said();
  ::setenv("EMFBENCH_PLUGINS", fmt::format(":{}", file("guest.so")).c_str(), 1);
  EXPECT_EQ(run({"tokenize", "--encoder", "guest", "--prompts", file("prompts.txt"), "--plugin", file("guest.so")}), 0)
      << "named twice, loaded once: " << said();
  ::unsetenv("EMFBENCH_PLUGINS");
  EXPECT_EQ(run({"tokenize", "--encoder", "guest", "--prompts", file("prompts.txt")}), 2);
}

TEST_F(Plugin, ThatIsAbsentOrNoPluginIsRefused) {
  expect_refused(file("nothing.so"), 3, "there is no plugin");
  expect_refused(file("guest.cc"), 2, "is no shared object of this machine");
  write_atomically(folder_ / "cut.so", read_file(file("guest.so")).substr(0, 5000));
  expect_refused(file("cut.so"), 2, "is no shared object of this machine");
  expect_refused(EMF_PROGRAM, 2, "cannot load the plugin");  // has the string, and is no shared object
}

TEST_F(Plugin, ThatWasBuiltForAnotherProgramIsRefused) {
  std::string bytes = read_file(file("guest.so"));
  const std::string abi = emfbench_plugin_abi;
  const size_t at = bytes.find(abi);
  ASSERT_NE(at, std::string::npos);
  bytes.replace(at, 14, "emfbench 9.9.9");
  write_atomically(folder_ / "other.so", bytes);
  expect_refused(file("other.so"), 2, "was built for [emfbench 9.9.9");
}

TEST_F(Plugin, WhoseNameIsTakenIsRefusedWithBothFiles) {
  fs::copy_file(file("guest.so"), file("again.so"));
  EXPECT_EQ(run({"list", "encoders", "--plugin", file("guest.so"), "--plugin", file("again.so")}), 2);
  EXPECT_NE(said().find("encoder 'guest' is registered twice"), std::string::npos) << said();
  EXPECT_NE(said().find("guest.so"), std::string::npos) << said();
  EXPECT_NE(said().find("again.so"), std::string::npos) << said();
  EXPECT_EQ(run({"new", "encoder", "guest", "--folder", file("elsewhere"), "--plugin", file("guest.so")}), 2)
      << "the name is taken";
}

TEST_F(Plugin, ThatDoesNotCompileIsOneClearError) {
  write_atomically(folder_ / "broken.cc", "#include \"harness/api/encoder.h\"\nint x = \"text\";\n");
  EXPECT_EQ(run({"build-plugin", file("broken.cc")}), 2);
  EXPECT_NE(said().find("broken.cc:2"), std::string::npos) << said();
  EXPECT_FALSE(fs::exists(file("broken.so")));
  EXPECT_EQ(run({"build-plugin", file("absent.cc")}), 3);
}

}  // namespace
}  // namespace emf
