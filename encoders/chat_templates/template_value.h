// SPDX-License-Identifier: Apache-2.0
// What a chat template computes with: JSON, and the few things of Jinja that are none.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

namespace emf {

/// Keys stand in the order in which they were written, as Python's do.
using TemplateData = nlohmann::ordered_json;

class TemplateValue;
using TemplateNamespace = std::map<std::string, TemplateValue>;

/// What stands between the parentheses of a call.
struct TemplateArguments {
  std::vector<TemplateValue> positional;
  std::vector<std::pair<std::string, TemplateValue>> named;
};
using TemplateFunction = std::function<TemplateValue(const TemplateArguments&)>;

/// What a template may make of its conversation: longer texts, and longer lists, come of a template that grows itself.
inline constexpr size_t kMostTemplateText = size_t{1} << 24, kMostTemplateElements = size_t{1} << 20;
/// @throws UserError  more bytes of text than that.
void require_template_room(size_t bytes);

/// A value, or an undefined name, a namespace whose attributes can be set, something that can be called.
class TemplateValue {
 public:
  TemplateValue() = default;  ///< undefined
  explicit TemplateValue(TemplateData data) : kind_(Kind::kData), data_(std::move(data)) {}
  static TemplateValue undefined(std::string name);
  static TemplateValue space(TemplateNamespace values);
  static TemplateValue callable(std::string name, TemplateFunction function);

  bool is_undefined() const { return kind_ == Kind::kUndefined; }
  bool is_data() const { return kind_ == Kind::kData; }
  bool is_space() const { return kind_ == Kind::kSpace; }
  bool is_callable() const { return kind_ == Kind::kCallable; }
  bool is_string() const { return is_data() && data_.is_string(); }
  bool is_none() const { return is_data() && data_.is_null(); }
  bool is_integer() const { return is_data() && data_.is_number_integer(); }

  /// @throws UserError  undefined (names it), a namespace or a function where a value is asked for.
  const TemplateData& data() const;
  /// @throws UserError  no string.
  const std::string& text() const;
  /// @throws UserError  no whole number.
  int64_t integer() const;
  const std::string& name() const { return name_; }
  TemplateNamespace& attributes() const { return *space_; }
  /// @throws UserError  it cannot be called.
  const TemplateFunction& function() const;

  /// As Python decides it; what is undefined is false.
  bool truth() const;
  /// As Jinja writes it into the text: nothing for what is undefined, "None", "True", 1.5.
  /// @throws UserError  a list or an object, whose Python spelling is not built here (tojson is).
  std::string written() const;
  /// The values that a loop goes through: elements, keys, characters; none of what is undefined.
  /// @throws UserError  anything else.
  std::vector<TemplateValue> elements() const;
  /// What it is called in messages: "an undefined value 'x'", "a string".
  std::string kind_name() const;

 private:
  enum class Kind { kUndefined, kData, kSpace, kCallable };

  Kind kind_ = Kind::kUndefined;
  TemplateData data_;
  std::string name_;  ///< of what is undefined, and of functions
  std::shared_ptr<TemplateNamespace> space_;
  std::shared_ptr<const TemplateFunction> function_;
};

/// Python's ==, in which 1, 1.0 and True are equal.
bool equal_values(const TemplateValue& a, const TemplateValue& b);
/// Python's <.   @throws UserError  values that have no order.
bool less_value(const TemplateValue& a, const TemplateValue& b);
/// Whether `inside` is an element, a key or a part of a text.   @throws UserError  of anything else.
bool contains_value(const TemplateValue& outside, const TemplateValue& inside);
/// Characters of a text, each as one.
std::vector<std::string> characters(const std::string& text);

}  // namespace emf
