// SPDX-License-Identifier: Apache-2.0
#include "harness/rules/exclusions.h"

#include <fmt/format.h>

#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/base/utf8.h"

namespace emf {

Exclusions::Exclusions(const std::filesystem::path& path) : path_(path) {
  const std::string text = read_file(path);
  int64_t number = 0;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    std::string line = text.substr(begin, end - begin);
    begin = end + 1;
    ++number;
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.pop_back();
    if (line.empty() || line.front() == '#') continue;
    if (invalid_utf8_at(line) != std::string::npos) fail_input("{}:{}: not UTF-8", path.string(), number);
    const size_t tab = line.find('\t');
    Line one{line.substr(0, tab), tab == std::string::npos ? "" : line.substr(tab + 1), number, 0};
    const auto [place, fresh] = places_.try_emplace(one.item, lines_.size());
    if (!fresh) {
      fail_input("{}:{}: '{}' stands in line {} already", path.string(), number, one.item,
                 lines_[place->second].number);
    }
    lines_.push_back(std::move(one));
  }
  if (lines_.empty()) fail_input("{}: no item to leave out; write one a line", path.string());
}

bool Exclusions::excludes(const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    const auto place = places_.find(name);
    if (place == places_.end()) continue;
    ++lines_[place->second].rows;
    return true;
  }
  return false;
}

void Exclusions::require_matched() const {
  for (const Line& line : lines_) {
    if (line.rows == 0) {
      fail_input("{}:{}: '{}' is no item of what is scored; correct it, or take the line out", path_.string(),
                 line.number, line.item);
    }
  }
}

Json Exclusions::lines() const {
  Json lines = Json::array();
  for (const Line& line : lines_) lines.push_back({{"item", line.item}, {"reason", line.reason}, {"rows", line.rows}});
  return lines;
}

}  // namespace emf
