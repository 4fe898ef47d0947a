// SPDX-License-Identifier: Apache-2.0
// Jinja's filters, tests and global functions, and Python's methods of strings and objects, as far as chat templates
// use them. Each fails with a UserError without a place, which its caller adds.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "encoders/chat_templates/template_value.h"

namespace emf {

/// @throws UserError  a filter that is not built here (names the nearest), arguments that it does not take.
TemplateValue apply_filter(const std::string& name, const TemplateValue& value, const TemplateArguments& arguments);
/// Checked when the template is read, so that what is not built is refused before any prompt.
void require_filter(const std::string& name);

/// `value is name(arguments)`.
bool apply_test(const std::string& name, const TemplateValue& value, const TemplateArguments& arguments);
void require_test(const std::string& name);

/// value.name, which is an element or a method.
TemplateValue attribute_of(const TemplateValue& value, const std::string& name);
/// value[key].
TemplateValue item_of(const TemplateValue& value, const TemplateValue& key);
/// value[begin:end:step]; what is undefined is left out.
TemplateValue slice_of(const TemplateValue& value, const TemplateValue& begin, const TemplateValue& end,
                       const TemplateValue& step);

/// One of + - * / // % ~.
TemplateValue apply_operator(const std::string& name, const TemplateValue& left, const TemplateValue& right);

/// Names that every template knows: raise_exception, namespace, range, dict, strftime_now.
/// @param date  "2026-01-31", which strftime_now writes; "" = none, and asking for it is refused.
TemplateNamespace template_globals(const std::string& date);

}  // namespace emf
