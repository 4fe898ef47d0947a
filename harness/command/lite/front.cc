// SPDX-License-Identifier: Apache-2.0
#include "harness/command/lite/front.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/base/terminal.h"
#include "harness/command/command.h"

namespace emf {
namespace {

namespace fs = std::filesystem;

/// The words of this process, for whoever hands over.
char** g_words = nullptr;

/// Pages of help lie beside the whole program: {"": ..., "run": ..., "store verify": ...}, written when it is linked.
fs::path help_file(const fs::path& whole) {
  fs::path file = whole;
  return file += ".help.json";
}

/// "store verify" of `help store verify`, `store --help verify`; of no words "".
/// @return  whether help is asked for at all.
bool asks_for_help(const std::vector<std::string_view>& words, const Json& pages, std::string& page) {
  const auto is_help = [](std::string_view word) { return word == "--help" || word == "-h"; };
  const bool verb = !words.empty() && words.front() == "help";
  if (!words.empty() && !verb && std::none_of(words.begin(), words.end(), is_help)) return false;
  for (size_t i = verb ? 1 : 0; i < words.size(); ++i) {
    if (is_help(words[i])) continue;
    if (words[i].starts_with('-')) break;
    const std::string longer = page + (page.empty() ? "" : " ") + std::string(words[i]);
    // What is no verb here is a suite, or a slip that the whole program tells the nearest name of.
    if (!pages.contains(longer)) return !page.empty() && !verb;
    page = longer;
  }
  return true;
}

bool print_help(const fs::path& whole, const std::vector<std::string_view>& words) {
  std::error_code absent;
  const fs::path file = help_file(whole);
  if (!fs::is_regular_file(file, absent)) return false;
  const Json pages = read_json(file);
  std::string page;
  if (!asks_for_help(words, pages, page)) return false;
  print_lines(pages.at(page).get<std::string>());
  std::fflush(stdout);
  return std::ferror(stdout) == 0;
}

}  // namespace

fs::path whole_program() {
  std::error_code error;
  const char* named = std::getenv("EMFBENCH_WHOLE");
  return named != nullptr && fs::exists(named, error) ? named : fs::path();
}

void hand_over() {
  const fs::path whole = whole_program();
  if (whole.empty() || g_words == nullptr) return;
  std::fflush(nullptr);
  ::execv(whole.c_str(), g_words);
  fail_missing("cannot start {} ({})", whole.string(), std::strerror(errno));
}

bool is_done_by_front(int count, char** words) {
  g_words = words;
  const fs::path whole = whole_program();
  if (whole.empty()) return false;
  const std::vector<std::string_view> given(words + std::min(count, 1), words + count);
  const char* plugins = std::getenv("EMFBENCH_PLUGINS");
  const bool has_plugins =
      (plugins != nullptr && *plugins != '\0') || std::any_of(given.begin(), given.end(), [](std::string_view word) {
        return word == "--plugin" || word.starts_with("--plugin=") || word == "--";
      });
  if (!has_plugins && print_help(whole, given)) return true;
  const bool own = !given.empty() && (given.front() == "version" || given.front() == "--version" ||
                                      CommandRegistry::instance().contains(std::string(given.front())));
  // Only the whole program knows all verbs, and what has nothing to set up here has there.
  if (has_plugins || !own || given.front() == "setup" || given.front() == "completion") hand_over();
  return false;
}

}  // namespace emf
