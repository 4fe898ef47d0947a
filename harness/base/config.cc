#include "harness/base/config.h"

#include <toml++/toml.h>

#include <algorithm>
#include <sstream>

#include "harness/base/bounded.h"
#include "harness/base/file.h"
#include "harness/base/near_name.h"
#include "harness/base/options.h"

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

std::string type_name(const Json& value) {
  if (value.is_string()) return "a string";
  if (value.is_boolean()) return "true/false";
  if (value.is_number_integer()) return "an integer";
  if (value.is_number_float()) return "a number";
  if (value.is_array()) return "a list";
  return value.is_object() ? "a table" : "nothing";
}

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, separator);) parts.push_back(part);
  return parts;
}

std::optional<int64_t> parse_integer(const std::string& text) {
  size_t used = 0;
  try {
    const int64_t value = std::stoll(text, &used);
    // stoll() stops at the first character that is no digit, so that "12x" would count as 12.
    if (used == text.size()) return value;
  } catch (const std::exception&) {
  }
  return std::nullopt;
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

/// Two ASCII letters for every byte that is none: a text of the same lines, keys and strings.
std::string in_ascii(const std::string& text) {
  std::string ascii;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      ascii += c;
    } else {
      ascii += {static_cast<char>('a' + byte / 16), static_cast<char>('a' + byte % 16)};
    }
  }
  return ascii;
}

