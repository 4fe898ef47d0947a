// SPDX-License-Identifier: Apache-2.0
#include "harness/base/config.h"

#include <toml++/toml.h>

#include <algorithm>
#include <sstream>

#include "harness/base/bounded.h"
#include "harness/base/file.h"

namespace emf {
namespace {

Json to_json(const toml::node& node, const std::string& path, Config& config) {
  // Every node has its place, tables and list items too: a reader that refuses a key long after parsing can
  // still name its line.
  if (!path.empty()) config.places[path] = {config.origin, static_cast<int>(node.source().begin.line)};
  // JSON, which hashes and results are made of, has neither of these. A date turned into text would be another
  // value than the one that was written.
  const auto refuse = [&](const char* what) {
    fail_input("{}: '{}' is {}, which no key takes; write a string, number, true/false, list or table",
               config.place(path), path, what);
  };
  switch (node.type()) {
    case toml::node_type::table: {
      Json object = Json::object();
      for (const auto& [key, child] : *node.as_table()) {
        const std::string name(key.str());
        object[name] = to_json(child, path.empty() ? name : path + "." + name, config);
      }
      return object;
    }
    case toml::node_type::array: {
      Json list = Json::array();
      for (const toml::node& child : *node.as_array()) {
        list.push_back(to_json(child, path + "." + std::to_string(list.size()), config));
      }
      return list;
    }
    case toml::node_type::string:
      return node.as_string()->get();
    case toml::node_type::integer:
      return node.as_integer()->get();
    case toml::node_type::floating_point:
      return node.as_floating_point()->get();
    case toml::node_type::boolean:
      return node.as_boolean()->get();
    case toml::node_type::none:
      refuse("empty");
      break;
    default:
      refuse("a date or time");
      break;
  }
  return nullptr;
}

}  // namespace

std::string Config::place(const std::string& key) const {
  // A key without a place was filled in by the program. The document itself is then the nearest thing that can
  // be named.
  const auto place = places.find(key);
  if (place == places.end()) return origin;
  return place->second.file.empty() ? "command line" : fmt::format("{}:{}", place->second.file, place->second.line);
}

namespace {

/// A question mark for every byte that is not ASCII: like the letters it stands for, it is TOML in strings and comments
/// and nowhere else, not behind a backslash either.
std::string in_ascii(std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) >= 0x80) c = '?';
  }
  return text;
}

/// The library's tables have holes among the letters beyond ASCII, which it looks up where it expects no such letter.
/// What is TOML with question marks in their place has them in strings and comments alone.
/// @throws UserError  as require_toml_levels.   @throws toml::parse_error  no TOML.
toml::table parse_toml(const std::string& text, const std::string& origin) {
  require_toml_levels(text, origin);
  const std::string ascii = in_ascii(text);
  if (ascii != text) {
    [[maybe_unused]] const toml::table sound = toml::parse(ascii, origin);
  }
  return toml::parse(text, origin);
}

}  // namespace

Config parse_config(const std::string& text, const std::string& origin) {
  Config config;
  config.origin = origin;
  try {
    config.values = to_json(parse_toml(text, origin), "", config);
  } catch (const toml::parse_error& error) {
    fail_input("{}:{}: not valid TOML: {}", origin, error.source().begin.line, error.description());
  }
  return config;
}

namespace {

/// Takes over what `own` does not say, table by table.
void merge_below(Config& own, const Config& included, Json& into, const Json& from, const std::string& path) {
  for (const auto& [key, value] : from.items()) {
    const std::string dotted = path.empty() ? key : path + "." + key;
    // What the including file says stands. Tables are merged key by key; lists are not, because half of one
    // list and half of another is what neither file says.
    if (!into.contains(key)) {
      into[key] = value;
      // The places of everything beneath come along, so that messages name the file in which a key stands.
      for (const auto& [name, place] : included.places) {
        if (name == dotted || name.rfind(dotted + ".", 0) == 0) own.places[name] = place;
      }
    } else if (into[key].is_object() && value.is_object()) {
      merge_below(own, included, into[key], value, dotted);
    }
  }
}

Config load_with_includes(const std::filesystem::path& path, std::vector<std::filesystem::path> above) {
  // The canonical path, because a link or "../" can give one file two names, and a circle would then be
  // followed once more for each.
  require_input(path);
  std::error_code unreachable;
  const std::filesystem::path itself = std::filesystem::weakly_canonical(path, unreachable);
  if (std::find(above.begin(), above.end(), itself) != above.end()) {
    fail_input("{}: it includes itself, by way of {}", path.string(), above.back().string());
  }
  // `above` is passed by value and holds the way down to this file alone: a file that two others include is no
  // circle.
  above.push_back(itself);
  Config config = parse_config(read_file(path), path.string());
  if (!config.values.contains("include")) return config;
  std::vector<std::string> names;
  {
    ConfigReader reader(config, "");
    names = reader.texts("include", {});
  }
  for (const std::string& name : names) {
    // Names are seen from the including file, so that a folder of suites can be moved as a whole.
    const std::filesystem::path other = path.parent_path() / name;
    if (!path_exists(other)) {
      fail_missing("{}: 'include' names {}, which does not exist", config.place("include"), other.string());
    }
    const Config included = load_with_includes(other, above);
    merge_below(config, included, config.values, included.values, "");
  }
  // The key has done its work, and no reader of suites knows it.
  config.values.erase("include");
  return config;
}

}  // namespace

Config load_config(const std::filesystem::path& path) { return load_with_includes(path, {}); }

std::vector<std::string> split_at(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, separator);) parts.push_back(part);
  return parts;
}

void apply_override(Config& config, const std::string& assignment) {
  const size_t equals = assignment.find('=');
  if (equals == std::string::npos || equals == 0) {
    fail_input("command line: '{}' is not of the form key=value", assignment);
  }
  const std::string key = assignment.substr(0, equals), text = assignment.substr(equals + 1);
  // Whatever TOML understands is taken as TOML (numbers, true, lists, quoted text); everything else is a word,
  // because few people quote on a command line.
  require_toml_levels(assignment, "command line", BareLetters::kAllowed);
  Json value = text;
  Config literal;
  std::optional<toml::table> parsed;
  try {
    parsed = parse_toml("value = " + text, "command line");
  } catch (const toml::parse_error&) {
    // A bare word: `encoders=llm` is kept as a string.
  } catch (const UserError&) {
    // Likewise of letters that TOML has no place for; levels were looked at above.
  }
  // Of "1\nother = 2" more than the value would be read, and only the value kept.
  if (parsed && parsed->size() == 1) value = to_json(*parsed->get("value"), "", literal);
  Json* target = &config.values;
  for (const std::string& part : split_at(key, '.')) {
    if (!target->is_object()) fail_input("command line: '{}' goes into a key that holds no table", key);
    target = &(*target)[part];
    // A table that the file does not have may be made here. If its name is a slip, it is refused later as an
    // unknown key.
    if (target->is_null()) *target = Json::object();
  }
  *target = value;
  // A place without a file is what place() calls the command line, and where grids are looked for.
  config.places[key] = {};
}

}  // namespace emf
