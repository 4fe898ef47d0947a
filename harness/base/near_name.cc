#include "harness/base/near_name.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <numeric>

namespace emf {
namespace {

/// Characters inserted, deleted, replaced, or swapped with their neighbour.
size_t edit_distance(std::string_view a, std::string_view b) {
  // Three rows of the table suffice, because a swap looks back two rows and every other edit one.
  std::vector<size_t> before, last(b.size() + 1), row(b.size() + 1);
  std::iota(last.begin(), last.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    before = last;
    last = row;
  }
  return last.back();
}

}  // namespace

std::string near_name(std::string_view word, const std::vector<std::string>& known) {
  std::string best;
  // Names that differ in more than a third of the letters are no slip of the fingers. Short words may differ in
  // two letters all the same; otherwise none would be found for them.
  size_t best_distance = std::max<size_t>(2, word.size() / 3) + 1;
  for (const std::string& name : known) {
    const size_t distance = edit_distance(word, name);
    // Of two as near, a slip of the fingers keeps the length.
    const bool keeps_length = name.size() == word.size() && best.size() != word.size();
    if (distance < best_distance || (distance == best_distance && !best.empty() && keeps_length)) {
      best_distance = distance;
      best = name;
    }
  }
  return best;
}

std::string suggestion(std::string_view word, const std::vector<std::string>& known) {
  const std::string near = near_name(word, known);
  if (!near.empty()) return fmt::format("; did you mean '{}'?", near);
  return fmt::format("; known: {}", fmt::join(known, ", "));
}

}  // namespace emf
