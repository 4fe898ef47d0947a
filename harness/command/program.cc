// SPDX-License-Identifier: Apache-2.0
// Hands the words of the command line to a verb and turns errors into one line and an exit code.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <new>
#include <system_error>

#include "harness/base/atomic_file.h"
#include "harness/base/field_names.h"
#include "harness/base/lack.h"
#include "harness/base/near_name.h"
#include "harness/base/terminal.h"
#include "harness/base/utf8.h"
#include "harness/base/version.h"
#include "harness/command/command.h"
#include "harness/command/help.h"
#include "harness/command/program.h"
#include "harness/plugin/load.h"

namespace emf {
namespace {

constexpr const char* kPurpose =
    "Which text encoder lets a few-step generator (MeanFlow) paint what the prompt says, and what does each step cost?";

/// Takes `--plugin FILE` out of the words, wherever it stands before a `--`: plugins register before the rest is read.
std::vector<std::string> take_plugins(std::vector<std::string>& words) {
  std::vector<std::string> files, rest;
  for (size_t i = 0; i < words.size(); ++i) {
    if (words[i] == "--") {
      rest.insert(rest.end(), words.begin() + static_cast<std::ptrdiff_t>(i), words.end());
      break;
    }
    if (words[i].starts_with("--plugin=")) {
      files.push_back(words[i].substr(9));
    } else if (words[i] == "--plugin") {
      if (i + 1 == words.size()) fail_input("--plugin needs a shared object, as emfbench build-plugin makes");
      files.push_back(words[++i]);
    } else {
      rest.push_back(words[i]);
    }
  }
  words = rest;
  return files;
}

void load_plugins(const std::vector<std::string>& files) {
  ensure(registration_conflicts().empty(), "{}",
         registration_conflicts().empty() ? "" : registration_conflicts().front());
  for (const std::string& file : plugins_of_environment()) load_plugin(file);
  for (const std::string& file : files) load_plugin(file);
}

constexpr const char* kCommonGroup = "Common options";

void declare_plugin_option(CLI::App& app) {
  // For --help alone: take_plugins() has read it by now.
  app.add_option_function<std::vector<std::string>>(
         "--plugin", [](const std::vector<std::string>&) {},
         "a shared object with further plugins, from build-plugin; repeatable ($EMFBENCH_PLUGINS)")
      ->group(kCommonGroup);
}

/// What people type for help that is no verb: nothing, `help`, `help VERB`, `version`.
std::vector<std::string> with_usual_words(std::vector<std::string> words) {
  if (words.size() < 2) return {words.empty() ? "emfbench" : words[0], "--help"};
  if (words[1] == "version") words[1] = "--version";
  if (words[1] == "help") {
    words.erase(words.begin() + 1);
    words.emplace_back("--help");
  }
  return words;
}

/// "; did you mean --out?" for a flag that this verb does not have; for one that it has, where to write it.
std::string flag_suggestion(const std::string& word, const CLI::App& verb) {
  std::vector<std::string> known;
  const auto add = [&](const CLI::App& app) {
    for (const CLI::Option* option : app.get_options())
      for (const std::string& name : option->get_lnames()) known.push_back(name);
  };
  add(verb);
  for (const CLI::App* group : verb.get_subcommands([](const CLI::App* sub) { return sub->get_name().empty(); }))
    add(*group);
  const std::string name = word.substr(2, word.find('=') - 2), ours = field_name(name, known);
  // The verb has it, and the verb that it stands before has not.
  if (std::find(known.begin(), known.end(), name) != known.end()) {
    return fmt::format(" before it; write it behind '{}'", verb.get_name());
  }
  const std::string near = ours.empty() ? near_name(name, known) : ours;
  return near.empty() ? "" : fmt::format("; did you mean --{}?", near);
}

/// One line for what CLI11 refused, with what was probably meant.
[[noreturn]] void refuse(const CLI::App& app, const CLI::ParseError& error) {
  const CLI::App* verb = &app;
  std::string path;
  while (!verb->get_subcommands().empty()) {
    verb = verb->get_subcommands().front();
    path += verb->get_name() + " ";
  }
  // What is mistyped is also missing: the word that nobody knows says more than the one that is not there.
  for (const std::string& word : app.remaining(true)) {
    if (!word.starts_with("--") || word == "--") continue;
    fail_input("{}does not take {}{} (see: emfbench {}--help)", path, word.substr(0, word.find('=')),
               flag_suggestion(word, *verb), path);
  }
  fail_input("{} (see: emfbench {}--help)", error.what(), path);
}

/// Words end up in records, which are JSON and so UTF-8: found there, a bad byte would cost a whole run.
void require_utf8(const std::vector<std::string>& words) {
  for (size_t i = 1; i < words.size(); ++i) {
    const size_t at = invalid_utf8_at(words[i]);
    // The word itself is not repeated: what it holds is no text.
    if (at != std::string::npos)
      fail_input("word {} of the command line is not UTF-8 (byte {}); rename the file or type it in UTF-8", i, at);
  }
  for (const char* name : {"EMFBENCH_STORE", "EMFBENCH_PLUGINS", "EMFBENCH_ROOT", "EMFBENCH_DEPS"}) {
    const char* value = std::getenv(name);
    if (value != nullptr && invalid_utf8_at(value) != std::string::npos)
      fail_input("${} is not UTF-8; rename what it names, or set another", name);
  }
}

/// What was printed may still wait in a buffer, and a full disk or a closed file shows only when it is written.
void finish_stdout() {
  errno = 0;
  const bool flushed = std::fflush(stdout) == 0;
  if (!flushed || std::ferror(stdout) != 0) fail_write("stdout", errno == 0 ? EIO : errno);
}

/// Every page of help by its verb, "" of the program itself: what a front prints that does not know all verbs.
void add_pages(const CLI::App& app, const std::string& path, Json& pages) {
  pages[path] = help_text(app);
  for (const CLI::App* verb : app.get_subcommands([](const CLI::App* sub) { return !sub->get_name().empty(); }))
    add_pages(*verb, path + (path.empty() ? "" : " ") + verb->get_name(), pages);
}

ExitCode run_verb(std::vector<std::string> words) {
  require_utf8(words);
  load_plugins(take_plugins(words));
  const bool wants_pages = words.size() == 3 && words[1] == "help" && words[2] == "--pages";
  words = with_usual_words(std::move(words));
  CLI::App app(kPurpose, "emfbench");
  app.formatter_fn([](const CLI::App* of, const std::string&, CLI::AppFormatMode) { return help_text(*of); });
  app.set_help_flag("-h,--help", "this help")->group(kCommonGroup);
  app.set_version_flag("--version", kVersion, "the version of this program")->group(kCommonGroup);
  app.require_subcommand(1);
  app.footer(
      "Beside these, ./emfbench of a source tree knows setup, test and bundle.\n\n"
      "Exit codes: 0 good; 1 some runs failed; 2 bad command, config or input;\n"
      "3 weights, data or device missing; 4 a claim failed verify, or store verify\n"
      "found damage; 70 internal error; 75 interrupted, run it again.");
  declare_plugin_option(app);
  CommonFlags flags;
  std::map<std::string, std::unique_ptr<Command>> commands;
  for (const std::string& name : CommandRegistry::instance().names()) {
    const auto& entry = CommandRegistry::instance().find(name);
    CLI::App* verb = app.add_subcommand(name, entry.summary);
    verb->footer("");
    verb->get_help_ptr()->group(kCommonGroup);
    verb->add_flag("--json", flags.json, "one JSON document on stdout")->group(kCommonGroup);
    verb->add_flag("--quiet,-q", Talk::quiet(), "no progress on stderr; what fails is said all the same")
        ->group(kCommonGroup);
    declare_plugin_option(*verb);
    commands[name] = entry.make();
    commands[name]->declare(Flags(verb));
  }
  if (wants_pages) {
    Json pages = Json::object();
    add_pages(app, "", pages);
    print_json(pages);
    return ExitCode::kGood;
  }
  if (words.size() > 1 && !words[1].starts_with('-') && commands.count(words[1]) == 0) {
    fail_input("no command '{}'{} (see: emfbench --help)", words[1],
               suggestion(words[1], CommandRegistry::instance().names()));
  }
  try {
    std::vector<const char*> pointers;
    for (const std::string& word : words) pointers.push_back(word.c_str());
    app.parse(static_cast<int>(pointers.size()), pointers.data());
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) {  // --help and --version
      app.exit(error);
      return ExitCode::kGood;
    }
    refuse(app, error);
  }
  const std::string verb = app.get_subcommands().front()->get_name();
  // Where a verb itself says nothing of how far it is.
  const SlowWork at_work(verb, {.first_s = 30, .every_s = 30, .shown_after_s = 3, .alone = true});
  return commands.at(verb)->run(flags);
}

/// run_verb(), and all that it printed has arrived.
ExitCode run_and_deliver(const std::vector<std::string>& words) {
  ExitCode code = ExitCode::kGood;
  try {
    code = run_verb(words);
  } catch (const std::system_error& error) {
    // How printing says that stdout takes no more.
    if (std::ferror(stdout) == 0) throw;
    fail_write("stdout", error.code().value());
  }
  finish_stdout();
  return code;
}

}  // namespace

