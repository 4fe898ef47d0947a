// SPDX-License-Identifier: Apache-2.0
// The lines of a text, parsed on all cores.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <vector>

#include "harness/base/bounded.h"
#include "harness/base/chunks.h"

namespace emf {

/// parse(line, "ORIGIN:NUMBER") of every line that is not blank, in order.
/// @throws  what the first line that fails throws.
template <typename Parsed>
std::vector<Parsed> parse_lines(std::string_view text, const std::string& origin,
                                Parsed (*parse)(std::string_view line, const std::string& where)) {
  constexpr size_t kLeastLines = 256;  // fewer are parsed sooner than a thread starts
  struct Line {
    size_t number;
    std::string_view text;
  };
  std::vector<Line> lines;
  size_t number = 1;
  for (size_t begin = 0; begin < text.size(); ++number) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    if (std::min(text.find_first_not_of(" \t\r", begin), text.size()) < end) {
      if (end - begin > bounds::kLineBytes) require_line(end - begin, fmt::format("{}:{}", origin, number));
      lines.push_back({number, text.substr(begin, end - begin)});
    }
    begin = end + 1;
  }
  std::vector<Parsed> parsed(lines.size());
  in_chunks(lines.size(), kLeastLines, [&](size_t first, size_t last) {
    for (size_t i = first; i < last; ++i) {
      parsed[i] = parse(lines[i].text, fmt::format("{}:{}", origin, lines[i].number));
    }
  });
  return parsed;
}

}  // namespace emf
