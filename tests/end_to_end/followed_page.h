// SPDX-License-Identifier: Apache-2.0
// Pages of docs/ as tests run them: every ```sh block, in order, in a copy of the tree, as a reader would.
#pragma once

#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <string>

#include "harness/base/file.h"
#include "harness/base/paths.h"

namespace emf {

/// The lines of every ```sh block.
inline std::string commands_of(const std::filesystem::path& page) {
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
inline void copy_tree(const std::filesystem::path& copy) {
  const std::filesystem::path root = project_root();
  make_folder(copy / "encoders");
  for (const auto& entry : std::filesystem::directory_iterator(root)) {
    const std::string name = entry.path().filename();
    if (name != "encoders" && name != "emfbench" && name != ".git" && name != "store")
      std::filesystem::create_symlink(entry.path(), copy / name);
  }
  for (const auto& entry : std::filesystem::directory_iterator(root / "encoders"))
    std::filesystem::create_symlink(entry.path(), copy / "encoders" / entry.path().filename());
  std::filesystem::copy_file(root / "tests" / "end_to_end" / "built_tree.sh", copy / "emfbench");
}

/// What a page's commands printed, and the tree that they ran in, which goes with this.
class FollowedPage {
 public:
  /// @param name  of the page under docs/.
  explicit FollowedPage(const std::string& name)
      : tree_(std::filesystem::temp_directory_path() / ("emf_page_" + name + std::to_string(::getpid()))) {
    copy_tree(tree_);
    const std::filesystem::path page = project_root() / "docs" / name;
    write_atomically(tree_ / "page.sh", fmt::format("set -eux\ncd \"$(dirname \"$0\")\"\n{}", commands_of(page)));
    ::setenv("EMF_BUILD", EMF_BUILD_ROOT, 1);
    ::setenv("EMF_SOURCE", project_root().c_str(), 1);
    ::setenv("EMFBENCH_DEPS", dependencies_root().c_str(), 1);
    status = std::system(fmt::format("bash {0}/page.sh >{0}/out 2>{0}/err", tree_.string()).c_str());
    out = read_file(tree_ / "out");
    talk = read_file(tree_ / "err");
  }
  ~FollowedPage() { std::filesystem::remove_all(tree_); }
  FollowedPage(const FollowedPage&) = delete;
  FollowedPage& operator=(const FollowedPage&) = delete;

  std::filesystem::path operator/(const std::string& name) const { return tree_ / name; }
  int records() const {
    int finished = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(tree_ / "store" / "runs" / "suite"))
      finished += entry.path().filename() == "DONE";
    return finished;
  }

  int status = 0;
  std::string out, talk;

 private:
  std::filesystem::path tree_;
};

}  // namespace emf
