// SPDX-License-Identifier: Apache-2.0
#include "harness/command/config_schema.h"

#include <set>

namespace emf {
namespace {

/// Kinds whose tables are named by the suite: [encoder.NAME].
const std::set<std::string> kNamed = {"encoder", "objective", "codec", "metric", "probe"};

Json with_range(Json schema, const AskedKey& key) {
  if (!key.low.is_null()) schema["minimum"] = key.low;
  if (!key.high.is_null()) schema["maximum"] = key.high;
  return schema;
}

/// What may stand at a key.
Json schema_of(const AskedKey& key) {
  Json schema = Json::object();
  if (key.loose || key.type == "raw") {
    // Any; its sentence says more.
  } else if (key.type == "text") {
    schema["type"] = "string";
    if (!key.choices.empty()) schema["enum"] = key.choices;
  } else if (key.type == "flag") {
    schema["type"] = "boolean";
  } else if (key.type == "integer") {
    // 1e5 is a number and "100k" a string, and both are integers to the reader.
    schema = with_range({{"type", {"number", "string"}}, {"pattern", "^[0-9.]+[kMG]$"}}, key);
  } else if (key.type == "number") {
    schema = with_range({{"type", "number"}}, key);
  } else if (key.type == "texts") {
    schema = {{"type", {"string", "array"}}, {"items", {{"type", "string"}}}};
  } else {
    schema = {{"type", {"number", "string", "array"}}, {"items", with_range({{"type", {"number", "string"}}}, key)}};
  }
  schema["description"] = key.meaning + (key.unit.empty() ? "" : " [" + key.unit + "]");
  if (!key.fallback.is_null()) schema["default"] = key.fallback;
  return schema;
}

/// Of plugins that share a key only what they all say of it.
void add_property(Json& properties, const SuiteKey& key) {
  Json schema = schema_of(key.asked);
  if (properties.contains(key.asked.key) && properties[key.asked.key] != schema) {
    schema = {{"description", properties[key.asked.key].value("description", "")}};
  }
  properties[key.asked.key] = std::move(schema);
}

Json object_of(Json properties) {
  return {{"type", "object"}, {"properties", std::move(properties)}, {"additionalProperties", false}};
}

/// The properties of a table, made on the way.
Json& table_in(Json& root, const std::string& table) {
  Json* properties = &root;
  for (const std::string& part : split_at(table, '.')) {
    Json& object = (*properties)[part];
    if (object.is_null()) object = object_of(Json::object());
    properties = &object["properties"];
  }
  return *properties;
}

}  // namespace

Json config_schema(const std::vector<SuiteKey>& keys) {
  Json properties = Json::object(), unions = Json::object();
  for (const SuiteKey& key : keys) {
    const std::vector<std::string> parts = split_at(key.asked.table, '.');
    if (key.asked.table == "claims" || (!parts.empty() && parts.front() == "encoder_seeds")) {
      add_property(unions[parts.front()], key);
      continue;
    }
    add_property(table_in(properties, key.asked.table), key);
    const bool named = parts.size() == 2 && kNamed.count(parts.front()) > 0;
    if (named || key.asked.table == "model") add_property(unions[parts.front()], key);
  }
  for (const std::string& kind : kNamed) {
    table_in(properties, kind);
    properties[kind]["additionalProperties"] = object_of(unions.value(kind, Json::object()));
  }
  // A table inside [model] is a model of its own.
  table_in(properties, "model");
  Json models = unions.value("model", Json::object());
  models["model"] = {{"type", "string"},
                     {"description", "the model that this name stands for; absent: that of [model]"}};
  properties["model"]["additionalProperties"] = object_of(models);
  properties["claims"] = {{"type", "array"}, {"items", object_of(unions.value("claims", Json::object()))}};
  properties["claims"]["items"]["required"] = {"name", "claim"};
  const Json seeds = unions.value("encoder_seeds", Json::object());
  properties["encoder_seeds"] = {{"type", "object"},
                                 {"additionalProperties", seeds.empty() ? Json::object() : seeds.front()}};
  if (properties.contains("evaluation")) {
    // One for every objective that a suite names.
    properties["evaluation"]["patternProperties"] = {
        {"^guidance_", {{"type", "number"}, {"description", "that of one objective, by its name"}}}};
  }
  if (properties.contains("suite")) properties["suite"]["required"] = {"name", "question"};
  return {{"$schema", "https://json-schema.org/draft/2020-12/schema"},
          {"title", "A suite of emfbench"},
          {"description", "Made by: emfbench config --schema"},
          {"type", "object"},
          {"properties", properties},
          {"required", {"suite"}},
          {"additionalProperties", false}};
}

}  // namespace emf
