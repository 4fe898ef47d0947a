// SPDX-License-Identifier: Apache-2.0
#include "encoders/tokenizers/json_section.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "encoders/tokenizers/vocabulary.h"
#include "harness/base/error.h"

namespace emf {

bool JsonSection::has(const char* key) const {
  if (!value_->is_object()) fail(std::string("is ") + value_->type_name() + ", not an object");
  const auto found = value_->find(key);
  return found != value_->end() && !found->is_null();
}

JsonSection JsonSection::at(const char* key) const {
  if (!has(key)) fail(std::string("'") + key + "' is absent");
  return JsonSection(*value_->find(key), where_ + "/" + key);
}

std::vector<JsonSection> JsonSection::elements() const {
  if (!value_->is_array()) fail(std::string("is ") + value_->type_name() + ", not a list");
  std::vector<JsonSection> sections;
  for (size_t i = 0; i < value_->size(); ++i) sections.emplace_back((*value_)[i], where_ + "/" + std::to_string(i));
  return sections;
}

bool JsonSection::flag_or(const char* key, bool otherwise) const {
  if (!has(key)) return otherwise;
  const JsonSection found = at(key);
  if (!found.value_->is_boolean()) found.fail(std::string("is ") + found.value_->type_name() + ", not true or false");
  return found.value_->get<bool>();
}

std::string JsonSection::as_text() const {
  if (!value_->is_string()) fail(std::string("is ") + value_->type_name() + ", not a string");
  return value_->get<std::string>();
}

int64_t JsonSection::as_integer() const {
  const bool is_large = value_->is_number_unsigned() &&
                        value_->get<uint64_t>() > static_cast<uint64_t>(std::numeric_limits<int64_t>::max());
  if (!value_->is_number_integer() || is_large) fail("is not a whole number of 64 bits");
  return value_->get<int64_t>();
}

double JsonSection::as_number() const {
  if (!value_->is_number()) fail(std::string("is ") + value_->type_name() + ", not a number");
  const double number = value_->get<double>();
  if (!std::isfinite(number)) fail("is not finite");
  return number;
}

const Json& JsonSection::as_object() const {
  if (!value_->is_object()) fail(std::string("is ") + value_->type_name() + ", not an object");
  return *value_;
}

void JsonSection::accept(std::initializer_list<std::string_view> read,
                         std::initializer_list<std::string_view> harmless) const {
  const auto holds = [](std::initializer_list<std::string_view> keys, std::string_view key) {
    return std::find(keys.begin(), keys.end(), key) != keys.end();
  };
  for (const auto& [key, value] : as_object().items()) {
    if (value.is_null() || key == "type" || holds(read, key) || holds(harmless, key)) continue;
    fail("has the key " + quoted_name(key) + ", which is not read here and may change ids");
  }
}

void JsonSection::fail(const std::string& what) const { fail_input("{} {}", where_, what); }

void JsonSection::fail_unknown_type() const { fail_input("{}: type {} is not read here", where_, quoted_name(type())); }

}  // namespace emf
