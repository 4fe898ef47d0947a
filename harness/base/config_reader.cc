// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <map>

#include "harness/base/bounded.h"
#include "harness/base/config.h"
#include "harness/base/config_journal.h"
#include "harness/base/near_name.h"
#include "harness/base/options.h"

namespace emf {
namespace {

std::string type_name(const Json& value) {
  if (value.is_string()) return "a string";
  if (value.is_boolean()) return "true/false";
  if (value.is_number_integer()) return "an integer";
  if (value.is_number_float()) return "a number";
  if (value.is_array()) return "a list";
  return value.is_object() ? "a table" : "nothing";
}

std::optional<int64_t> parse_integer(const std::string& text) {
  size_t used = 0;
  try {
    const int64_t value = std::stoll(text, &used);
    // stoll() stops at the first character that is no digit, so that "12x" would count as 12.
    if (used == text.size()) return value;
  } catch (const std::exception&) {
  }
  return std::nullopt;
}

/// The integer that a value is, as people write large ones: 100000, 1e5, "100k", "2.5M", "1G" (thousands, not 1024).
std::optional<int64_t> counted_number(const Json& value) {
  if (value.is_number_integer()) return whole_number(value);
  double number = 0;
  if (value.is_number_float()) {
    number = value.get<double>();
  } else if (value.is_string()) {
    static const std::map<char, double> kScales = {{'k', 1e3}, {'M', 1e6}, {'G', 1e9}};
    const std::string& text = value.get_ref<const std::string&>();
    const auto scale = text.empty() ? kScales.end() : kScales.find(text.back());
    if (scale == kScales.end() || text.find_first_not_of("0123456789.") != text.size() - 1) return std::nullopt;
    size_t used = 0;
    try {
      number = std::stod(text, &used) * scale->second;
    } catch (const std::exception&) {
      return std::nullopt;
    }
    if (used != text.size() - 1) return std::nullopt;
    // 1.1k is 1100 and not what the nearest double of 1.1 times a thousand would be.
    if (std::abs(number - std::round(number)) < 1e-9 * std::max(1.0, number)) number = std::round(number);
  } else {
    return std::nullopt;
  }
  constexpr double kExact = 9007199254740992.0;  // 2^53: beyond it a double is no longer one integer
  if (number != std::floor(number) || std::abs(number) > kExact) return std::nullopt;
  return static_cast<int64_t>(number);
}

}  // namespace

ConfigReader::ConfigReader(const Config& config, std::string table) : config_(config), path_(std::move(table)) {
  const Json* found = &config_.values;
  for (const std::string& part : split_at(path_, '.')) {
    if (found->is_array()) {
      found = &found->at(std::stoul(part));
    } else if (found->contains(part)) {
      found = &found->at(part);
    } else {
      return;
    }
  }
  if (!found->is_object()) {
    fail_input("{}: '{}' must be a table, not {}", config_.place(path_), path_, type_name(*found));
  }
  table_ = *found;
}

ConfigReader::ConfigReader(const Options& options)
    : config_(options.places()), path_(options.path()), table_(options.values()) {
  // Keys that somebody else has read are no unknown keys here, and may be what a mistyped one was meant to be.
  known_.insert(options.taken().begin(), options.taken().end());
}

const Json* ConfigReader::find(const std::string& key) {
  // Asking for a key is what makes it known, so that no second list of keys can go stale.
  known_.insert(key);
  const auto position = table_.find(key);
  return position == table_.end() ? nullptr : &*position;
}

void ConfigReader::note(const std::string& key, const char* type, Json fallback, const char* meaning, Json low,
                        Json high, const std::vector<std::string>& choices) const {
  ConfigJournal* journal = ConfigJournal::open();
  if (journal == nullptr) return;
  AskedKey asked{path_, key, type, std::move(fallback), std::move(low), std::move(high), choices, meaning, "", nullptr};
  // "... [pictures]"
  const size_t open = asked.meaning.rfind(" [");
  if (open != std::string::npos && asked.meaning.back() == ']') {
    asked.unit = asked.meaning.substr(open + 2, asked.meaning.size() - open - 3);
    asked.meaning.resize(open);
  }
  // Its sentence says what counts instead.
  if (asked.meaning.find("absent: ") != std::string::npos) asked.fallback = nullptr;
  if (const auto found = table_.find(key); found != table_.end()) asked.value = *found;
  journal->write(std::move(asked));
}

void ConfigReader::fail_type(const std::string& key, const char* expected, const Json& found) const {
  fail_input("{}: '{}' must be {}, not {} ({})", place(key), dotted(key), expected, type_name(found), found.dump());
}

std::string ConfigReader::text(const std::string& key, const std::string& fallback, const char* meaning) {
  note(key, "text", fallback, meaning);
  const Json* value = find(key);
  if (value == nullptr) return fallback;
  if (!value->is_string()) fail_type(key, "a string", *value);
  return value->get<std::string>();
}

std::string ConfigReader::required_text(const std::string& key, const char* meaning) {
  note(key, "text", nullptr, meaning);
  if (!has(key)) fail_input("{}: '{}' is missing", config_.origin, dotted(key));
  return text(key, "");
}

bool ConfigReader::flag(const std::string& key, bool fallback, const char* meaning) {
  note(key, "flag", fallback, meaning);
  const Json* value = find(key);
  if (value == nullptr) return fallback;
  if (!value->is_boolean()) fail_type(key, "true or false", *value);
  return value->get<bool>();
}

int64_t ConfigReader::integer(const std::string& key, int64_t fallback, int64_t low, int64_t high,
                              const char* meaning) {
  note(key, "integer", fallback, meaning, low, high);
  const Json* value = find(key);
  if (value == nullptr) return fallback;
  const std::optional<int64_t> number = counted_number(*value);
  if (!number && !value->is_number_integer()) fail_type(key, "an integer", *value);
  if (!number || *number < low || *number > high) {
    fail_input("{}: '{}' is {}, outside {}..{}", place(key), dotted(key), value->dump(), low, high);
  }
  return *number;
}

double ConfigReader::number(const std::string& key, double fallback, double low, double high, const char* meaning) {
  note(key, "number", fallback, meaning, low, high);
  const Json* value = find(key);
  if (value == nullptr) return fallback;
  if (!value->is_number()) fail_type(key, "a number", *value);
  const double number = value->get<double>();
  // Written this way round, so that NaN, which TOML has a word for, lies outside as well.
  if (!(number >= low && number <= high)) {
    fail_input("{}: '{}' is {}, outside {}..{}", place(key), dotted(key), number, low, high);
  }
  return number;
}

std::vector<std::string> ConfigReader::texts(const std::string& key, std::vector<std::string> fallback,
                                             const char* meaning) {
  note(key, "texts", fallback, meaning);
  const Json* value = find(key);
  if (value == nullptr) return fallback;
  // A command line has no quotes and brackets: one string may hold several words there.
  if (!value->is_string() && !value->is_array()) fail_type(key, "a list of strings", *value);
  std::vector<std::string> items;
  if (value->is_string()) items = split_at(value->get<std::string>(), ',');
  for (const Json& item : value->is_array() ? *value : Json::array()) {
    if (!item.is_string()) fail_type(key, "a list of strings", *value);
    items.push_back(item.get<std::string>());
  }
  if (items.size() > bounds::kNames) {
    fail_input("{}: '{}' holds {} names, more than {}", place(key), dotted(key), items.size(), bounds::kNames);
  }
  return items;
}

std::vector<int64_t> ConfigReader::integers(const std::string& key, std::vector<int64_t> fallback, int64_t low,
                                            int64_t high, const char* meaning) {
  note(key, "integers", fallback, meaning, low, high);
  const Json* value = find(key);
  if (value == nullptr) return fallback;
  std::vector<int64_t> items;
  if (value->is_string()) {
    for (const std::string& part : split_at(value->get<std::string>(), ',')) {
      const size_t dots = part.find("..");
      const auto first = parse_integer(part.substr(0, dots));
      const auto last = dots == std::string::npos ? first : parse_integer(part.substr(dots + 2));
      // A slip such as 0..20000000 must not fill the memory before the range is looked at.
      if (!first || !last || *last < *first || *last - *first > 100000) fail_type(key, "a list of integers", *value);
      for (int64_t i = *first; i <= *last; ++i) items.push_back(i);
    }
  } else if (const std::optional<int64_t> alone = counted_number(*value)) {
    items.push_back(*alone);
  } else if (value->is_array()) {
    for (const Json& item : *value) {
      const std::optional<int64_t> number = counted_number(item);
      if (!number) fail_type(key, "a list of integers", *value);
      items.push_back(*number);
    }
  } else {
    fail_type(key, "a list of integers", *value);
  }
  for (const int64_t item : items) {
    if (item < low || item > high) {
      fail_input("{}: '{}' holds {}, outside {}..{}", place(key), dotted(key), item, low, high);
    }
  }
  return items;
}

std::vector<int64_t> ConfigReader::distinct_integers(const std::string& key, std::vector<int64_t> fallback, int64_t low,
                                                     int64_t high, const char* meaning) {
  const std::vector<int64_t> items = integers(key, std::move(fallback), low, high, meaning);
  std::set<int64_t> seen;
  for (const int64_t item : items) {
    if (!seen.insert(item).second) fail_input("{}: '{}' holds {} twice; give each once", place(key), dotted(key), item);
  }
  return items;
}

std::string ConfigReader::choice(const std::string& key, const std::string& fallback,
                                 const std::vector<std::string>& allowed, const char* meaning) {
  note(key, "text", fallback, meaning, nullptr, nullptr, allowed);
  const std::string word = text(key, fallback);
  for (const std::string& candidate : allowed) {
    if (candidate == word) return word;
  }
  fail_input("{}: '{}' is '{}'{}", place(key), dotted(key), word, suggestion(word, allowed));
}

Json ConfigReader::raw(const std::string& key, const char* meaning) {
  note(key, "raw", nullptr, meaning);
  const Json* value = find(key);
  return value == nullptr ? Json() : *value;
}

void ConfigReader::finish() const {
  for (const auto& [key, value] : table_.items()) {
    if (known_.count(key) > 0) continue;
    fail_input("{}: unknown key '{}'{}", place(key), dotted(key),
               suggestion(key, std::vector<std::string>(known_.begin(), known_.end())));
  }
}

}  // namespace emf
