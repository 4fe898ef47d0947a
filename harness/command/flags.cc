// SPDX-License-Identifier: Apache-2.0
#include "harness/command/flags.h"

#include <CLI/CLI.hpp>
#include <optional>

namespace emf {
namespace {

std::vector<std::string> choices_of(const CLI::Option& option) {
  const std::string text = option.get_type_name();
  const size_t open = text.find(":{"), close = text.find('}');
  if (open == std::string::npos || close == std::string::npos) return {};
  return CLI::detail::split(text.substr(open + 2, close - open - 2), ',');
}

VerbTree tree_of(const CLI::App& app) {
  VerbTree tree{app.get_name(), app.get_description(), {}, {}};
  const auto add = [&](const CLI::Option& option) {
    std::vector<std::string> names;
    for (const std::string& word : option.get_lnames()) names.push_back("--" + word);
    for (const std::string& letter : option.get_snames()) names.push_back("-" + letter);
    if (option.get_positional()) names.push_back(option.get_name(true, false));
    tree.words.push_back({names, option.get_description(), option.get_type_size() != 0, choices_of(option)});
  };
  for (const CLI::Option* option : app.get_options()) add(*option);
  for (const CLI::App* sub : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (sub->get_name().empty()) {  // a group of options, no verb
      for (const CLI::Option* option : sub->get_options()) add(*option);
    } else {
      tree.verbs.push_back(tree_of(*sub));
    }
  }
  return tree;
}

}  // namespace

const Flag& Flag::required() const {
  option_->required();
  return *this;
}

const Flag& Flag::between(int64_t low, int64_t high) const {
  option_->check(CLI::Range(low, high));
  return *this;
}

const Flag& Flag::between_real(double low, double high) const {
  option_->check(CLI::Range(low, high));
  return *this;
}

const Flag& Flag::one_of(const std::vector<std::string>& words) const {
  option_->check(CLI::IsMember(words));
  return *this;
}

const Flag& Flag::separated_by(char delimiter) const {
  option_->delimiter(delimiter);
  return *this;
}

const Flag& Flag::shows_default() const {
  option_->capture_default_str();
  return *this;
}

const Flag& Flag::or_environment(const std::string& variable) const {
  option_->envname(variable);
  return *this;
}

const Flag& Flag::needs(const std::string& other) const {
  option_->needs(other);
  return *this;
}

const Flag& Flag::excludes(const Flag& other) const {
  option_->excludes(other.option_);
  return *this;
}

size_t Flag::count() const { return option_->count(); }

std::string Flag::name() const { return option_->get_name(); }

template <typename Value>
Flag Flags::option(const std::string& names, Value& value, const std::string& help) const {
  CLI::Option* option = app_->add_option(names, value, help);
  if constexpr (std::is_same_v<Value, uint64_t>) {
    // strtoull() makes 18446744073709551615 of -1.
    option->check([](const std::string& text) { return text.starts_with('-') ? text + " is below 0" : std::string(); });
  }
  return grouped(option);
}

template Flag Flags::option(const std::string&, std::string&, const std::string&) const;
template Flag Flags::option(const std::string&, std::vector<std::string>&, const std::string&) const;
template Flag Flags::option(const std::string&, std::vector<int64_t>&, const std::string&) const;
template Flag Flags::option(const std::string&, int&, const std::string&) const;
template Flag Flags::option(const std::string&, int64_t&, const std::string&) const;
template Flag Flags::option(const std::string&, uint64_t&, const std::string&) const;
template Flag Flags::option(const std::string&, double&, const std::string&) const;
template Flag Flags::option(const std::string&, std::optional<int>&, const std::string&) const;
template Flag Flags::option(const std::string&, std::optional<int64_t>&, const std::string&) const;
template Flag Flags::option(const std::string&, std::optional<double>&, const std::string&) const;

template <typename Value>
Flag Flags::option(const std::string& names, const std::function<void(const Value&)>& take,
                   const std::string& help) const {
  return grouped(app_->add_option_function<Value>(names, take, help));
}

template Flag Flags::option(const std::string&, const std::function<void(const int64_t&)>&, const std::string&) const;
template Flag Flags::option(const std::string&, const std::function<void(const std::string&)>&,
                            const std::string&) const;
template Flag Flags::option(const std::string&, const std::function<void(const std::vector<std::string>&)>&,
                            const std::string&) const;

Flag Flags::flag(const std::string& names, bool& value, const std::string& help) const {
  return grouped(app_->add_flag(names, value, help));
}

Flag Flags::flag(const std::string& names, const std::function<void()>& take, const std::string& help) const {
  return grouped(app_->add_flag_callback(names, take, help));
}

Flag Flags::grouped(CLI::Option* option) const {
  if (!title_.empty()) option->group(title_);
  return Flag(option);
}

Flags Flags::under(const std::string& title) const {
  Flags flags = *this;
  flags.title_ = title;
  return flags;
}

Flags Flags::exactly_one(const std::string& name) const {
  auto* group = app_->add_option_group(name);
  group->set_help_flag();  // the verb has it
  group->require_option(1);
  return Flags(group);
}

Flags Flags::verb(const std::string& name, const std::string& help) const {
  return Flags(app_->add_subcommand(name, help));
}

void Flags::require_verb() const { app_->require_subcommand(1); }

void Flags::footer(const std::string& text) const { app_->footer(text); }

bool Flags::chosen() const { return app_->parsed(); }

size_t Flags::count(const std::string& name) const { return app_->count(name); }

std::vector<Flag> Flags::all() const {
  std::vector<Flag> flags;
  for (CLI::Option* option : app_->get_options()) flags.emplace_back(option);
  return flags;
}

VerbTree Flags::program() const {
  const CLI::App* root = app_;
  while (root->get_parent() != nullptr) root = root->get_parent();
  return tree_of(*root);
}

}  // namespace emf
