// SPDX-License-Identifier: Apache-2.0
// Methods, elements and parts of values, and the operators between them.
#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include <fmt/ranges.h>

#include "encoders/chat_templates/template_functions.h"
#include "encoders/tokenizers/unicode_text.h"
#include "harness/base/error.h"
#include "harness/base/near_name.h"
#include "harness/base/utf8.h"

namespace emf {
namespace {

using Data = TemplateData;
using Value = TemplateValue;
using Arguments = TemplateArguments;

/// @throws UserError  fewer or more, or named ones.
void require_count(const std::string& name, const Arguments& arguments, size_t least, size_t most) {
  if (!arguments.named.empty() || arguments.positional.size() < least || arguments.positional.size() > most) {
    fail_input("'{}' is called with arguments that it does not take here", name);
  }
}

bool is_space(int32_t point) { return is_white_space(point) || (point >= 0x1C && point <= 0x1F); }

/// Python's strip.
/// @param characters  taken away; nothing = white space.
std::string stripped(const std::string& text, const Arguments& arguments, bool left, bool right) {
  const bool any_space = arguments.positional.empty() || arguments.positional[0].is_none();
  const std::vector<int32_t> gone = any_space ? std::vector<int32_t>() : code_points(arguments.positional[0].text());
  const auto goes = [&](int32_t point) {
    return any_space ? is_space(point) : std::find(gone.begin(), gone.end(), point) != gone.end();
  };
  const std::vector<int32_t> points = code_points(text);
  size_t begin = 0, end = points.size();
  while (left && begin < end && goes(points[begin])) ++begin;
  while (right && end > begin && goes(points[end - 1])) --end;
  std::string kept;
  for (size_t i = begin; i < end; ++i) append_utf8(kept, points[i]);
  return kept;
}

Data split_text(const std::string& text, const Arguments& arguments) {
  Data parts = Data::array();
  const auto most = arguments.positional.size() > 1 ? arguments.positional[1].integer() : -1;
  if (!arguments.positional.empty() && !arguments.positional[0].is_none()) {
    const std::string& mark = arguments.positional[0].text();
    if (mark.empty()) fail_input("'split' is asked to split at nothing");
    size_t begin = 0;
    for (size_t at = text.find(mark);
         at != std::string::npos && (most < 0 || static_cast<int64_t>(parts.size()) < most);
         at = text.find(mark, begin)) {
      parts.push_back(text.substr(begin, at - begin));
      begin = at + mark.size();
    }
    parts.push_back(text.substr(begin));
    return parts;
  }
  if (most >= 0) fail_input("'split' at white space takes no number here");
  std::string word;
  for (const int32_t point : code_points(text)) {
    if (!is_space(point)) {
      append_utf8(word, point);
    } else if (!word.empty()) {
      parts.push_back(std::move(word));
      word.clear();
    }
  }
  if (!word.empty()) parts.push_back(std::move(word));
  return parts;
}

std::string replaced(const std::string& text, const Arguments& arguments) {
  const std::string &from = arguments.positional[0].text(), &to = arguments.positional[1].text();
  if (from.empty()) fail_input("'replace' is asked to replace nothing");
  int64_t most = arguments.positional.size() > 2 ? arguments.positional[2].integer() : -1;
  std::string out;
  size_t begin = 0;
  for (size_t at = text.find(from); at != std::string::npos && most != 0; at = text.find(from, begin), --most) {
    out += text.substr(begin, at - begin) + to;
    require_template_room(out.size());
    begin = at + from.size();
  }
  return out + text.substr(begin);
}

/// Of a prefix, or of any of several.
bool begins_or_ends(const std::string& text, const Value& with, bool at_end) {
  for (const Value& one : with.is_string() ? std::vector<Value>{with} : with.elements()) {
    if (at_end ? text.ends_with(one.text()) : text.starts_with(one.text())) return true;
  }
  return false;
}

Value string_method(const std::string& name, const std::string& text, const Arguments& arguments) {
  const auto count = [&](size_t least, size_t most) { require_count(name, arguments, least, most); };
  if (name == "strip" || name == "lstrip" || name == "rstrip") {
    count(0, 1);
    return Value(stripped(text, arguments, name != "rstrip", name != "lstrip"));
  }
  if (name == "split") return count(0, 2), Value(split_text(text, arguments));
  if (name == "startswith" || name == "endswith") {
    count(1, 1);
    return Value(begins_or_ends(text, arguments.positional[0], name == "endswith"));
  }
  if (name == "replace") return count(2, 3), Value(replaced(text, arguments));
  if (name == "find") {
    count(1, 1);
    const size_t at = text.find(arguments.positional[0].text());
    return Value(at == std::string::npos ? int64_t{-1} : static_cast<int64_t>(code_points(text.substr(0, at)).size()));
  }
  if (name == "count") {
    count(1, 1);
    return Value(static_cast<int64_t>(split_text(text, arguments).size()) - 1);
  }
  if (name == "join") {
    count(1, 1);
    return apply_filter("join", arguments.positional[0], {{Value(text)}, {}});
  }
  return count(0, 0), apply_filter(name, Value(text), arguments);
}

Value object_method(const std::string& name, const Data& object, const Arguments& arguments) {
  if (name == "get") {
    require_count(name, arguments, 1, 2);
    const auto found = object.find(arguments.positional[0].text());
    if (found != object.end()) return Value(*found);
    return arguments.positional.size() > 1 ? arguments.positional[1] : Value(Data());
  }
  require_count(name, arguments, 0, 0);
  Data all = Data::array();
  for (const auto& [key, value] : object.items()) {
    if (name == "keys") {
      all.push_back(key);
    } else if (name == "values") {
      all.push_back(value);
    } else {
      all.push_back({key, value});
    }
  }
  return Value(std::move(all));
}

const std::vector<std::string>& string_methods() {
  static const std::vector<std::string> names = {"strip",    "lstrip",  "rstrip", "split",     "startswith",
                                                 "endswith", "replace", "find",   "count",     "join",
                                                 "upper",    "lower",   "title",  "capitalize"};
  return names;
}
const std::vector<std::string>& object_methods() {
  static const std::vector<std::string> names = {"get", "items", "keys", "values"};
  return names;
}

bool is_in(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// A place counted from the end where it is below 0.
int64_t from_end(int64_t place, int64_t size) { return place < 0 ? place + size : place; }

bool is_number(const Value& value) {
  return value.is_data() && (value.data().is_number() || value.data().is_boolean());
}
bool is_whole(const Value& value) { return value.is_integer() || (value.is_data() && value.data().is_boolean()); }
double number_of(const Value& value) {
  return value.data().is_boolean() ? static_cast<double>(value.data().get<bool>()) : value.data().get<double>();
}

Value arithmetic(const std::string& name, const Value& left, const Value& right) {
  const double a = number_of(left), b = number_of(right);
  if ((name == "/" || name == "//" || name == "%") && b == 0) fail_input("something is divided by 0");
  double result = 0;
  if (name == "+") result = a + b;
  if (name == "-") result = a - b;
  if (name == "*") result = a * b;
  if (name == "/") return Value(a / b);
  if (name == "//") result = std::floor(a / b);
  if (name == "%") result = a - b * std::floor(a / b);
  if (!is_whole(left) || !is_whole(right)) return Value(result);
  if (std::abs(result) > 9e15) fail_input("a number is too large");
  return Value(static_cast<int64_t>(result));
}

}  // namespace

TemplateValue attribute_of(const Value& value, const std::string& name) {
  if (value.is_undefined()) fail_input("{} is asked for '{}'", value.kind_name(), name);
  if (value.is_space()) {
    const auto found = value.attributes().find(name);
    return found == value.attributes().end() ? Value::undefined(name) : found->second;
  }
  if (value.is_string() && is_in(string_methods(), name)) {
    return Value::callable(
        name, [name, text = value.text()](const Arguments& arguments) { return string_method(name, text, arguments); });
  }
  if (value.is_data() && value.data().is_object()) {
    if (is_in(object_methods(), name)) {
      return Value::callable(name, [name, object = value.data()](const Arguments& arguments) {
        return object_method(name, object, arguments);
      });
    }
    const auto found = value.data().find(name);
    return found == value.data().end() ? Value::undefined(name) : Value(*found);
  }
  // Python's other methods would be undefined here without a word.
  static const std::vector<std::string> others = {
      "append",  "copy",    "insert",  "pop",          "update",       "setdefault", "extend",
      "index",   "format",  "rsplit",  "rfind",        "splitlines",   "swapcase",   "zfill",
      "isdigit", "isalpha", "isspace", "removeprefix", "removesuffix", "partition",  "isupper",
      "islower", "encode",  "ljust",   "rjust"};
  if (is_in(others, name)) fail_input("the method '{}' of {} is not built here", name, value.kind_name());
  return Value::undefined(name);
}

TemplateValue item_of(const Value& value, const Value& key) {
  if (value.is_undefined()) fail_input("{} is asked for an element", value.kind_name());
  if (!value.is_data()) return attribute_of(value, key.text());
  if (value.data().is_object()) {
    if (!key.is_string()) return Value::undefined("an element");
    const auto found = value.data().find(key.text());
    // Jinja falls back to an attribute, of which objects have methods alone.
    return found == value.data().end() ? attribute_of(value, key.text()) : Value(*found);
  }
  if (!value.data().is_array() && !value.is_string()) fail_input("{} has no elements", value.kind_name());
  if (key.is_string()) return attribute_of(value, key.text());
  const std::vector<Value> all = value.elements();
  const int64_t place = from_end(key.integer(), static_cast<int64_t>(all.size()));
  if (place < 0 || place >= static_cast<int64_t>(all.size())) return Value::undefined("an element");
  return all[static_cast<size_t>(place)];
}

TemplateValue slice_of(const Value& value, const Value& begin, const Value& end, const Value& step) {
  if (!value.is_string() && !(value.is_data() && value.data().is_array())) {
    fail_input("a part of {} is taken", value.kind_name());
  }
  const std::vector<Value> all = value.elements();
  const auto size = static_cast<int64_t>(all.size());
  const auto is_given = [](const Value& one) { return !one.is_undefined() && !one.is_none(); };
  const int64_t by = is_given(step) ? step.integer() : 1;
  if (by == 0) fail_input("a part is taken with step 0");
  const int64_t first = by > 0 ? 0 : -1, last = by > 0 ? size : size - 1;
  const auto place = [&](const Value& one, int64_t otherwise) {
    return is_given(one) ? std::clamp(from_end(one.integer(), size), first, last) : otherwise;
  };
  const int64_t from = place(begin, by > 0 ? first : last), to = place(end, by > 0 ? last : first);
  Data taken = Data::array();
  std::string text;
  for (int64_t i = from; by > 0 ? i < to : i > to; i += by) {
    const Value& one = all[static_cast<size_t>(i)];
    if (value.is_string()) {
      text += one.text();
    } else {
      taken.push_back(one.data());
    }
  }
  return value.is_string() ? Value(std::move(text)) : Value(std::move(taken));
}

TemplateValue apply_operator(const std::string& name, const Value& left, const Value& right) {
  if (name == "~") {
    const std::string first = left.written(), second = right.written();
    require_template_room(first.size() + second.size());
    return Value(first + second);
  }
  if (is_number(left) && is_number(right)) return arithmetic(name, left, right);
  if (name == "+" && left.is_string() && right.is_string()) {
    require_template_room(left.text().size() + right.text().size());
    return Value(left.text() + right.text());
  }
  const auto is_list = [](const Value& value) { return value.is_data() && value.data().is_array(); };
  if (name == "+" && is_list(left) && is_list(right)) {
    Data all = left.data();
    if (all.size() + right.data().size() > kMostTemplateElements) fail_input("a list is too long");
    for (const Data& one : right.data()) all.push_back(one);
    return Value(std::move(all));
  }
  if (name == "*" && left.is_string() && right.is_integer()) {
    if (right.integer() > 10000) fail_input("a text is repeated {} times", right.integer());
    std::string all;
    require_template_room(left.text().size() * static_cast<size_t>(std::max<int64_t>(0, right.integer())));
    for (int64_t i = 0; i < right.integer(); ++i) all += left.text();
    return Value(std::move(all));
  }
  fail_input("{} {} {}", left.kind_name(), name, right.kind_name());
}

}  // namespace emf
