// SPDX-License-Identifier: Apache-2.0
#include "harness/base/near_name.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <numeric>

#include "harness/base/field_names.h"

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

/// Whether a name of several words has this one among them.
bool has_word(std::string_view name, std::string_view word) {
  for (size_t begin = 0; begin < name.size();) {
    const size_t end = std::min(name.find(' ', begin), name.size());
    if (name.substr(begin, end - begin) == word) return true;
    begin = end + 1;
  }
  return false;
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
  if (best_distance <= 1) return best;
  const auto whole =
      std::find_if(known.begin(), known.end(), [&](const std::string& name) { return has_word(name, word); });
  if (whole != known.end()) return *whole;
  if (!best.empty()) return best;
  // Three letters alike are no chance; two names that begin so are no hint.
  std::vector<std::string> begun;
  for (const std::string& name : known) {
    const size_t shared = std::min(name.size(), word.size());
    if (shared >= 3 && word.substr(0, shared) == name.substr(0, shared)) begun.push_back(name);
  }
  return begun.size() == 1 ? begun.front() : "";
}

std::string slip_of(std::string_view word, const std::vector<std::string>& known) {
  constexpr size_t kLong = 7;
  if (std::find(known.begin(), known.end(), word) != known.end()) return "";
  std::string lower(word);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
  const size_t most = word.size() < kLong ? 1 : 2;
  for (const std::string& name : known) {
    const size_t longer = std::max(word.size(), name.size()), shorter = std::min(word.size(), name.size());
    if (longer - shorter <= most && edit_distance(lower, name) <= most) return name;
  }
  return "";
}

std::string suggestion(std::string_view word, const std::vector<std::string>& known) {
  const std::string ours = field_name(word, known), near = ours.empty() ? near_name(word, known) : ours;
  if (ours == "pictures") return "; did you mean 'pictures' (steps x batch)?";
  if (!near.empty()) return fmt::format("; did you mean '{}'?", near);
  return fmt::format("; known: {}", fmt::join(known, ", "));
}

}  // namespace emf
