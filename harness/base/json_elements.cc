// SPDX-License-Identifier: Apache-2.0
#include "harness/base/json_elements.h"

#include "harness/base/error.h"

namespace emf {

void for_each_element(std::string_view text, const std::string& origin, int levels,
                      const std::function<void(Json&& element, size_t place)>& take) {
  using Event = Json::parse_event_t;
  size_t place = 0;
  bool list = false;
  const auto watch = [&](int depth, Event event, Json& value) {
    if (depth == 0 && !list) {
      if (event != Event::array_start) fail_input("{}: must be a JSON list", origin);
      list = true;
    }
    const bool opens = event == Event::array_start || event == Event::object_start;
    if (opens && depth > levels) fail_input("{}: element {} is nested too deep", origin, place + 1);
    const bool closes = event == Event::array_end || event == Event::object_end;
    if (depth != 1 || (!closes && event != Event::value)) return true;
    take(std::move(value), place++);
    // What is discarded here never becomes a part of the list.
    return false;
  };
  try {
    // Its elements taken, the list itself is empty.
    [[maybe_unused]] const Json rest = Json::parse(text.begin(), text.end(), watch);
  } catch (const Json::parse_error& error) {
    fail_input("{}: not valid JSON at byte {}; mend the file or make it anew", origin, error.byte);
  } catch (const Json::out_of_range&) {
    fail_input("{}: holds a number too large for JSON; mend the file or make it anew", origin);
  }
}

}  // namespace emf