/// The library's tables have holes among the letters beyond ASCII, which it looks up wherever it expects no such letter.
/// What is TOML with other letters in their place has them in strings and comments alone.
/// @throws UserError  as require_toml_levels.   @throws toml::parse_error  no TOML.
toml::table parse_toml(const std::string& text, const std::string& origin) {
  require_toml_levels(text, origin);
  const std::string ascii = in_ascii(text);
  if (ascii.size() != text.size()) {
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
  for (const std::string& part : split(key, '.')) {
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

ConfigReader::ConfigReader(const Config& config, std::string table) : config_(config), path_(std::move(table)) {
  const Json* found = &config_.values;
  for (const std::string& part : split(path_, '.')) {
    if (found->is_array()) {
      found = &found->at(std::stoul(part));
    } else if (found->contains(part)) {
      found = &found->at(part);
    } else {
      return;
    }
  }
  if (!found->is_object()) {
    fail_input("{}: '{}' must be a table, not {}", config_.place(path_), path_, type_name(*found));
  }
  table_ = *found;
}

ConfigReader::ConfigReader(const Options& options)
    : config_(options.places()), path_(options.path()), table_(options.values()) {
  // Keys that somebody else has read are no unknown keys here, and may be what a mistyped one was meant to be.
  known_.insert(options.taken().begin(), options.taken().end());
}

const Json* ConfigReader::find(const std::string& key) {
  // Asking for a key is what makes it known, so that no second list of keys can go stale.
  known_.insert(key);
  const auto position = table_.find(key);
  return position == table_.end() ? nullptr : &*position;
}

void ConfigReader::fail_type(const std::string& key, const char* expected, const Json& found) const {
  fail_input("{}: '{}' must be {}, not {} ({})", place(key), dotted(key), expected, type_name(found), found.dump());
}

std::string ConfigReader::text(const std::string& key, const std::string& fallback) {
  const Json* value = find(key);
  if (value == nullptr) return fallback;
  if (!value->is_string()) fail_type(key, "a string", *value);
  return value->get<std::string>();
}

std::string ConfigReader::required_text(const std::string& key) {
  if (!has(key)) fail_input("{}: '{}' is missing", config_.origin, dotted(key));
  return text(key, "");
}

bool ConfigReader::flag(const std::string& key, bool fallback) {
  const Json* value = find(key);
  if (value == nullptr) return fallback;
  if (!value->is_boolean()) fail_type(key, "true or false", *value);
  return value->get<bool>();
}

int64_t ConfigReader::integer(const std::string& key, int64_t fallback, int64_t low, int64_t high) {
  const Json* value = find(key);
  if (value == nullptr) return fallback;
  if (!value->is_number_integer()) fail_type(key, "an integer", *value);
  const std::optional<int64_t> number = whole_number(*value);
  if (!number || *number < low || *number > high) {
    fail_input("{}: '{}' is {}, outside {}..{}", place(key), dotted(key), value->dump(), low, high);
  }
  return *number;
}

double ConfigReader::number(const std::string& key, double fallback, double low, double high) {
  const Json* value = find(key);
  if (value == nullptr) return fallback;
  if (!value->is_number()) fail_type(key, "a number", *value);
  const double number = value->get<double>();
  // Written this way round, so that NaN, which TOML has a word for, lies outside as well.
  if (!(number >= low && number <= high)) {
    fail_input("{}: '{}' is {}, outside {}..{}", place(key), dotted(key), number, low, high);
  }
  return number;
}

std::vector<std::string> ConfigReader::texts(const std::string& key, std::vector<std::string> fallback) {
  const Json* value = find(key);
  if (value == nullptr) return fallback;
  // A command line has no quotes and brackets: one string may hold several words there.
  if (!value->is_string() && !value->is_array()) fail_type(key, "a list of strings", *value);
  std::vector<std::string> items;
  if (value->is_string()) items = split(value->get<std::string>(), ',');
  for (const Json& item : value->is_array() ? *value : Json::array()) {
    if (!item.is_string()) fail_type(key, "a list of strings", *value);
    items.push_back(item.get<std::string>());
  }
  if (items.size() > bounds::kNames) {
    fail_input("{}: '{}' holds {} names, more than {}", place(key), dotted(key), items.size(), bounds::kNames);
  }
  return items;
}

std::vector<int64_t> ConfigReader::integers(const std::string& key, std::vector<int64_t> fallback, int64_t low,
                                            int64_t high) {
  const Json* value = find(key);
  if (value == nullptr) return fallback;
  std::vector<int64_t> items;
  if (value->is_string()) {
    for (const std::string& part : split(value->get<std::string>(), ',')) {
      const size_t dots = part.find("..");
      const auto first = parse_integer(part.substr(0, dots));
      const auto last = dots == std::string::npos ? first : parse_integer(part.substr(dots + 2));
      // A slip such as 0..20000000 must not fill the memory before the range is looked at.
      if (!first || !last || *last < *first || *last - *first > 100000) fail_type(key, "a list of integers", *value);
      for (int64_t i = *first; i <= *last; ++i) items.push_back(i);
    }
  } else if (const auto number = whole_number(*value)) {
    items.push_back(*number);
  } else if (value->is_array()) {
    for (const Json& item : *value) {
      if (!whole_number(item)) fail_type(key, "a list of integers", *value);
      items.push_back(*whole_number(item));
    }
  } else {
    fail_type(key, "a list of integers", *value);
  }
  for (const int64_t item : items) {
    if (item < low || item > high) {
      fail_input("{}: '{}' holds {}, outside {}..{}", place(key), dotted(key), item, low, high);
    }
  }
  return items;
}

std::vector<int64_t> ConfigReader::distinct_integers(const std::string& key, std::vector<int64_t> fallback, int64_t low,
                                                     int64_t high) {
  const std::vector<int64_t> items = integers(key, std::move(fallback), low, high);
  std::set<int64_t> seen;
  for (const int64_t item : items) {
    if (!seen.insert(item).second) fail_input("{}: '{}' holds {} twice; give each once", place(key), dotted(key), item);
  }
  return items;
}

std::string ConfigReader::choice(const std::string& key, const std::string& fallback,
                                 const std::vector<std::string>& allowed) {
  const std::string word = text(key, fallback);
  for (const std::string& candidate : allowed) {
    if (candidate == word) return word;
  }
  fail_input("{}: '{}' is '{}'{}", place(key), dotted(key), word, suggestion(word, allowed));
}

Json ConfigReader::raw(const std::string& key) {
  const Json* value = find(key);
  return value == nullptr ? Json() : *value;
}

void ConfigReader::finish() const {
  for (const auto& [key, value] : table_.items()) {
    if (known_.count(key) > 0) continue;
    fail_input("{}: unknown key '{}'{}", place(key), dotted(key),
               suggestion(key, std::vector<std::string>(known_.begin(), known_.end())));
  }
}

}  // namespace emf
