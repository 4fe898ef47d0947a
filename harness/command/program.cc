// Hands the words of the command line to a verb and turns errors into one line and an exit code.
#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <new>
#include <system_error>

#include "harness/base/atomic_file.h"
#include "harness/base/near_name.h"
#include "harness/base/terminal.h"
#include "harness/base/utf8.h"
#include "harness/base/version.h"
#include "harness/command/command.h"
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

void declare_plugin_option(CLI::App& app) {
  // For --help alone: take_plugins() has read it by now.
  app.add_option_function<std::vector<std::string>>(
      "--plugin", [](const std::vector<std::string>&) {},
      "a shared object with further plugins, from build-plugin; repeatable ($EMFBENCH_PLUGINS)");
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

ExitCode run_verb(std::vector<std::string> words) {
  require_utf8(words);
  load_plugins(take_plugins(words));
  CLI::App app(kPurpose, "emfbench");
  app.set_version_flag("--version", kVersion);
  app.require_subcommand(1);
  app.footer(
      "Exit codes: 0 good; 1 some runs failed; 2 bad command, config or input; 3 weights, data or device missing;\n"
      "4 a claim failed verify; 70 internal error; 75 interrupted, run it again.");
  declare_plugin_option(app);
  CommonFlags flags;
  std::map<std::string, std::unique_ptr<Command>> commands;
  for (const std::string& name : CommandRegistry::instance().names()) {
    const auto& entry = CommandRegistry::instance().find(name);
    CLI::App* verb = app.add_subcommand(name, entry.summary);
    verb->add_flag("--json", flags.json, "one JSON document on stdout");
    verb->add_flag("--quiet,-q", Talk::quiet(), "no progress on stderr");
    declare_plugin_option(*verb);
    commands[name] = entry.make();
    commands[name]->declare(*verb);
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
    std::string verb;
    for (const CLI::App* level = &app; !level->get_subcommands().empty();) {
      level = level->get_subcommands().front();
      verb += level->get_name() + " ";
    }
    fail_input("{} (see: emfbench {}--help)", error.what(), verb);
  }
  return commands.at(app.get_subcommands().front()->get_name())->run(flags);
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
    fmt::print(stderr, "emfbench: internal error: {}\nPlease report it with the command and `emfbench doctor`.\n",
               shown_message(error.what()));
    return static_cast<int>(ExitCode::kInternal);
  }
}

void print_json(const Json& value) { print_lines(shown_json(pretty_json(value))); }

}  // namespace emf
