// SPDX-License-Identifier: Apache-2.0
#include "harness/command/plot_conversion.h"

#include <spawn.h>
#include <sys/wait.h>

#include <cerrno>
#include <string>

#include "harness/base/error.h"
#include "harness/base/progress.h"

namespace emf {
namespace {

/// A program found on PATH, without a shell: names of files are words and nothing else.
/// @return  its exit status; -1 where there is no such program.
int run_program(std::vector<std::string> words) {
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  pid_t child = 0;
  const int error = ::posix_spawnp(&child, arguments[0], nullptr, nullptr, arguments.data(), environ);
  if (error != 0) return -1;
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

}  // namespace

std::vector<std::filesystem::path> convert_plots(const std::vector<std::filesystem::path>& drawings) {
  std::vector<std::filesystem::path> files;
  for (const std::filesystem::path& drawing : drawings) {
    for (const char* format : {"pdf", "png"}) {
      const std::filesystem::path out = std::filesystem::path(drawing).replace_extension(format);
      // Twice the size in pixels is sharp on the screens of today; of a PDF it would only be a larger page.
      const std::string zoom = format == std::string("png") ? "2" : "1";
      const int status = run_program({"rsvg-convert", "-z", zoom, "-f", format, "-o", out.string(), drawing.string()});
      // Where programs are started by a helper, a missing one ends with 127.
      if (status == -1 || status == 127) {
        say("note: the plots are SVG alone; PDF and PNG want rsvg-convert (Debian: apt install librsvg2-bin)");
        return files;
      }
      if (status != 0) fail_input("rsvg-convert did not make {} (see above)", out.string());
      files.push_back(out);
    }
  }
  return files;
}

}  // namespace emf
