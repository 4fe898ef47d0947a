// SPDX-License-Identifier: Apache-2.0
#include "harness/weights/checkpoint_config.h"

#include <cmath>

#include "harness/base/error.h"

namespace emf {

bool CheckpointConfig::has(const std::string& key) const {
  reads_->keys.insert(key);
  return values_.contains(key) && !values_.at(key).is_null();
}

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

std::vector<std::string> CheckpointConfig::texts(const std::string& key) const {
  std::vector<std::string> texts;
  if (!has(key)) return texts;
  const Json& list = values_.at(key);
  if (!list.is_array()) fail_input("{}: '{}' is not a list", origin_, key);
  for (const Json& value : list) {
    if (!value.is_string()) fail_input("{}: '{}' holds {}, not a string", origin_, key, value.dump());
    texts.push_back(value);
  }
  return texts;
}

std::vector<double> CheckpointConfig::numbers(const std::string& key) const {
  std::vector<double> numbers;
  if (!has(key)) return numbers;
  const Json& list = values_.at(key);
  if (!list.is_array()) fail_input("{}: '{}' is not a list", origin_, key);
  for (const Json& value : list) {
    if (!value.is_number() || !std::isfinite(value.get<double>())) {
      fail_input("{}: '{}' holds {}, not a number", origin_, key, value.dump());
    }
    numbers.push_back(value);
  }
  return numbers;
}

CheckpointConfig CheckpointConfig::table(const std::string& key) const {
  const bool found = has(key);
  if (found && !values_.at(key).is_object()) fail_input("{}: '{}' is not an object", origin_, key);
  CheckpointConfig table(found ? values_.at(key) : Json::object(), origin_ + ": " + key);
  auto& reads = reads_->tables[key];
  if (!reads) reads = table.reads_;
  table.reads_ = reads;
  return table;
}

std::vector<std::string> CheckpointConfig::unread() const {
  std::vector<std::string> unread;
  for (const auto& [key, value] : values_.items()) {
    if (value.is_null()) continue;
    if (reads_->keys.count(key) == 0) {
      unread.push_back(key);
      continue;
    }
    const auto inside = reads_->tables.find(key);
    if (inside == reads_->tables.end()) continue;
    CheckpointConfig table(value, "");
    table.reads_ = inside->second;
    for (const std::string& name : table.unread()) unread.push_back(key + "." + name);
  }
  return unread;
}

void CheckpointConfig::refuse(const std::string& what) const {
  fail_input("{}: {}, which is not built here", origin_, what);
}

}  // namespace emf
