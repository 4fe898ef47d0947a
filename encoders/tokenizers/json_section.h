// SPDX-License-Identifier: Apache-2.0
// A place in a parsed JSON file that knows its path, so that every complaint names file, section and type.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "harness/base/json.h"

namespace emf {

/// A view: the document must outlive it. Every reader throws UserError naming file and path when the value is
/// absent or of another type.
class JsonSection {
 public:
  JsonSection(const Json& value, std::string where) : value_(&value), where_(std::move(where)) {}

  const Json& value() const { return *value_; }
  const std::string& where() const { return where_; }
  bool is_null() const { return value_->is_null(); }
  /// Whether a key is there and not null.
  bool has(const char* key) const;

  JsonSection at(const char* key) const;
  /// Elements of a list under the key, or of this very value.
  std::vector<JsonSection> list(const char* key) const { return at(key).elements(); }
  std::vector<JsonSection> elements() const;

  std::string text(const char* key) const { return at(key).as_text(); }
  std::string text_or(const char* key, const std::string& otherwise) const { return has(key) ? text(key) : otherwise; }
  bool flag_or(const char* key, bool otherwise) const;
  int64_t integer(const char* key) const { return at(key).as_integer(); }
  /// The value of "type".
  std::string type() const { return text("type"); }

  std::string as_text() const;
  int64_t as_integer() const;
  double as_number() const;
  const Json& as_object() const;

  /// Refuses a key that is neither understood nor known to move no id: what it asks for would be left out unseen.
  /// "type" is always understood.   @param read  keys that the caller reads.   @param harmless  others that may stand.
  /// @throws UserError  another key whose value is not null (names it).
  void accept(std::initializer_list<std::string_view> read, std::initializer_list<std::string_view> harmless) const;

  /// Throws UserError: "FILE: PATH: what".
  [[noreturn]] void fail(const std::string& what) const;
  /// Throws UserError: a type that is not read here.
  [[noreturn]] void fail_unknown_type() const;

 private:
  const Json* value_;
  std::string where_;
};

}  // namespace emf
