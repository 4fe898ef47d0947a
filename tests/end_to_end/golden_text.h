// SPDX-License-Identifier: Apache-2.0
// Output of the program without what time, machine and place put into it, fit to be kept as a golden file.
#pragma once

#include <fmt/format.h>

#include <regex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "harness/base/json.h"

namespace emf {

/// How much of a document is the same everywhere.
enum class GoldenKind {
  kWhole,    ///< everything but places and times; floating values to six digits
  kTrained,  ///< likewise, but no floating value: training ends elsewhere on another processor
  kMachine,  ///< likewise, but of "machine" and "store" keys and types alone
  kTypes,    ///< keys and types alone
};

using GoldenPlaces = std::vector<std::pair<std::string, std::string>>;  ///< a path and its marker, the longest first

inline std::string golden_text(std::string text, const GoldenPlaces& places) {
  for (const auto& [path, marker] : places) {
    for (size_t at = text.find(path); at != std::string::npos; at = text.find(path, at)) {
      text.replace(at, path.size(), marker);
    }
  }
  return text;
}

/// Types in place of values.
inline Json golden_types(const Json& value) {
  if (value.is_structured()) {
    Json types = value;
    for (Json& item : types) item = golden_types(item);
    return types;
  }
  return fmt::format("<{}>", value.is_number() ? "number" : value.type_name());
}

/// @param key  that the value stands under; "" at the top.
inline Json golden_value(const Json& value, const std::string& key, GoldenKind kind, const GoldenPlaces& places) {
  static const std::set<std::string> times = {"seconds", "finished", "bytes", "cpu_seconds_left", "seconds_each"};
  if (value.is_structured()) {
    if (kind == GoldenKind::kMachine && (key == "machine" || key == "store")) return golden_types(value);
    Json result = value;
    if (value.is_object()) {
      for (const auto& [name, item] : value.items()) result[name] = golden_value(item, name, kind, places);
    } else {
      for (Json& item : result) item = golden_value(item, key, kind, places);
    }
    return result;
  }
  if (times.count(key) > 0 && !value.is_null() && value != 0 && !value.is_boolean()) return "<" + key + ">";
  if (value.is_string()) {
    std::string text = golden_text(value.get<std::string>(), places);
    // The compiler and its flags are this build's own; what follows is build-plugin's.
    if (key == "command") text = std::regex_replace(text, std::regex("^.* -Wno-error -shared"), "<compiler> -shared");
    // Hashes hold versions of plugins: suite_graph_test says what moves them.
    if (key == "run" || key == "record" || key == "result") {
      text = std::regex_replace(text, std::regex("[0-9a-f]{12,64}"), "<hash>");
    }
    if (kind == GoldenKind::kTrained && key == "detail") {
      text = std::regex_replace(text, std::regex("[+-]?[0-9]+\\.[0-9]+"), "<number>");
    }
    return text;
  }
  if (!value.is_number_float()) return value;
  if (kind == GoldenKind::kTrained) return "<number>";
  return std::stod(fmt::format("{:.6g}", value.get<double>()));
}

/// The document of `text`, as pretty_json writes it.
inline std::string golden_json(const std::string& text, GoldenKind kind, const GoldenPlaces& places) {
  const Json document = parse_json(text, "the command's answer");
  return pretty_json(kind == GoldenKind::kTypes ? golden_types(document) : golden_value(document, "", kind, places));
}

}  // namespace emf
