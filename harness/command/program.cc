// Hands the words of the command line to a verb and turns errors into one line and an exit code.
#include <fmt/format.h>

#include <cstdio>
#include <map>

#include "harness/base/near_name.h"
#include "harness/base/version.h"
#include "harness/command/command.h"
#include "harness/command/program.h"

namespace emf {
namespace {

constexpr const char* kPurpose =
    "Which text encoder lets a few-step generator (MeanFlow) paint what the prompt says, and what does each step cost?";

ExitCode run_verb(int count, char** words) {
  CLI::App app(kPurpose, "emfbench");
  app.set_version_flag("--version", kVersion);
  app.require_subcommand(1);
  app.footer("Exit codes: 0 good; 1 some runs failed; 2 bad command, config or input; 3 weights, data or device missing;\n"
             "4 a claim failed verify; 70 internal error; 75 interrupted, run it again.");
  CommonFlags flags;
  std::map<std::string, std::unique_ptr<Command>> commands;
  for (const std::string& name : CommandRegistry::instance().names()) {
    const auto& entry = CommandRegistry::instance().find(name);
    CLI::App* verb = app.add_subcommand(name, entry.summary);
    verb->add_flag("--json", flags.json, "one JSON document on stdout");
    verb->add_flag("--quiet,-q", Talk::quiet(), "no progress on stderr");
    commands[name] = entry.make();
    commands[name]->declare(*verb);
  }
  if (count > 1 && words[1][0] != '-' && commands.count(words[1]) == 0) {
    fail_input("no command '{}'{} (see: emfbench --help)", words[1],
               suggestion(words[1], CommandRegistry::instance().names()));
  }
  try {
    app.parse(count, words);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) {  // --help and --version
      app.exit(error);
      return ExitCode::kGood;
    }
    const auto chosen = app.get_subcommands();
    fail_input("{} (see: emfbench {}--help)", error.what(), chosen.empty() ? "" : chosen.front()->get_name() + " ");
  }
  return commands.at(app.get_subcommands().front()->get_name())->run(flags);
}

}  // namespace

int run_program(int count, char** words) {
  try {
    return static_cast<int>(run_verb(count, words));
  } catch (const UserError& error) {
    fmt::print(stderr, "emfbench: {}\n", error.what());
    return static_cast<int>(error.code());
  } catch (const std::exception& error) {
    fmt::print(stderr, "emfbench: internal error: {}\nPlease report it with the command and `emfbench doctor`.\n",
               error.what());
    return static_cast<int>(ExitCode::kInternal);
  }
}

void print_json(const Json& value) { fmt::print("{}", pretty_json(value)); }

}  // namespace emf
