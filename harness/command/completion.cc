// SPDX-License-Identifier: Apache-2.0
// emfbench completion SHELL: a script that completes verbs, flags and their choices, made of what is really declared.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <optional>

#include "harness/base/terminal.h"
#include "harness/command/command.h"

namespace emf {
namespace {

/// "run", or "score answers" of a verb behind a verb.
void walk(const VerbTree& tree, const std::string& path,
          const std::function<void(const std::string&, const VerbTree&)>& visit) {
  visit(path, tree);
  for (const VerbTree& verb : tree.verbs) walk(verb, path.empty() ? verb.name : path + " " + verb.name, visit);
}

std::vector<std::string> flags_of(const VerbTree& verb) {
  std::vector<std::string> names;
  for (const VerbTree::Word& word : verb.words)
    for (const std::string& name : word.names)
      if (name.starts_with("-")) names.push_back(name);
  return names;
}

std::vector<std::string> verbs_of(const VerbTree& tree) {
  std::vector<std::string> names;
  for (const VerbTree& verb : tree.verbs) names.push_back(verb.name);
  return names;
}

/// Text between single quotes of a shell.
std::string quoted(const std::string& text) {
  std::string out = "'";
  for (const char letter : text) out += letter == '\'' ? std::string("'\\''") : std::string(1, letter);
  return out + "'";
}

std::string first_sentence(const std::string& help) { return help.substr(0, std::min(help.find(';'), help.find('('))); }

std::string bash_script(const VerbTree& program) {
  std::string cases, choices;
  walk(program, "", [&](const std::string& path, const VerbTree& verb) {
    std::vector<std::string> words = verbs_of(verb);
    for (const std::string& flag : flags_of(verb)) words.push_back(flag);
    cases += fmt::format("    {}) words={} ;;\n", quoted(path), quoted(fmt::format("{}", fmt::join(words, " "))));
    for (const VerbTree::Word& word : verb.words)
      for (const std::string& name : word.names)
        if (!word.choices.empty())
          choices += fmt::format("    {}) words={} ;;\n", quoted(path + "|" + name),
                                 quoted(fmt::format("{}", fmt::join(word.choices, " "))));
  });
  return fmt::format(R"(# bash completion of emfbench:   source <(emfbench completion bash)
_emfbench() {{
  local current=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD-1]}} path= words= i
  for ((i = 1; i < COMP_CWORD; ++i)); do
    case "$path ${{COMP_WORDS[i]}}" in
{}    esac
  done
  case $path in
{}  esac
  case "$path|$before" in
{}  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  # Files complete what is no flag.
  [[ $current == -* || ${{#COMPREPLY[@]}} -gt 0 ]] || COMPREPLY=($(compgen -f -- "$current"))
}}
complete -o filenames -F _emfbench emfbench ./emfbench
)",
                     [&] {
                       std::string steps;
                       walk(program, "", [&](const std::string& path, const VerbTree&) {
                         if (path.empty()) return;
                         const size_t blank = path.rfind(' ');
                         const std::string above = blank == std::string::npos ? "" : path.substr(0, blank);
                         const std::string last = blank == std::string::npos ? path : path.substr(blank + 1);
                         steps += fmt::format("      {}) path={} ;;\n", quoted(above + " " + last), quoted(path));
                       });
                       return steps;
                     }(),
                     cases, choices);
}

std::string zsh_script(const VerbTree& program) {
  // zsh runs bash's completions through bashcompinit, so there is one list to keep true.
  return "#compdef emfbench\n# zsh completion of emfbench:   source <(emfbench completion zsh)\n"
         "autoload -U +X compinit && compinit\nautoload -U +X bashcompinit && bashcompinit\n" +
         bash_script(program);
}

std::string fish_script(const VerbTree& program) {
  std::string text = "# fish completion of emfbench:   emfbench completion fish | source\n";
  const std::string verbs = fmt::format("{}", fmt::join(verbs_of(program), " "));
  for (const VerbTree& verb : program.verbs) {
    text += fmt::format("complete -c emfbench -f -n 'not __fish_seen_subcommand_from {}' -a {} -d {}\n", verbs,
                        verb.name, quoted(first_sentence(verb.help)));
    for (const VerbTree::Word& word : verb.words) {
      std::string names;
      for (const std::string& name : word.names) {
        if (name.starts_with("--")) {
          names += " -l " + name.substr(2);
        } else if (name.starts_with("-")) {
          names += " -s " + name.substr(1);
        }
      }
      if (names.empty()) continue;
      std::string values = word.takes_value ? " -r" : "";
      if (!word.choices.empty())
        values = fmt::format(" -x -a {}", quoted(fmt::format("{}", fmt::join(word.choices, " "))));
      text += fmt::format("complete -c emfbench -n '__fish_seen_subcommand_from {}'{}{} -d {}\n", verb.name, names,
                          values, quoted(first_sentence(word.help)));
    }
  }
  return text;
}

class Completion : public Command {
 public:
  void declare(const Flags& flags) override {
    flags_ = flags;
    flags.option("shell", shell_, "bash, zsh or fish").required().one_of({"bash", "zsh", "fish"});
  }

  ExitCode run(const CommonFlags& flags) override {
    const VerbTree program = flags_->program();
    const std::string script = shell_ == "bash"  ? bash_script(program)
                               : shell_ == "zsh" ? zsh_script(program)
                                                 : fish_script(program);
    if (flags.json) {
      print_json({{"shell", shell_}, {"script", script}});
    } else {
      print_lines(script);
    }
    return ExitCode::kGood;
  }

 private:
  std::optional<Flags> flags_;
  std::string shell_;
};

EMF_REGISTER(CommandRegistry, "completion", "A script that completes commands in bash, zsh or fish",
             std::make_unique<Completion>);

}  // namespace
}  // namespace emf
