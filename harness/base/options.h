// SPDX-License-Identifier: Apache-2.0
// What a plugin is told: its own table of a suite, or the options of a command line.
#pragma once

#include <string>
#include <vector>

#include "harness/base/config.h"

namespace emf {

/// The options of one plugin, with the file and line that each came from. ConfigReader reads them;
/// what it does not read is refused by its finish().
class Options {
 public:
  /// None at all.
  Options() = default;
  /// A table of a document.
  /// @param path   from the document to the table ({"objective", "mean_flow"}); an absent table counts as empty.
  /// @param taken  keys of that table that somebody else has read ("objective", "title").
  /// @throws UserError  what stands there is no table.
  Options(const Config& config, const std::vector<std::string>& path, std::vector<std::string> taken = {});
  /// Options that came from no file.   @param origin  names them in messages ("encoder hash").
  /// @throws UserError  values that are neither a table nor null.
  Options(const Json& values, const std::string& origin);

  /// The same with one more value. What stands behind the colon of `name:argument` is "argument".
  Options with(const std::string& key, Json value) const;
  /// The options as a table, without what others have read.
  const Json& values() const { return values_; }
  /// Where a key stands, for messages.
  std::string place(const std::string& key) const;

  /// The table's dotted path, "" for options of no file.
  const std::string& path() const { return path_; }
  /// Places alone; its values are empty.
  const Config& places() const { return places_; }
  const std::vector<std::string>& taken() const { return taken_; }

 private:
  Json values_ = Json::object();
  Config places_;
  std::string path_;
  std::vector<std::string> taken_;
};

/// A plugin's name and what it is told.
struct NamedOptions {
  std::string name;
  Options options;
};

/// Takes "torchscript:/path/to/model.pt" apart at the first colon: names hold none, paths may. What
/// stands behind it becomes the option "argument".
NamedOptions named_options(const std::string& text, const Options& options = {});

}  // namespace emf
