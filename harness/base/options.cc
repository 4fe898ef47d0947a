// SPDX-License-Identifier: Apache-2.0
#include "harness/base/options.h"

#include "harness/base/error.h"

namespace emf {

Options::Options(const Config& config, const std::vector<std::string>& path, std::vector<std::string> taken)
    : taken_(std::move(taken)) {
  places_.origin = config.origin;
  places_.places = config.places;
  const Json* found = &config.values;
  for (const std::string& part : path) {
    // The path is completed even where the table is absent, so that messages can say what was looked for.
    path_ += (path_.empty() ? "" : ".") + part;
    if (found == nullptr) continue;
    if (!found->is_object()) fail_input("{}: '{}' must be a table", config.place(path_), path_);
    const auto position = found->find(part);
    found = position == found->end() ? nullptr : &*position;
  }
  if (found == nullptr) return;
  if (!found->is_object()) fail_input("{}: '{}' must be a table", config.place(path_), path_);
  values_ = *found;
  // What somebody else has read is no option of the plugin. Left in, it would be refused as unknown.
  for (const std::string& key : taken_) values_.erase(key);
}

Options::Options(const Json& values, const std::string& origin) {
  places_.origin = origin;
  if (values.is_null()) return;
  if (!values.is_object()) fail_input("{}: its options must be a table of key = value", origin);
  values_ = values;
}

Options Options::with(const std::string& key, Json value) const {
  Options more = *this;
  more.values_[key] = std::move(value);
  // A value given here is an option again, even if the table had a key of that name for somebody else.
  std::erase(more.taken_, key);
  return more;
}

std::string Options::place(const std::string& key) const {
  return places_.place(path_.empty() ? key : path_ + "." + key);
}

NamedOptions named_options(const std::string& text, const Options& options) {
  const size_t colon = text.find(':');
  if (colon == std::string::npos) return {text, options};
  return {text.substr(0, colon), options.with("argument", text.substr(colon + 1))};
}

}  // namespace emf
