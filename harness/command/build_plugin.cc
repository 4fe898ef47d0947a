// SPDX-License-Identifier: Apache-2.0
// emfbench build-plugin FILE.cc: a shared object that `--plugin` loads, made with the very flags of this build.
#include <fmt/format.h>
#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>

#include "harness/base/bounded.h"
#include "harness/base/file.h"
#include "harness/base/hash.h"
#include "harness/base/paths.h"
#include "harness/base/terminal.h"
#include "harness/command/command.h"

namespace emf {
namespace {

namespace fs = std::filesystem;

/// One word of a shell command.
std::string quoted(const std::string& word) {
  std::string text = "'";
  for (const char letter : word) text += letter == '\'' ? std::string("'\\''") : std::string(1, letter);
  return text + "'";
}

/// How this build compiles harness/plugin/abi.cc, which has every include path that a plugin may need.
struct CompileCommand {
  std::string flags;  ///< compiler and flags, without the files
  fs::path object;    ///< what came of it; every plugin is linked with it
};

CompileCommand command_of_this_build() {
  const fs::path list = fs::path(EMF_BUILD_ROOT) / "compile_commands.json";
  if (!path_exists(list))
    fail_missing("there is no {}; build-plugin needs the build that made this program: ./emfbench setup",
                 list.string());
  const Json commands = read_json(list);  // named: the loop keeps references into it
  for (const Json& entry : commands) {
    if (!entry.at("file").get_ref<const std::string&>().ends_with("/harness/plugin/abi.cc")) continue;
    const std::string command = entry.at("command");
    const size_t out = command.rfind(" -o "), source = command.rfind(" -c ");
    ensure(out != std::string::npos && source != std::string::npos && out < source, "no -o and -c in: {}", command);
    return {command.substr(0, out),
            entry.at("directory").get<std::string>() / fs::path(command.substr(out + 4, source - out - 4))};
  }
  throw InternalError("the build does not compile harness/plugin/abi.cc");
}

class BuildPlugin : public Command {
 public:
  void declare(const Flags& flags) override {
    flags.option("source", source_, "a plugin's one file, as `emfbench new` writes it").required();
    flags.option("--out", out_, "shared object to write (default: beside the source)");
    flags.flag("--print", print_, "only print the command, for builds of your own");
    flags.option("words", extras_, "further words for the compiler, after --: emfbench build-plugin mine.cc -- -lfoo");
  }

  ExitCode run(const CommonFlags& flags) override {
    if (!is_file(source_)) fail_missing("there is no file {} (write one with: emfbench new encoder NAME)", source_);
    const fs::path source = fs::absolute(source_);
    const fs::path out = out_.empty() ? fs::path(source).replace_extension(".so") : fs::absolute(out_);
    if (out == source) fail_input("{} would overwrite its source; give --out FILE.so", source_);
    const CompileCommand own = command_of_this_build();
    // Another compiler may warn where ours does not: warnings are shown, and stop nobody.
    std::string command = fmt::format("{} -Wno-error -shared -o {} {} {}", own.flags, quoted(out.string()),
                                      quoted(source.string()), quoted(own.object.string()));
    for (const std::string& word : extras_) command += " " + quoted(word);
    if (print_) {
      if (flags.json) {
        print_json({{"command", command}, {"plugin", out.string()}});
      } else {
        print_shown("{}\n", command);
      }
      return ExitCode::kGood;
    }
    const int status = std::system((command + " >&2").c_str());
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) fail_input("{} did not compile (see above)", source_);
    // As sha256sum writes it. Loading holds the file against it: a damaged plugin would end the program.
    write_atomically(out.string() + ".sha256", sha256_file(out) + "  " + out.filename().string() + "\n");
    if (flags.json) {
      print_json({{"plugin", out.string()}});
    } else {
      print_shown("{}\n", out.string());
    }
    say(fmt::format("use it with any verb: emfbench list encoders --plugin {}", out.string()));
    return ExitCode::kGood;
  }

 private:
  std::string source_, out_;
  std::vector<std::string> extras_;
  bool print_ = false;
};

EMF_REGISTER(CommandRegistry, "build-plugin", "Compile one plugin file outside the tree, for --plugin",
             std::make_unique<BuildPlugin>);

}  // namespace
}  // namespace emf
