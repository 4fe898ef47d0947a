// SPDX-License-Identifier: Apache-2.0
#include "encoders/chat_templates/template_value.h"

#include <fmt/format.h>

#include "encoders/tokenizers/unicode_text.h"
#include "harness/base/error.h"

namespace emf {

void require_template_room(size_t bytes) {
  if (bytes > kMostTemplateText) fail_input("a text of more than {} bytes is made", kMostTemplateText);
}

TemplateValue TemplateValue::undefined(std::string name) {
  TemplateValue value;
  value.name_ = std::move(name);
  return value;
}

TemplateValue TemplateValue::space(TemplateNamespace values) {
  TemplateValue value;
  value.kind_ = Kind::kSpace;
  value.space_ = std::make_shared<TemplateNamespace>(std::move(values));
  return value;
}

TemplateValue TemplateValue::callable(std::string name, TemplateFunction function) {
  TemplateValue value;
  value.kind_ = Kind::kCallable;
  value.name_ = std::move(name);
  value.function_ = std::make_shared<const TemplateFunction>(std::move(function));
  return value;
}

std::string TemplateValue::kind_name() const {
  if (is_undefined()) return name_.empty() ? "an undefined value" : fmt::format("'{}', which is undefined", name_);
  if (is_space()) return "a namespace";
  if (is_callable()) return fmt::format("the function '{}'", name_);
  if (data_.is_null()) return "none";
  if (data_.is_boolean()) return "a boolean";
  if (data_.is_string()) return "a string";
  if (data_.is_number()) return "a number";
  return data_.is_array() ? "a list" : "an object";
}

const TemplateData& TemplateValue::data() const {
  if (!is_data()) fail_input("{} stands where a value is needed", kind_name());
  return data_;
}

const std::string& TemplateValue::text() const {
  if (!is_string()) fail_input("{} stands where a string is needed", kind_name());
  return data_.get_ref<const std::string&>();
}

int64_t TemplateValue::integer() const {
  if (!is_integer()) fail_input("{} stands where a whole number is needed", kind_name());
  return data_.get<int64_t>();
}

const TemplateFunction& TemplateValue::function() const {
  if (!is_callable()) fail_input("{} is called", kind_name());
  return *function_;
}

bool TemplateValue::truth() const {
  if (is_undefined()) return false;
  if (!is_data()) return true;
  if (data_.is_boolean()) return data_.get<bool>();
  if (data_.is_number()) return data_.get<double>() != 0;
  if (data_.is_string()) return !data_.get_ref<const std::string&>().empty();
  return !data_.empty();  // null is empty, too
}

std::string TemplateValue::written() const {
  if (is_undefined()) return "";
  if (!is_data()) fail_input("{} is written into the text", kind_name());
  if (data_.is_null()) return "None";
  if (data_.is_boolean()) return data_.get<bool>() ? "True" : "False";
  if (data_.is_string()) return data_.get<std::string>();
  if (data_.is_number_integer()) return std::to_string(data_.get<int64_t>());
  if (data_.is_number()) {
    const std::string text = fmt::format("{}", data_.get<double>());
    return text.find_first_of(".en") == std::string::npos ? text + ".0" : text;
  }
  fail_input("{} is written into the text as Python spells it, which is not built here", kind_name());
}

std::vector<TemplateValue> TemplateValue::elements() const {
  std::vector<TemplateValue> all;
  if (is_undefined()) return all;
  if (is_string()) {
    for (std::string& character : characters(text())) all.emplace_back(std::move(character));
  } else if (is_data() && data_.is_array()) {
    for (const TemplateData& element : data_) all.emplace_back(element);
  } else if (is_data() && data_.is_object()) {
    for (const auto& [key, value] : data_.items()) all.emplace_back(key);
  } else {
    fail_input("{} is gone through as a list", kind_name());
  }
  return all;
}

bool equal_values(const TemplateValue& a, const TemplateValue& b) {
  if (a.is_undefined() || b.is_undefined()) return a.is_undefined() && b.is_undefined();
  if (!a.is_data() || !b.is_data()) fail_input("{} is compared", (a.is_data() ? b : a).kind_name());
  const auto number = [](const TemplateData& value) { return value.is_boolean() || value.is_number(); };
  if (number(a.data()) && number(b.data())) {
    const auto of = [](const TemplateData& value) {
      return value.is_boolean() ? static_cast<double>(value.get<bool>()) : value.get<double>();
    };
    return of(a.data()) == of(b.data());
  }
  return a.data() == b.data();
}

bool less_value(const TemplateValue& a, const TemplateValue& b) {
  const auto number = [](const TemplateData& value) { return value.is_boolean() || value.is_number(); };
  if (number(a.data()) && number(b.data())) {
    return (a.data().is_boolean() ? static_cast<double>(a.data().get<bool>()) : a.data().get<double>()) <
           (b.data().is_boolean() ? static_cast<double>(b.data().get<bool>()) : b.data().get<double>());
  }
  if (a.is_string() && b.is_string()) return a.text() < b.text();  // of UTF-8, as of its characters
  fail_input("{} and {} have no order", a.kind_name(), b.kind_name());
}

bool contains_value(const TemplateValue& outside, const TemplateValue& inside) {
  if (outside.is_string()) return outside.text().find(inside.text()) != std::string::npos;
  if (outside.is_data() && outside.data().is_object() && inside.is_data() && inside.data().is_structured()) {
    fail_input("{} is looked for among the keys of an object", inside.kind_name());
  }
  for (const TemplateValue& element : outside.elements()) {
    if (equal_values(element, inside)) return true;
  }
  return false;
}

std::vector<std::string> characters(const std::string& text) {
  std::vector<std::string> all;
  for (size_t at = 0; at < text.size();) {
    const size_t size = sequence_bytes(text[at]);
    all.push_back(text.substr(at, size));
    at += size;
  }
  return all;
}

}  // namespace emf
