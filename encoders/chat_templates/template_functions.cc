// SPDX-License-Identifier: Apache-2.0
#include "encoders/chat_templates/template_functions.h"

#include <algorithm>
#include <cctype>
#include <cmath>

#include <fmt/ranges.h>

#include "encoders/chat_templates/template_arguments.h"
#include "encoders/tokenizers/unicode_text.h"
#include "harness/base/error.h"
#include "harness/base/near_name.h"
#include "harness/base/utf8.h"

namespace emf {
namespace {

using Data = TemplateData;
using Value = TemplateValue;
using Arguments = TemplateArguments;

/// What Jinja's filters of text take: anything is written first.
std::string as_text(const Value& value) { return value.written(); }

std::string upper_case(const std::string& text) {
  if (!is_ascii(text)) fail_input("capital letters of a text beyond ASCII are not built here");
  std::string out = text;
  for (char& c : out) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return out;
}

/// @param every  a capital behind everything that is no letter, else the first alone.
std::string with_capitals(const std::string& text, bool every) {
  std::string out = lower_case(text, true);
  if (!is_ascii(text)) fail_input("capital letters of a text beyond ASCII are not built here");
  bool begins = true;
  for (char& c : out) {
    if (begins) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    begins = every && std::isalpha(static_cast<unsigned char>(c)) == 0;
  }
  return out;
}

/// Python's json.dumps.
std::string json_text(const Data& data, int64_t indent, bool ascii, int64_t depth = 0) {
  if (data.is_number_float()) return Value(data).written();
  if (!data.is_structured()) return data.dump(-1, ' ', ascii);
  const bool is_list = data.is_array();
  if (data.empty()) return is_list ? "[]" : "{}";
  const std::string line = indent < 0 ? "" : "\n" + std::string(static_cast<size_t>(indent * (depth + 1)), ' ');
  const std::string between = indent < 0 ? ", " : ",";
  std::string out;
  for (const auto& [key, value] : data.items()) {
    out += (out.empty() ? "" : between) + line;
    if (!is_list) out += Data(key).dump(-1, ' ', ascii) + ": ";
    out += json_text(value, indent, ascii, depth + 1);
  }
  if (indent >= 0) out += "\n" + std::string(static_cast<size_t>(indent * depth), ' ');
  return (is_list ? "[" : "{") + out + (is_list ? "]" : "}");
}

int64_t length_of(const Value& value) {
  if (value.is_undefined()) return 0;
  if (value.is_string()) return static_cast<int64_t>(code_points(value.text()).size());
  if (value.is_data() && value.data().is_structured()) return static_cast<int64_t>(value.data().size());
  fail_input("{} has no length", value.kind_name());
}

Data list_of(const std::vector<Value>& values) {
  Data list = Data::array();
  for (const Value& value : values) list.push_back(value.data());
  return list;
}

/// select, reject, and both by an attribute: what passes a test, or what is true where none is named.
Value selected(const std::string& name, const Value& value, const Arguments& arguments) {
  const bool by_attribute = name.ends_with("attr"), wanted = name.starts_with("select");
  std::vector<Value> rest = arguments.positional;
  if (!arguments.named.empty() || (by_attribute && rest.empty()))
    fail_input("'{}' takes an attribute and a test", name);
  std::string attribute;
  if (by_attribute) {
    attribute = rest[0].text();
    rest.erase(rest.begin());
  }
  std::string test;
  if (!rest.empty()) {
    test = rest[0].text();
    rest.erase(rest.begin());
  }
  std::vector<Value> kept;
  for (const Value& one : value.elements()) {
    const Value asked = by_attribute ? item_of(one, Value(attribute)) : one;
    const bool passes = test.empty() ? asked.truth() : apply_test(test, asked, {rest, {}});
    if (passes == wanted) kept.push_back(one);
  }
  return Value(list_of(kept));
}

Value mapped(const Value& value, const Arguments& arguments) {
  std::vector<Value> all;
  if (arguments.positional.empty()) {
    const GivenArguments given("map", arguments, {"", "attribute", "default"});
    for (const Value& one : value.elements()) {
      const Value found = item_of(one, given[1]);
      all.push_back(found.is_undefined() && given.has(2) ? given[2] : found);
    }
  } else {
    const std::string& name = arguments.positional[0].text();
    require_filter(name);
    const Arguments rest = {{arguments.positional.begin() + 1, arguments.positional.end()}, arguments.named};
    for (const Value& one : value.elements()) all.push_back(apply_filter(name, one, rest));
  }
  return Value(list_of(all));
}

Value to_integer(const Value& value, const Arguments& arguments) {
  const GivenArguments given("int", arguments, {"default"});
  if (value.is_integer()) return value;
  if (value.is_data() && value.data().is_boolean()) return Value(static_cast<int64_t>(value.data().get<bool>()));
  if (value.is_data() && value.data().is_number()) return Value(static_cast<int64_t>(value.data().get<double>()));
  if (value.is_string()) {
    const std::string& text = value.text();
    const size_t digits = text.empty() || (text[0] != '-' && text[0] != '+') ? 0 : 1;
    if (text.size() > digits && text.size() < 16 && text.find_first_not_of("0123456789", digits) == std::string::npos) {
      return Value(static_cast<int64_t>(std::stoll(text)));
    }
    fail_input("{} is made a whole number, which is not built here", Data(text).dump());
  }
  if (!value.is_data()) fail_input("{} is made a whole number", value.kind_name());
  return given.has(0) ? given[0] : Value(int64_t{0});
}

using Filter = Value (*)(const Value&, const Arguments&);

void require_none(const std::string& name, const Arguments& arguments) {
  if (!arguments.positional.empty() || !arguments.named.empty()) fail_input("'{}' takes no arguments here", name);
}

template <std::string (*change)(const std::string&)>
Value text_filter(const Value& value, const Arguments& arguments) {
  require_none("a filter of text", arguments);
  return Value(change(as_text(value)));
}

std::string lowered(const std::string& text) { return lower_case(text, true); }
std::string titled(const std::string& text) { return with_capitals(text, true); }
std::string capitalized(const std::string& text) { return with_capitals(text, false); }
std::string itself(const std::string& text) { return text; }

Value first_or_last(const Value& value, bool is_last) {
  const std::vector<Value> all = value.elements();
  if (all.empty()) return Value::undefined("an element");
  return is_last ? all.back() : all.front();
}

const std::map<std::string, Filter>& filters() {
  static const Filter by_default = [](const Value& value, const Arguments& arguments) -> Value {
    const GivenArguments given("default", arguments, {"default_value", "boolean"});
    const bool is_missing = value.is_undefined() || (given.has(1) && given[1].truth() && !value.truth());
    return !is_missing ? value : given.has(0) ? given[0] : Value("");
  };
  static const Filter length = [](const Value& value, const Arguments& arguments) -> Value {
    require_none("length", arguments);
    return Value(length_of(value));
  };
  static const std::map<std::string, Filter> known = {
      {"trim",
       [](const Value& value, const Arguments& arguments) -> Value {
         const GivenArguments given("trim", arguments, {"chars"});
         const Value text(as_text(value));
         return attribute_of(text, "strip").function()(given.has(0) ? Arguments{{given[0]}, {}} : Arguments());
       }},
      {"upper", text_filter<upper_case>},
      {"lower", text_filter<lowered>},
      {"title", text_filter<titled>},
      {"capitalize", text_filter<capitalized>},
      {"string", text_filter<itself>},
      {"safe", text_filter<itself>},
      {"default", by_default},
      {"d", by_default},
      {"length", length},
      {"count", length},
      {"tojson",
       [](const Value& value, const Arguments& arguments) -> Value {
         const GivenArguments given("tojson", arguments, {"ensure_ascii", "indent"});
         const bool indents = given.has(1) && !given[1].is_none();
         if (indents && given[1].integer() > 100) fail_input("'tojson' indents by more than 100");
         return Value(json_text(value.data(), indents ? given[1].integer() : -1, given.has(0) && given[0].truth()));
       }},
      {"join",
       [](const Value& value, const Arguments& arguments) -> Value {
         const GivenArguments given("join", arguments, {"d"});
         std::string all, between = given.has(0) ? as_text(given[0]) : "";
         bool is_first = true;
         for (const Value& one : value.elements()) {
           all += (is_first ? "" : between) + as_text(one);
           require_template_room(all.size());
           is_first = false;
         }
         return Value(std::move(all));
       }},
      {"replace",
       [](const Value& value, const Arguments& arguments) -> Value {
         return attribute_of(Value(as_text(value)), "replace").function()(arguments);
       }},
      {"first", [](const Value& value, const Arguments&) -> Value { return first_or_last(value, false); }},
      {"last", [](const Value& value, const Arguments&) -> Value { return first_or_last(value, true); }},
      {"list", [](const Value& value, const Arguments&) -> Value { return Value(list_of(value.elements())); }},
      {"reverse",
       [](const Value& value, const Arguments&) -> Value {
         return slice_of(value, Value(), Value(), Value(int64_t{-1}));
       }},
      {"items",
       [](const Value& value, const Arguments& arguments) -> Value {
         if (value.is_undefined()) return Value(Data::array());
         if (!value.is_data() || !value.data().is_object()) fail_input("{} has no items", value.kind_name());
         return attribute_of(value, "items").function()(arguments);
       }},
      {"int", to_integer},
      {"abs", [](const Value& value, const Arguments&) -> Value { return Value(std::abs(value.integer())); }},
      {"map", mapped},
  };
  return known;
}

const std::vector<std::string>& selecting() {
  static const std::vector<std::string> names = {"select", "reject", "selectattr", "rejectattr"};
  return names;
}

using Test = bool (*)(const Value&, const Value&);

const std::map<std::string, Test>& tests() {
  static const Test equal = [](const Value& value, const Value& other) { return equal_values(value, other); };
  static const Test unequal = [](const Value& value, const Value& other) { return !equal_values(value, other); };
  static const std::map<std::string, Test> known = {
      {"defined", [](const Value& value, const Value&) { return !value.is_undefined(); }},
      {"undefined", [](const Value& value, const Value&) { return value.is_undefined(); }},
      {"none", [](const Value& value, const Value&) { return value.is_none(); }},
      {"boolean", [](const Value& value, const Value&) { return value.is_data() && value.data().is_boolean(); }},
      {"true", [](const Value& value, const Value&) { return value.is_data() && value.data() == Data(true); }},
      {"false", [](const Value& value, const Value&) { return value.is_data() && value.data() == Data(false); }},
      {"string", [](const Value& value, const Value&) { return value.is_string(); }},
      {"number",
       [](const Value& value, const Value&) {
         return value.is_data() && (value.data().is_number() || value.data().is_boolean());
       }},
      {"integer", [](const Value& value, const Value&) { return value.is_integer(); }},
      {"float", [](const Value& value, const Value&) { return value.is_data() && value.data().is_number_float(); }},
      {"mapping", [](const Value& value, const Value&) { return value.is_data() && value.data().is_object(); }},
      {"iterable",
       [](const Value& value, const Value&) {
         return value.is_undefined() || value.is_string() || (value.is_data() && value.data().is_structured());
       }},
      {"sequence",
       [](const Value& value, const Value&) {
         return value.is_undefined() || value.is_string() || (value.is_data() && value.data().is_structured());
       }},
      {"callable", [](const Value& value, const Value&) { return value.is_callable() || value.is_undefined(); }},
      {"odd", [](const Value& value, const Value&) { return value.integer() % 2 != 0; }},
      {"even", [](const Value& value, const Value&) { return value.integer() % 2 == 0; }},
      {"divisibleby",
       [](const Value& value, const Value& other) {
         if (other.integer() == 0) fail_input("something is divided by 0");
         return value.integer() % other.integer() == 0;
       }},
      {"in", [](const Value& value, const Value& other) { return contains_value(other, value); }},
      {"equalto", equal},
      {"eq", equal},
      {"==", equal},
      {"ne", unequal},
      {"!=", unequal},
      {"lt", [](const Value& value, const Value& other) { return less_value(value, other); }},
      {"gt", [](const Value& value, const Value& other) { return less_value(other, value); }},
      {"le", [](const Value& value, const Value& other) { return !less_value(other, value); }},
      {"ge", [](const Value& value, const Value& other) { return !less_value(value, other); }},
  };
  return known;
}

template <typename Map>
std::vector<std::string> names_of(const Map& map) {
  std::vector<std::string> names;
  for (const auto& [name, value] : map) names.push_back(name);
  return names;
}

}  // namespace

void require_filter(const std::string& name) {
  if (filters().count(name) > 0 || std::find(selecting().begin(), selecting().end(), name) != selecting().end()) return;
  std::vector<std::string> names = names_of(filters());
  names.insert(names.end(), selecting().begin(), selecting().end());
  fail_input("the filter '{}' is not built here{}", name, suggestion(name, names));
}

TemplateValue apply_filter(const std::string& name, const Value& value, const Arguments& arguments) {
  if (value.is_callable()) fail_input("{} is filtered", value.kind_name());
  if (std::find(selecting().begin(), selecting().end(), name) != selecting().end()) {
    return selected(name, value, arguments);
  }
  require_filter(name);
  return filters().at(name)(value, arguments);
}

void require_test(const std::string& name) {
  if (tests().count(name) == 0) {
    fail_input("the test '{}' is not built here{}", name, suggestion(name, names_of(tests())));
  }
}

bool apply_test(const std::string& name, const Value& value, const Arguments& arguments) {
  require_test(name);
  static const std::vector<std::string> asking = {"divisibleby", "in", "equalto", "eq", "==", "ne",
                                                  "!=",          "lt", "gt",      "le", "ge"};
  const bool asks = std::find(asking.begin(), asking.end(), name) != asking.end();
  if (!arguments.named.empty() || arguments.positional.size() != (asks ? 1U : 0U)) {
    fail_input("the test '{}' takes {}", name, asks ? "one argument" : "no argument");
  }
  return tests().at(name)(value, asks ? arguments.positional[0] : Value());
}

}  // namespace emf
