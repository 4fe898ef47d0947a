// SPDX-License-Identifier: Apache-2.0
// What a user can get wrong ends in one clear line, the right exit code and nothing half-written.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "harness/base/file.h"
#include "harness/base/paths.h"
#include "tests/end_to_end/program.h"
#include "tests/said_lines.h"

namespace emf {
namespace {

namespace fs = std::filesystem;

class BadInput : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("emf_bad_input_" + std::to_string(::getpid()));
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override {
    ::unsetenv("EMFBENCH_DEPS");
    fs::remove_all(folder_);
  }

  std::string store() const { return (folder_ / "store").string(); }

  /// Runs the words, which must fail with `code` and say one line that holds `hint`; no store may come of it.
  void expect_refused(const std::vector<std::string>& words, int code, const std::string& hint) const {
    EXPECT_EQ(exit_code_of(start(words, folder_ / "out", folder_ / "err")), code);
    const std::string said = read_file(folder_ / "err");
    EXPECT_EQ(lines_that_are_no_progress(said), 1) << said;
    EXPECT_NE(said.find(hint), std::string::npos) << said;
    EXPECT_EQ(read_file(folder_ / "out"), "");
    EXPECT_FALSE(fs::exists(store()));
  }

  fs::path folder_;
};

TEST_F(BadInput, StoreThatCannotBeWritten) {
  fs::path parent = folder_ / "locked";
  if (::geteuid() == 0) {
    write_atomically(parent, "x");  // root writes anywhere, but not below a file
  } else {
    fs::create_directories(parent);
    fs::permissions(parent, fs::perms::owner_read | fs::perms::owner_exec);
  }
  expect_refused({"run", "smoke", "--store", (parent / "store").string()}, 2, "--store");
}

TEST_F(BadInput, MissingWeights) {
  ::setenv("EMFBENCH_DEPS", (folder_ / "nothing").c_str(), 1);
  expect_refused({"run", "smoke", "metrics=geneval", "probes=[]", "encoders=llm", "--store", store()}, 3,
                 "./emfbench setup");
}

TEST_F(BadInput, TruncatedWeights) {
  const fs::path file = folder_ / "deps" / "weights" / "SmolLM2-135M-Instruct.Q4_1.gguf";
  fs::create_directories(file.parent_path());
  write_atomically(file, std::string("GGUF\3\0\0\0\x10\0\0\0", 12));
  ::setenv("EMFBENCH_DEPS", (folder_ / "deps").c_str(), 1);
  expect_refused({"run", "smoke", "metrics=geneval", "probes=[]", "encoders=llm", "--store", store()}, 2,
                 file.string());
}

TEST_F(BadInput, MistypedKey) {
  std::string suite = read_file(project_root() / "experiments" / "smoke.toml");
  suite.replace(suite.find("\nencoders"), 9, "\nencodesr");
  write_atomically(folder_ / "typo.toml", suite);
  expect_refused({"run", (folder_ / "typo.toml").string(), "--store", store()}, 2, "did you mean 'encoders'?");
}

TEST_F(BadInput, StdoutThatIsFull) {
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"list", "metrics"}, {"list", "encoders", "--json"}, {"--help"}}) {
    EXPECT_EQ(exit_code_of(start(words, "/dev/full", folder_ / "err")), 75);
    EXPECT_NE(read_file(folder_ / "err").find("disk full while writing stdout"), std::string::npos);
  }
}

TEST_F(BadInput, UnknownSuite) { expect_refused({"run", "smok", "--store", store()}, 2, "did you mean 'smoke'?"); }

TEST_F(BadInput, PromptsThatAreNotUtf8) {
  write_atomically(folder_ / "prompts.txt", "a cat\n\xff\xfe dog\n");
  expect_refused({"encode", "--encoder", "hash", "--prompts", (folder_ / "prompts.txt").string(), "--out",
                  (folder_ / "o.safetensors").string()},
                 2, "prompts.txt:2");
  EXPECT_FALSE(fs::exists(folder_ / "o.safetensors"));
}

}  // namespace
}  // namespace emf
