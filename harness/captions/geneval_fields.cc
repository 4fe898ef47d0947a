// SPDX-License-Identifier: Apache-2.0
#include "harness/captions/geneval_fields.h"

#include "harness/base/error.h"
#include "harness/base/near_name.h"

namespace emf {

std::string geneval_text(const Json& object, const char* key, const std::string& where) {
  if (!object.contains(key) || !object[key].is_string()) fail_input("{}: \"{}\" must be a string", where, key);
  return object[key].get<std::string>();
}

int geneval_count(const Json& object, const char* key, const std::string& where) {
  constexpr int64_t kMostObjects = 1'000'000;  // keeps counts inside int
  const bool whole = object.contains(key) && object[key].is_number_integer();
  const int64_t count = whole ? object[key].get<int64_t>() : -1;
  if (count < 0 || count > kMostObjects) fail_input("{}: \"{}\" must be a whole number of objects", where, key);
  return static_cast<int>(count);
}

void refuse_slips(const Json& object, const std::vector<std::string>& known, const std::string& where) {
  for (const auto& [key, value] : object.items()) {
    const std::string meant = slip_of(key, known);
    if (!meant.empty() && !object.contains(meant))
      fail_input("{}: unknown key '{}'; did you mean '{}'?", where, key, meant);
  }
}

}  // namespace emf
