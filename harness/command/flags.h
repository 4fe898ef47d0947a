// SPDX-License-Identifier: Apache-2.0
// The options, flags and arguments of a verb, declared without CLI11's headers: those cost every file that includes
// them over two seconds of compiling, more than most verbs take by themselves.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace emf {

/// One declared option, flag or argument. Copies name the same one, which lives as long as the program's parser.
class Flag {
 public:
  explicit Flag(CLI::Option* option) : option_(option) {}

  /// Without it the command is refused.
  const Flag& required() const;
  /// Numbers outside [low, high] are refused.
  const Flag& between(int64_t low, int64_t high) const;
  const Flag& between_real(double low, double high) const;
  /// Other words are refused.
  const Flag& one_of(const std::vector<std::string>& words) const;
  /// Several values in one word: a,b,c.
  const Flag& separated_by(char delimiter) const;
  /// The help names the value that the variable has now.
  const Flag& shows_default() const;
  /// What stands in this variable of the environment counts where the flag is not given.
  const Flag& or_environment(const std::string& variable) const;
  /// Only beside this one, or never beside it.
  const Flag& needs(const std::string& other) const;
  const Flag& excludes(const Flag& other) const;

  /// How often it was given.
  size_t count() const;
  /// "--out", or "suite" of an argument.
  std::string name() const;

 private:
  CLI::Option* option_;
};

/// One verb as it was declared, for whoever lists the whole command line: completion, tests of the help.
struct VerbTree {
  struct Word {
    std::vector<std::string> names;  ///< "--out", "-q"; one without dashes is an argument
    std::string help;
    bool takes_value = false;
    std::vector<std::string> choices;  ///< all that it may be, if not everything
  };
  std::string name, help;
  std::vector<Word> words;
  std::vector<VerbTree> verbs;
};

/// What a verb declares: names as "--out" or "--quiet,-q"; a name without dashes is an argument, in order of
/// declaration.
class Flags {
 public:
  explicit Flags(CLI::App* app) : app_(app) {}

  /// Writes what is given into `value`: std::string, numbers, std::optional of numbers, or std::vector of either. One
  /// of a vector may be given several times. The types are those that flags.cc lists.
  template <typename Value>
  Flag option(const std::string& names, Value& value, const std::string& help) const;
  /// Calls `take` with what is given: int64_t, std::string or std::vector<std::string>.
  template <typename Value>
  Flag option(const std::string& names, const std::function<void(const Value&)>& take, const std::string& help) const;
  Flag flag(const std::string& names, bool& value, const std::string& help) const;
  Flag flag(const std::string& names, const std::function<void()>& take, const std::string& help) const;

  /// The same verb, whose further options stand below this title in its help.
  Flags under(const std::string& title) const;
  /// Options of which exactly one is given.
  Flags exactly_one(const std::string& name) const;
  /// A verb behind this one.
  Flags verb(const std::string& name, const std::string& help) const;
  /// The command is refused without one of the verbs behind this one.
  void require_verb() const;
  /// Text below the help.
  void footer(const std::string& text) const;

  /// Whether the command names this verb.
  bool chosen() const;
  /// How often the option of this name was given.
  size_t count(const std::string& name) const;
  /// Every option declared here.
  std::vector<Flag> all() const;
  /// The whole program that this verb belongs to.
  VerbTree program() const;

 private:
  Flag grouped(CLI::Option* option) const;

  CLI::App* app_;
  std::string title_;
};

}  // namespace emf
