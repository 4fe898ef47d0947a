// SPDX-License-Identifier: Apache-2.0
#include "harness/command/help.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>

namespace emf {
namespace {

constexpr size_t kColumns = 80, kNameColumn = 26;
constexpr const char* kCommonGroup = "Common options";

/// "INT:INT in [1 - 1024]" and "TEXT:{fp32,bf16}", as CLI11 writes a type and its check.
struct TypeText {
  std::string value;   ///< "N", or "fp32|bf16"
  std::string bounds;  ///< "1 to 1024"
};

TypeText type_text(const CLI::Option& option) {
  const std::string text = option.get_type_name();
  const size_t colon = text.find(':');
  const std::string type = text.substr(0, colon), check = colon == std::string::npos ? "" : text.substr(colon + 1);
  TypeText out{type == "INT" || type == "UINT" ? "N" : type == "FLOAT" ? "X" : type, ""};
  if (check.starts_with("{")) {
    out.value = check.substr(1, check.find('}') - 1);
    std::replace(out.value.begin(), out.value.end(), ',', '|');
  } else if (const size_t open = check.find(" in ["); open != std::string::npos) {
    out.bounds = check.substr(open + 5, check.find(']') - open - 5);
    if (const size_t dash = out.bounds.find(" - "); dash != std::string::npos) out.bounds.replace(dash, 3, " to ");
  }
  return out;
}

std::string name_text(const CLI::Option& option) {
  std::string name;
  if (option.get_positional()) {
    name = option.get_name(true, false);
    if (!option.get_required()) name = "[" + name + "]";
  } else {
    std::vector<std::string> names;
    for (const std::string& letter : option.get_snames()) names.push_back("-" + letter);
    for (const std::string& word : option.get_lnames()) names.push_back("--" + word);
    name = fmt::format("{}", fmt::join(names, ", "));
    if (option.get_type_size() != 0) name += " " + type_text(option).value;
  }
  return option.get_expected_max() == CLI::detail::expected_max_vector_size ? name + " ..." : name;
}

/// What the option does, its bounds, what it needs, and its default.
std::string about(const CLI::Option& option) {
  std::vector<std::string> notes;
  if (option.get_required() && !option.get_positional()) notes.emplace_back("required");
  if (const std::string bounds = type_text(option).bounds; !bounds.empty()) notes.push_back(bounds);
  for (const CLI::Option* other : option.get_needs()) notes.push_back("with " + other->get_name());
  for (const CLI::Option* other : option.get_excludes()) notes.push_back("not with " + other->get_name());
  if (!option.get_envname().empty()) notes.push_back("$" + option.get_envname());
  if (!option.get_default_str().empty()) notes.push_back("default " + option.get_default_str());
  const std::string text = option.get_description();
  return notes.empty() ? text : fmt::format("{} ({})", text, fmt::join(notes, ", "));
}

std::string entry(const std::string& name, const std::string& text) {
  std::string line = "  " + name;
  if (line.size() + 2 > kNameColumn) {
    line += "\n" + std::string(kNameColumn, ' ');
  } else {
    line.resize(kNameColumn, ' ');
  }
  return line + wrapped(text, kColumns - kNameColumn, kNameColumn) + "\n";
}

std::string entries(const std::string& title, const std::vector<const CLI::Option*>& options) {
  if (options.empty()) return "";
  std::string text = fmt::format("\n{}:\n", title);
  for (const CLI::Option* option : options) text += entry(name_text(*option), about(*option));
  return text;
}

/// Groups of options in order of their first option; what every verb has comes last.
std::string option_groups(const CLI::App& app) {
  std::vector<std::string> titles = app.get_groups();
  std::stable_partition(titles.begin(), titles.end(), [](const std::string& title) { return title != kCommonGroup; });
  std::string text;
  for (const std::string& title : titles) {
    if (title.empty()) continue;
    text += entries(title, app.get_options([&](const CLI::Option* option) {
      return option->nonpositional() && option->get_group() == title;
    }));
  }
  return text;
}

std::string usage(const CLI::App& app) {
  std::string path = app.get_name();
  for (const CLI::App* above = app.get_parent(); above != nullptr; above = above->get_parent())
    path = above->get_name() + " " + path;
  std::string words;
  for (const CLI::Option* option : app.get_options())
    if (option->nonpositional() && option->get_required()) words += " " + name_text(*option);
  for (const CLI::App* group : app.get_subcommands([](const CLI::App* sub) { return sub->get_name().empty(); })) {
    std::vector<std::string> choices;
    for (const CLI::Option* option : group->get_options()) choices.push_back(name_text(*option));
    words += fmt::format(" ({})", fmt::join(choices, " | "));
  }
  for (const CLI::Option* option : app.get_options())
    if (option->get_positional()) words += " " + name_text(*option);
  const bool verbs = !app.get_subcommands([](const CLI::App* sub) { return !sub->get_name().empty(); }).empty();
  if (verbs) words += app.get_require_subcommand_min() > 0 ? " VERB" : " [VERB]";
  return wrapped(fmt::format("Usage: {} [OPTIONS]{}", path, words), kColumns, 7);
}

std::string verb_list(const CLI::App& app) {
  std::string text;
  for (const CLI::App* verb : app.get_subcommands([](const CLI::App* sub) { return !sub->get_name().empty(); }))
    text += entry(verb->get_name(), verb->get_description());
  return text.empty() ? "" : "\nVerbs:\n" + text;
}

/// Lines of a footer keep their indent; what is too long goes on two blanks deeper.
std::string wrapped_lines(const std::string& text) {
  std::string out;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    const size_t indent = std::min(text.find_first_not_of(' ', begin), end) - begin;
    out += std::string(indent, ' ') +
           wrapped(text.substr(begin + indent, end - begin - indent), kColumns - indent - 2, indent + 2) + "\n";
    begin = end + 1;
  }
  return out;
}

}  // namespace

std::string wrapped(const std::string& text, size_t width, size_t indent) {
  std::string out;
  size_t used = 0;
  for (size_t begin = 0; begin < text.size();) {
    if (text[begin] == '\n') {
      out += "\n" + std::string(indent, ' ');
      used = 0;
      ++begin;
      continue;
    }
    const size_t end = std::min(text.find_first_of(" \n", begin), text.size());
    const size_t length = end - begin;
    if (used > 0 && used + 1 + length > width) {
      out += "\n" + std::string(indent, ' ');
      used = 0;
    }
    if (used > 0) {
      out += ' ';
      ++used;
    }
    out += text.substr(begin, length);
    used += length;
    begin = end < text.size() && text[end] == ' ' ? end + 1 : end;
  }
  return out;
}

std::string help_text(const CLI::App& app) {
  std::string text = wrapped(app.get_description(), kColumns, 0) + "\n" + usage(app) + "\n";
  text += entries("Arguments", app.get_options([](const CLI::Option* option) { return option->get_positional(); }));
  for (const CLI::App* group : app.get_subcommands([](const CLI::App* sub) { return sub->get_name().empty(); }))
    text += entries("Exactly one of", group->get_options());
  text += verb_list(app) + option_groups(app);
  if (!app.get_footer().empty()) text += "\n" + wrapped_lines(app.get_footer());
  return text;
}

}  // namespace emf
