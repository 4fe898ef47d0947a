// SPDX-License-Identifier: Apache-2.0
// What every template knows by name.
#include <cstdlib>

#include "encoders/chat_templates/template_arguments.h"
#include "encoders/chat_templates/template_functions.h"

namespace emf {
namespace {

using Data = TemplateData;
using Value = TemplateValue;
using Arguments = TemplateArguments;

/// The date as Python's strftime writes it.
std::string date_text(const std::string& date, const std::string& format) {
  static const char* const months[] = {"January", "February", "March",     "April",   "May",      "June",
                                       "July",    "August",   "September", "October", "November", "December"};
  const std::string year = date.substr(0, 4), month = date.substr(5, 2), day = date.substr(8, 2);
  const std::string name = months[std::stoi(month) - 1];
  std::string text;
  for (size_t i = 0; i < format.size(); ++i) {
    if (format[i] != '%' || i + 1 == format.size()) {
      text += format[i];
      continue;
    }
    const char what = format[++i];
    switch (what) {
      case 'Y':
        text += year;
        break;
      case 'm':
        text += month;
        break;
      case 'd':
        text += day;
        break;
      case 'B':
        text += name;
        break;
      case 'b':
        text += name.substr(0, 3);
        break;
      case '%':
        text += '%';
        break;
      default:
        fail_input("strftime_now writes %{}, which no date says", what);
    }
  }
  return text;
}

}  // namespace

TemplateNamespace template_globals(const std::string& date) {
  TemplateNamespace globals;
  const auto add = [&](const std::string& name, TemplateFunction function) {
    globals[name] = Value::callable(name, std::move(function));
  };
  add("raise_exception", [](const Arguments& arguments) -> Value {
    const GivenArguments given("raise_exception", arguments, {"message"});
    fail_input("the template itself refuses the conversation: {}", given[0].written());
  });
  add("namespace", [](const Arguments& arguments) -> Value {
    if (!arguments.positional.empty()) fail_input("'namespace' takes named values alone here");
    TemplateNamespace values;
    for (const auto& [name, value] : arguments.named) values[name] = value;
    return Value::space(std::move(values));
  });
  add("dict", [](const Arguments& arguments) -> Value {
    if (!arguments.positional.empty()) fail_input("'dict' takes named values alone here");
    Data object = Data::object();
    for (const auto& [name, value] : arguments.named) object[name] = value.data();
    return Value(std::move(object));
  });
  add("range", [](const Arguments& arguments) -> Value {
    const GivenArguments given("range", arguments, {"start", "stop", "step"});
    const bool one = !given.has(1);
    const int64_t begin = one ? 0 : given[0].integer(), end = given[one ? 0 : 1].integer();
    const int64_t step = given.has(2) ? given[2].integer() : 1;
    if (step == 0 || std::abs((end - begin) / step) > 100000) fail_input("'range' has no end or too far a one");
    Data all = Data::array();
    for (int64_t i = begin; step > 0 ? i < end : i > end; i += step) all.push_back(i);
    return Value(std::move(all));
  });
  add("strftime_now", [date](const Arguments& arguments) -> Value {
    const GivenArguments given("strftime_now", arguments, {"format"});
    if (date.empty()) {
      fail_input(
          "the template writes today's date, by which features would change from day to day; name one by the option "
          "date = \"2026-01-31\"");
    }
    return Value(date_text(date, given[0].text()));
  });
  return globals;
}

}  // namespace emf
