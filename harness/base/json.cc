// SPDX-License-Identifier: Apache-2.0
#include "harness/base/json.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "harness/base/bounded.h"
#include "harness/base/error.h"
#include "harness/base/utf8.h"

// The one instantiation of the whole program; json.h declares it extern, which spares every other file its
// compilation.
template class nlohmann::basic_json<>;

namespace emf {
namespace {

void refuse_non_finite(const Json& value, const std::string& path) {
  // nlohmann writes NaN and infinity as null, which a reader of results would take for "not measured".
  if (value.is_number_float()) {
    ensure(std::isfinite(value.get<double>()), "a non-finite number at {} cannot be written as JSON", path);
  } else if (value.is_object()) {
    for (const auto& [key, item] : value.items()) refuse_non_finite(item, path + "/" + key);
  } else if (value.is_array()) {
    for (size_t i = 0; i < value.size(); ++i) refuse_non_finite(value[i], path + "/" + std::to_string(i));
  }
}

}  // namespace

std::string canonical_json(const Json& value) {
  refuse_non_finite(value, "");
  // Objects are std::map, so keys come out sorted, and numbers are the shortest that read back as themselves.
  // The hashes of all stages rest on both.
  return value.dump();
}

std::string pretty_json(const Json& value) {
  refuse_non_finite(value, "");
  return value.dump(2) + "\n";
}

std::string text_under(const Json& value, const std::string& key, const std::string& fallback) {
  if (!value.is_object()) return fallback;
  const auto found = value.find(key);
  return found != value.end() && found->is_string() ? found->get<std::string>() : fallback;
}

int64_t whole_number_under(const Json& value, const std::string& key) {
  if (!value.is_object()) return 0;
  const auto found = value.find(key);
  return found != value.end() ? whole_number(*found).value_or(0) : 0;
}

std::optional<int64_t> whole_number(const Json& value) {
  if (!value.is_number_integer()) return std::nullopt;
  constexpr auto kMost = static_cast<uint64_t>(std::numeric_limits<int64_t>::max());
  if (value.is_number_unsigned() && value.get<uint64_t>() > kMost) return std::nullopt;
  return value.get<int64_t>();
}

Json parse_json(const std::string& text, const std::string& origin) {
  // A nesting bomb overflows the stack in the destructor of a recursive value, so depth is bounded first.
  const auto watch_depth = [&](int depth, Json::parse_event_t, Json&) {
    if (depth > bounds::kJsonLevels)
      fail_input("{}: JSON nested more than {} levels deep", origin, bounds::kJsonLevels);
    return true;
  };
  try {
    // Watching costs as much as parsing; what has few brackets in all cannot be deep.
    const auto opened = std::count(text.begin(), text.end(), '[') + std::count(text.begin(), text.end(), '{');
    return opened > bounds::kJsonLevels ? Json::parse(text, watch_depth) : Json::parse(text);
  } catch (const Json::parse_error& error) {
    require_utf8(text, origin);  // the likelier word for it
    fail_input("{}: not valid JSON at byte {}; mend the file or make it anew", origin, error.byte);
  } catch (const Json::out_of_range&) {
    fail_input("{}: holds a number too large for JSON; mend the file or make it anew", origin);
  }
}

}  // namespace emf
