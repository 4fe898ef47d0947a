// Runs the program as a user would: words in, two files of output and an exit code out.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

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

inline int exit_code_of(pid_t child) {
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

}  // namespace emf
