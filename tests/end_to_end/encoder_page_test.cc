// docs/encoders.md, word for word: its commands are run in order in a copy of the tree, as a reader would.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <sstream>

#include "harness/base/file.h"
#include "harness/base/paths.h"
#include "tests/end_to_end/program.h"

namespace emf {
namespace {

namespace fs = std::filesystem;

/// The lines of every ```sh block.
std::string commands_of(const fs::path& page) {
  std::istringstream lines(read_file(page));
  std::string commands;
  bool inside = false;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("```")) {
      inside = line == "```sh";
    } else if (inside) {
      commands += line + "\n";
    }
  }
  return commands;
}

/// A tree that can be written in: links to the real one, but for its own encoders/ and ./emfbench.
void copy_tree(const fs::path& copy) {
  const fs::path root = project_root();
  make_folder(copy / "encoders");
  for (const auto& entry : fs::directory_iterator(root)) {
    const std::string name = entry.path().filename();
    if (name != "encoders" && name != "emfbench" && name != ".git" && name != "store")
      fs::create_symlink(entry.path(), copy / name);
  }
  for (const auto& entry : fs::directory_iterator(root / "encoders"))
    fs::create_symlink(entry.path(), copy / "encoders" / entry.path().filename());
  fs::copy_file(root / "tests" / "end_to_end" / "built_tree.sh", copy / "emfbench");
}

TEST(EncoderPage, EveryCommandDoesWhatItSays) {
  const fs::path page = project_root() / "docs" / "encoders.md";
  const std::string text = read_file(page);
  EXPECT_LE(std::count(text.begin(), text.end(), '\n'), 60);
  const fs::path copy = fs::temp_directory_path() / ("emf_encoder_page_" + std::to_string(::getpid()));
  copy_tree(copy);
  write_atomically(copy / "page.sh", fmt::format("set -eux\ncd \"$(dirname \"$0\")\"\n{}", commands_of(page)));
  ::setenv("EMF_BUILD", EMF_BUILD_ROOT, 1);
  ::setenv("EMF_SOURCE", project_root().c_str(), 1);
  ::setenv("EMFBENCH_DEPS", dependencies_root().c_str(), 1);

  const std::string command = fmt::format("bash {0}/page.sh >{0}/out 2>{0}/err", copy.string());
  const int status = std::system(command.c_str());
  const std::string out = read_file(copy / "out");
  EXPECT_EQ(status, 0) << read_file(copy / "err") << out;
  EXPECT_TRUE(fs::exists(copy / "encoders" / "mine.cc"));
  EXPECT_FALSE(fs::exists(project_root() / "encoders" / "mine.cc"));
  EXPECT_NE(out.find("[       OK ] Registered/EncoderContract.ShapesTypesAndMask/mine"), std::string::npos);
  EXPECT_NE(out.find("[       OK ] Registered/EncoderContract.ShapesTypesAndMask/guest"), std::string::npos);
  EXPECT_NE(out.find("\nguest "), std::string::npos) << "list names the plugin's encoder";
  int reports = 0;
  for (const auto& entry : fs::recursive_directory_iterator(copy / "store" / "runs" / "suite"))
    reports += entry.path().filename() == "DONE";
  EXPECT_EQ(reports, 2) << "one run with mine, one with guest";
  fs::remove_all(copy);
}

}  // namespace
}  // namespace emf
