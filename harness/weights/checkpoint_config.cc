#include "harness/weights/checkpoint_config.h"

#include <cmath>

#include "harness/base/error.h"

namespace emf {

int64_t CheckpointConfig::size(const std::string& key) const {
  constexpr int64_t kMost = 1 << 24;
  if (!has(key)) fail_input("{}: '{}' is absent", origin_, key);
  const Json& value = values_.at(key);
  if (!value.is_number_integer() || value < 1 || value > kMost) {
    fail_input("{}: '{}' is {}, not an integer in 1..{}", origin_, key, value.dump(), kMost);
  }
  return value;
}

int64_t CheckpointConfig::size(const std::string& key, int64_t otherwise) const {
  return has(key) ? size(key) : otherwise;
}

double CheckpointConfig::number(const std::string& key) const {
  if (!has(key)) fail_input("{}: '{}' is absent", origin_, key);
  const Json& value = values_.at(key);
  if (!value.is_number() || !std::isfinite(value.get<double>())) {
    fail_input("{}: '{}' is {}, not a number", origin_, key, value.dump());
  }
  return value;
}

double CheckpointConfig::number(const std::string& key, double otherwise) const {
  return has(key) ? number(key) : otherwise;
}

std::string CheckpointConfig::text(const std::string& key, const std::string& otherwise) const {
  if (!has(key)) return otherwise;
  if (!values_.at(key).is_string()) fail_input("{}: '{}' is {}, not a string", origin_, key, values_.at(key).dump());
  return values_.at(key);
}

bool CheckpointConfig::flag(const std::string& key, bool otherwise) const {
  if (!has(key)) return otherwise;
  if (!values_.at(key).is_boolean())
    fail_input("{}: '{}' is {}, not true or false", origin_, key, values_.at(key).dump());
  return values_.at(key);
}

CheckpointConfig CheckpointConfig::table(const std::string& key) const {
  if (!has(key)) return {Json::object(), origin_ + ": " + key};
  if (!values_.at(key).is_object()) fail_input("{}: '{}' is not an object", origin_, key);
  return {values_.at(key), origin_ + ": " + key};
}

void CheckpointConfig::refuse(const std::string& what) const {
  fail_input("{}: {}, which is not built here", origin_, what);
}

}  // namespace emf
