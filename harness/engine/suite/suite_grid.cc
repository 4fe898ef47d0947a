// SPDX-License-Identifier: Apache-2.0
#include "harness/engine/suite/suite_grid.h"

#include <algorithm>
#include <map>

#include "harness/base/error.h"
#include "harness/base/near_name.h"

namespace emf {
namespace {

/// One option that takes several values.
struct Axis {
  std::string kind, name, option;  ///< "objective", "mean_flow", "weight_power"; name is "" for [model] itself
  std::vector<std::string> words;  ///< as they were written
  std::vector<Json> values;
};

/// A value as a part of a name: without the signs that names of rows and cells are cut at.
std::string in_name(std::string word) {
  word.erase(std::remove(word.begin(), word.end(), '+'), word.end());  // 1e+3
  std::replace_if(
      word.begin(), word.end(), [](char sign) { return sign == '/' || sign == '@'; }, '_');
  return word;
}

/// A word of a command line as TOML reads it, else as the text it is.
Json value_of(const std::string& word) {
  Config literal;
  apply_override(literal, "value=" + word);
  return literal.values.at("value");
}

/// The several values of an override; nothing when it holds one.
bool read_values(const Json& value, bool words_too, Axis& axis) {
  if (!value.is_string()) return false;
  // A list in brackets arrives as a list and is no grid: it may be the value of an option that takes one.
  axis.words = split_at(value.get<std::string>(), ',');
  if (axis.words.size() < 2) return false;
  for (const std::string& word : axis.words) {
    axis.values.push_back(value_of(word));
    // Encoders have options that are lists of words themselves, such as the names that `check` compares.
    if (axis.values.back().is_string() && !words_too) return false;
  }
  return true;
}

/// Options on the command line that hold several values.
std::vector<Axis> axes_of(const Config& config) {
  // Places are sorted by key, so that the same words in another order make the same names.
  std::vector<Axis> axes;
  for (const auto& [key, place] : config.places) {
    if (!place.file.empty()) continue;  // a file's lists are its own
    const std::vector<std::string> parts = split_at(key, '.');
    Axis axis;
    axis.kind = parts.front();
    const bool named = axis.kind == "objective" || axis.kind == "encoder";
    const bool model = axis.kind == "model" && (parts.size() == 2 || parts.size() == 3);
    if (!(named && parts.size() == 3) && !model) continue;
    axis.option = parts.back();
    if (parts.size() == 3) axis.name = parts[1];
    const Json* value = &config.values;
    for (const std::string& part : parts) {
      // A later word may have put something else where the option's table was.
      if (!value->is_object() || !value->contains(part)) {
        fail_input("command line: '{}' is overwritten by what is given for a part of its name; leave one of both out",
                   key);
      }
      value = &value->at(part);
    }
    if (read_values(*value, axis.kind != "encoder", axis)) axes.push_back(std::move(axis));
  }
  return axes;
}

/// The names of a list, as TOML or as words of a command line.
std::vector<std::string> names_of(const Config& config, const std::string& list) {
  ConfigReader reader(config, "");
  return reader.texts(list, {});
}

/// Puts several names where one was.
void replace_name(Config& config, const std::string& list, const std::string& name,
                  const std::vector<std::string>& by) {
  std::vector<std::string> names = names_of(config, list);
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) {
    fail_input("command line: a grid over '{}', which '{}' does not list{}", name, list, suggestion(name, names));
  }
  // In the place of the name, so that tables and plots keep the suite's order.
  const auto place = names.erase(found);
  names.insert(place, by.begin(), by.end());
  config.values[list] = names;
}

void expand_named(Config& config, const Axis& axis) {
  const std::string list = axis.kind + "s";
  std::vector<std::string> made;
  // A name that an earlier axis made into several is expanded in each of them.
  const std::vector<std::string> names = names_of(config, list);
  std::vector<std::string> bases;
  for (const std::string& name : names) {
    if (name == axis.name || name.rfind(axis.name + "[", 0) == 0) bases.push_back(name);
  }
  if (bases.empty()) bases.push_back(axis.name);
  for (const std::string& base : bases) {
    made.clear();
    for (size_t i = 0; i < axis.values.size(); ++i) {
      const std::string name = base + "[" + axis.option + "=" + in_name(axis.words[i]) + "]";
      Json table = config.values.value(axis.kind, Json::object()).value(base, Json::object());
      if (!table.contains(axis.kind)) table[axis.kind] = axis.name;
      table[axis.option] = axis.values[i];
      config.values[axis.kind][name] = std::move(table);
      config.places[axis.kind + "." + name + "." + axis.option] = {};
      made.push_back(name);
    }
    replace_name(config, list, base, made);
    // The name has left the list, and its table would be refused as one that no list names.
    config.values[axis.kind].erase(base);
  }
}

/// @param made  models that earlier axes made, by the model that they vary; those of this axis are added.
void expand_model(Config& config, const Axis& axis, std::map<std::string, std::vector<std::string>>& made) {
  Json& tables = config.values["model"];
  Json models = names_of(config, "models");
  // Whatever an earlier axis made is expanded too, so that two axes make every combination.
  std::vector<std::string> bases = {axis.name};
  bases.insert(bases.end(), made[axis.name].begin(), made[axis.name].end());
  for (const std::string& base : bases) {
    Json table = base.empty() ? Json::object() : tables[base];
    // The first value stays the model that was there: the suite's own rows keep their names, and the others are
    // measured beside them.
    (base.empty() ? tables : tables[base])[axis.option] = axis.values.front();
    for (size_t i = 1; i < axis.values.size(); ++i) {
      const std::string name = (base.empty() ? "" : base + ",") + axis.option + "=" + in_name(axis.words[i]);
      table[axis.option] = axis.values[i];
      tables[name] = table;
      config.places["model." + name + "." + axis.option] = {};
      models.push_back(name);
      made[axis.name].push_back(name);
    }
  }
  config.values["models"] = models;
}

}  // namespace

void expand_grids(Config& config) {
  std::map<std::string, std::vector<std::string>> models;
  for (const Axis& axis : axes_of(config)) {
    if (axis.kind == "model") {
      expand_model(config, axis, models);
    } else {
      expand_named(config, axis);
    }
  }
}

}  // namespace emf
