// SPDX-License-Identifier: Apache-2.0
// The arguments of a call, told apart.
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "encoders/chat_templates/template_value.h"
#include "harness/base/error.h"

namespace emf {

/// An argument by its place or its name; undefined where it is not given. All that are given must be among `names`.
class GivenArguments {
 public:
  GivenArguments(const std::string& function, const TemplateArguments& arguments, std::vector<std::string> names)
      : names_(std::move(names)) {
    values_.resize(names_.size());
    if (arguments.positional.size() > names_.size()) fail_input("'{}' is given too many arguments", function);
    std::copy(arguments.positional.begin(), arguments.positional.end(), values_.begin());
    for (const auto& [name, value] : arguments.named) {
      const auto found = std::find(names_.begin(), names_.end(), name);
      if (found == names_.end()) fail_input("'{}' takes no argument '{}' here", function, name);
      values_[static_cast<size_t>(found - names_.begin())] = value;
    }
  }
  const TemplateValue& operator[](size_t place) const { return values_[place]; }
  bool has(size_t place) const { return !values_[place].is_undefined(); }

 private:
  std::vector<std::string> names_;
  std::vector<TemplateValue> values_;
};

}  // namespace emf
