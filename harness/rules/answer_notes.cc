// SPDX-License-Identifier: Apache-2.0
#include "harness/rules/answer_notes.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace emf {

void AnswerNotes::add(const std::string& what) {
  if (places_.try_emplace(what).second) order_.push_back(what);
}

void AnswerNotes::add(const std::string& what, const std::string& where) {
  constexpr size_t kNamed = 3;
  add(what);
  Places& places = places_.at(what);
  ++places.count;
  if (places.first.size() < kNamed) places.first.push_back(where);
}

std::vector<std::string> AnswerNotes::lines() const {
  std::vector<std::string> lines;
  for (const std::string& what : order_) {
    const Places& places = places_.at(what);
    if (places.count == 0) {
      lines.push_back(what);
    } else if (places.count == 1) {
      lines.push_back(fmt::format("{} ({})", what, places.first.front()));
    } else {
      lines.push_back(fmt::format("{} ({} times: {}{})", what, places.count, fmt::join(places.first, ", "),
                                  places.count > places.first.size() ? ", ..." : ""));
    }
  }
  return lines;
}

}  // namespace emf
