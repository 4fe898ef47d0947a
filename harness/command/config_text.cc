// SPDX-License-Identifier: Apache-2.0
#include "harness/command/config_text.h"

#include <algorithm>
#include <map>

#include "harness/command/help.h"

namespace emf {
namespace {

/// Tables in the order in which suites have them; what is not among them comes behind.
const std::vector<std::string> kOrder = {
    "",          "suite", "data",       "model",  "train", "pretraining",   "encoder",
    "objective", "codec", "evaluation", "metric", "probe", "encoder_seeds", "claims"};

size_t place_of(const std::string& table) {
  const std::string kind = table.substr(0, table.find('.'));
  return static_cast<size_t>(std::find(kOrder.begin(), kOrder.end(), kind) - kOrder.begin());
}

bool is_named(const std::string& table) {
  static const std::vector<std::string> kinds = {"encoder.", "objective.", "codec.", "metric.", "probe."};
  return std::any_of(kinds.begin(), kinds.end(), [&](const std::string& kind) { return table.starts_with(kind); });
}

/// "integer, 1..1024, pictures": what may stand there.
std::string form_of(const AskedKey& key) {
  static const std::map<std::string, std::string> kWords = {
      {"text", "text"},           {"flag", "true or false"},        {"integer", "integer"},  {"number", "number"},
      {"texts", "list of texts"}, {"integers", "list of integers"}, {"raw", "table or list"}};
  std::string form = kWords.at(key.type);
  if (key.type == "raw" && key.table.starts_with("metric.")) form = "number";
  if (!key.choices.empty()) form = fmt::format("one of {}", toml_value(key.choices));
  if (!key.low.is_null()) form += fmt::format(", {}..{}", key.low.dump(), key.high.dump());
  return key.unit.empty() ? form : form + ", " + key.unit;
}

/// A bare key, or a quoted one where it holds other signs: ["model"."width=64"].
std::string toml_key(const std::string& key) {
  const bool bare = !key.empty() && std::all_of(key.begin(), key.end(), [](unsigned char letter) {
    return std::isalnum(letter) != 0 || letter == '_' || letter == '-';
  });
  return bare ? key : Json(key).dump();
}

/// "[objective.mean_flow]"; a table's name may hold dots and blanks behind its kind.
std::string head_of(const std::string& table) {
  if (table == "claims") return "[[claims]]";
  const size_t dot = table.find('.');
  if (dot == std::string::npos) return "[" + toml_key(table) + "]";
  return "[" + table.substr(0, dot) + "." + toml_key(table.substr(dot + 1)) + "]";
}

std::string comment(const std::string& text) {
  std::string out;
  for (const std::string& line : split_at(wrapped(text, 77, 0), '\n')) out += "# " + line + "\n";
  return out;
}

std::string lines_of(const AskedKey& key, bool of_suite, bool commented) {
  std::string out = comment(fmt::format("{} ({})", key.meaning, form_of(key)));
  const bool given = of_suite && !key.value.is_null();
  const Json& value = given ? key.value : key.fallback;
  if (value.is_null()) return out + fmt::format("# {} =\n", toml_key(key.key));
  out += fmt::format("{}{} = {}", commented ? "# " : "", toml_key(key.key), toml_value(value));
  if (given && key.value != key.fallback && !key.fallback.is_null()) out += "  # default: " + toml_value(key.fallback);
  if (given && key.fallback.is_null()) out += "  # given";
  return out + "\n";
}

}  // namespace

std::string toml_value(const Json& value) {
  std::string out;
  if (value.is_array()) {
    for (const Json& item : value) out += (out.empty() ? "" : ", ") + toml_value(item);
    return "[" + out + "]";
  }
  if (value.is_object()) {
    for (const auto& [key, item] : value.items())
      out += (out.empty() ? "" : ", ") + toml_key(key) + " = " + toml_value(item);
    return "{" + out + "}";
  }
  return value.is_null() ? "\"\"" : value.dump();
}

std::string config_text(const std::vector<SuiteKey>& keys, bool of_suite) {
  // By table, and within one by whose keys they are.
  struct Section {
    std::string table, plugin;
    std::vector<const AskedKey*> keys;
  };
  std::vector<Section> sections;
  std::map<std::string, std::string> first_of_kind;
  for (const SuiteKey& key : keys) {
    std::string table = key.asked.table;
    if (!of_suite && is_named(table) && key.plugin.empty()) {
      // What the engine reads of every such table is said once.
      const std::string kind = table.substr(0, table.find('.'));
      if (first_of_kind.try_emplace(kind, table).first->second != table) continue;
      table = kind + ".NAME";
    }
    if (!of_suite && table.starts_with("encoder_seeds")) continue;
    // A suite's own stand as they are; otherwise they have a section.
    if (of_suite ? table == "claims" : table.empty() && key.asked.key == "claims") continue;
    const auto same = [&](const Section& one) {
      return one.table == table && (one.plugin == key.plugin || (of_suite && !table.empty()));
    };
    auto section = std::find_if(sections.begin(), sections.end(), same);
    if (section == sections.end()) section = sections.insert(sections.end(), {table, key.plugin, {}});
    section->keys.push_back(&key.asked);
  }
  std::stable_sort(sections.begin(), sections.end(), [](const Section& a, const Section& b) {
    if (place_of(a.table) != place_of(b.table)) return place_of(a.table) < place_of(b.table);
    const bool a_common = a.table.ends_with(".NAME"), b_common = b.table.ends_with(".NAME");
    if (a_common != b_common) return a_common;
    return a.table < b.table;
  });
  std::string out, last;
  for (const Section& section : sections) {
    // Several data sets have one table: of all but the first the keys stand as comments.
    const bool again = section.table == last && !section.table.empty();
    const bool of_plugin = !of_suite && !section.plugin.empty();
    if (!out.empty()) out += "\n";
    if (of_plugin && (section.table == "data" || section.table == "model"))
      out += comment(fmt::format("[{}] of {}", section.table, section.plugin));
    if (!section.table.empty() && !again) out += head_of(section.table) + "\n";
    for (const AskedKey* key : section.keys)
      out += lines_of(*key, of_suite, of_plugin && section.table == "data" && section.plugin != "scenes");
    last = section.table;
  }
  return out;
}

}  // namespace emf