int run_program(int count, char** words) {
  try {
    return static_cast<int>(run_and_deliver({words, words + count}));
  } catch (const UserError& error) {
    fmt::print(stderr, "emfbench: {}\n", shown_message(error.what()));
    return static_cast<int>(error.code());
  } catch (const std::filesystem::filesystem_error& error) {
    // Nobody looked at the place before using it; what the system says of it is still no fault of the program.
    fmt::print(stderr, "emfbench: cannot use {} ({})\n", shown_message(error.path1().string()), error.code().message());
    return static_cast<int>(error.code() == std::errc::no_space_on_device ? ExitCode::kInterrupted
                                                                          : ExitCode::kBadInput);
  } catch (const std::bad_alloc&) {
    fmt::print(stderr, "emfbench: not enough memory for this input; give less of it at a time\n");
    return static_cast<int>(ExitCode::kBadInput);
  } catch (const std::exception& error) {
    if (const auto lack = lack_of(error)) {
      fmt::print(stderr, "emfbench: {}\n", shown_message(*lack));
      return static_cast<int>(ExitCode::kBadInput);
    }
    fmt::print(stderr, "emfbench: internal error: {}\nPlease report it with the command and `emfbench doctor`.\n",
               shown_message(error.what()));
    return static_cast<int>(ExitCode::kInternal);
  }
}

void print_json(const Json& value) { print_lines(shown_json(pretty_json(value))); }

}  // namespace emf
