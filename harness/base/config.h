// SPDX-License-Identifier: Apache-2.0
// Suites and options: TOML files become JSON plus the place of every key; readers check types, ranges and unknown keys.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "harness/base/error.h"
#include "harness/base/json.h"

namespace emf {

/// Where a key of a document stands.
struct ConfigPlace {
  std::string file;  ///< "" = the command line
  int line = 0;
};

/// A TOML document as JSON, with the place of each dotted key ("train.pictures" -> quick.toml, 12).
struct Config {
  Json values = Json::object();
  std::map<std::string, ConfigPlace> places;
  std::string origin;  ///< file path, for messages

  /// "suite.toml:12", or "command line" for overrides.
  std::string place(const std::string& key) const;
};

/// Reads a document and what it includes: `include = "other.toml"` (or a list) takes every key of another file, beside
/// this one if its path is relative; a key that stands in both is this file's, tables are merged, lists are not.
/// @throws UserError  absent (kMissing), not TOML (file, line, what the parser expected), a date (no
///   key takes one), a file that includes itself.
Config load_config(const std::filesystem::path& path);

/// Parses TOML text; origin names it in messages.
Config parse_config(const std::string& text, const std::string& origin);

/// Applies `key=value`, value being a TOML literal; a bare word is taken as a string ("encoders=llm").
/// `a,b` and `0..4` stay lists for keys that hold lists; see ConfigReader::list.
///
/// @throws UserError  no '=' or an unparsable value.
void apply_override(Config& config, const std::string& assignment);

/// The parts of a list or a dotted key: "a,,b" has three, "" none.
std::vector<std::string> split_at(const std::string& text, char separator);

class Options;  // options.h

/// Reads one table of a Config. Every key must be read before finish(), so a typo is never silently ignored.
class ConfigReader {
 public:
  /// @param table  dotted path of the table, "" for the whole document. An absent table reads as empty.
  ConfigReader(const Config& config, std::string table);
  /// @param options  a plugin's own; must outlive the reader.
  explicit ConfigReader(const Options& options);

  // Each key is asked for with a sentence on what it means, for `emfbench config`: "images that every row is trained on
  // [pictures]", the unit in brackets at its end; "absent: ..." in it where no value stands for what counts then.

  bool has(const std::string& key) const { return table_.contains(key); }
  std::string text(const std::string& key, const std::string& fallback, const char* meaning = "");
  std::string required_text(const std::string& key, const char* meaning = "");
  bool flag(const std::string& key, bool fallback, const char* meaning = "");
  /// Also 1e5, "100k" and "2.5M" (thousands and millions).
  int64_t integer(const std::string& key, int64_t fallback, int64_t low, int64_t high, const char* meaning = "");
  double number(const std::string& key, double fallback, double low, double high, const char* meaning = "");
  /// A list of strings; a single string counts as a list of one, "a,b" as two.
  std::vector<std::string> texts(const std::string& key, std::vector<std::string> fallback, const char* meaning = "");
  /// A list of integers; a single integer counts as one, "0..4" and "0,2" (from the command line) as lists.
  std::vector<int64_t> integers(const std::string& key, std::vector<int64_t> fallback, int64_t low, int64_t high,
                                const char* meaning = "");
  /// Likewise, each once.  @throws UserError  a number that stands there twice, too.
  std::vector<int64_t> distinct_integers(const std::string& key, std::vector<int64_t> fallback, int64_t low,
                                         int64_t high, const char* meaning = "");
  /// One of the allowed words.  @throws UserError  names the nearest.
  std::string choice(const std::string& key, const std::string& fallback, const std::vector<std::string>& allowed,
                     const char* meaning = "");
  /// Marks a sub-table or raw value as known and returns it as it stands (null when absent).
  Json raw(const std::string& key, const char* meaning = "");

  /// @throws UserError  a key nobody read: file, line, the nearest known name.
  void finish() const;

  /// Where a key stands, for messages of callers.
  std::string place(const std::string& key) const { return config_.place(dotted(key)); }

 private:
  const Json* find(const std::string& key);
  std::string dotted(const std::string& key) const { return path_.empty() ? key : path_ + "." + key; }
  /// Writes down what was asked for, where somebody lists it (config_journal.h).
  void note(const std::string& key, const char* type, Json fallback, const char* meaning, Json low = nullptr,
            Json high = nullptr, const std::vector<std::string>& choices = {}) const;
  [[noreturn]] void fail_type(const std::string& key, const char* expected, const Json& found) const;

  const Config& config_;
  std::string path_;
  Json table_ = Json::object();
  std::set<std::string> known_;
};

}  // namespace emf
