// SPDX-License-Identifier: Apache-2.0
// Runs the program as a user would: words in, two files of output and an exit code out.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "harness/base/file.h"

namespace emf {

/// Starts `emfbench words...` with stdout in `out` and stderr in `err`.
inline pid_t start(const std::vector<std::string>& words, const std::filesystem::path& out,
                   const std::filesystem::path& err) {
  const pid_t child = ::fork();
  if (child != 0) return child;
  std::freopen(out.c_str(), "w", stdout);
  std::freopen(err.c_str(), "w", stderr);
  std::vector<char*> arguments = {const_cast<char*>(EMF_PROGRAM)};
  for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  ::execv(EMF_PROGRAM, arguments.data());
  _exit(127);
}

/// A copy of the only record of a store with 0.125 added to every value.   @return  its folder.
inline std::string shifted_record(const std::filesystem::path& store, const std::filesystem::path& to) {
  const auto found = std::filesystem::directory_iterator(store / "runs" / "suite");
  Json result = read_json(found->path() / "result.json");
  for (Json& row : result.at("rows")) {
    if (row.at("value").is_number()) row["value"] = row.at("value").get<double>() + 0.125;
    if (row.at("ci95").is_null()) continue;
    for (Json& end : row.at("ci95")) end = end.get<double>() + 0.125;
  }
  write_json(to / "result.json", result);
  return to.string();
}

inline int exit_code_of(pid_t child) {
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

}  // namespace emf
