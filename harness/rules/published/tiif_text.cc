// SPDX-License-Identifier: Apache-2.0
#include "harness/rules/published/tiif_text.h"

#include <utf8proc.h>

#include <algorithm>
#include <limits>
#include <numeric>

#include "harness/base/error.h"
#include "harness/base/json_elements.h"
#include "harness/base/utf8.h"
#include "harness/rules/official_text.h"

namespace emf {
namespace {

constexpr double kNearEnough = 0.3;

/// Python's str.lower() of one text, but for the Greek sigma at the end of a word.
std::u32string lower(const std::string& text) {
  std::u32string lowered;
  for (const int32_t point : code_points(text)) {
    constexpr int32_t kDottedI = 0x130;
    if (point == kDottedI) {
      lowered += U"i\u0307";
    } else {
      lowered += static_cast<char32_t>(utf8proc_tolower(point));
    }
  }
  return lowered;
}

/// str.split(" "): an empty word stands between two blanks.
void append_words(const std::u32string& text, std::vector<std::u32string>& words) {
  for (size_t begin = 0;;) {
    const size_t blank = text.find(U' ', begin);
    words.push_back(text.substr(begin, blank == std::u32string::npos ? blank : blank - begin));
    if (blank == std::u32string::npos) return;
    begin = blank + 1;
  }
}

/// Which column each row gets, so that the sum of costs is least, for no more rows than columns. Shortest augmenting
/// paths (Crouse 2016), with ties broken as scipy's linear_sum_assignment breaks them.
class Assignment {
 public:
  Assignment(const std::vector<double>& costs, size_t rows, size_t columns)
      : costs_(costs),
        columns_(columns),
        u_(rows, 0),
        v_(columns, 0),
        column_of_(rows, kNone),
        row_of_(columns, kNone) {
    for (size_t row = 0; row < rows; ++row) augment(row);
  }

  const std::vector<size_t>& column_of() const { return column_of_; }

 private:
  static constexpr size_t kNone = std::numeric_limits<size_t>::max();

  void augment(size_t first) {
    constexpr double kFar = std::numeric_limits<double>::infinity();
    std::vector<double> shortest(columns_, kFar);
    std::vector<size_t> path(columns_, kNone), remaining(columns_);
    std::vector<bool> seen_row(u_.size(), false), seen_column(columns_, false);
    // Columns from the last to the first, as scipy fills its list.
    for (size_t i = 0; i < columns_; ++i) remaining[i] = columns_ - i - 1;
    double least = 0;
    size_t row = first, sink = kNone;
    while (sink == kNone) {
      seen_row[row] = true;
      size_t place = kNone;
      double lowest = kFar;
      for (size_t i = 0; i < remaining.size(); ++i) {
        const size_t column = remaining[i];
        const double reached = least + costs_[row * columns_ + column] - u_[row] - v_[column];
        if (reached < shortest[column]) {
          path[column] = row;
          shortest[column] = reached;
        }
        // Of columns as near, one without a row ends the search at once.
        if (shortest[column] < lowest || (shortest[column] == lowest && row_of_[column] == kNone)) {
          lowest = shortest[column];
          place = i;
        }
      }
      least = lowest;
      const size_t column = remaining[place];
      seen_column[column] = true;
      if (row_of_[column] == kNone) {
        sink = column;
      } else {
        row = row_of_[column];
      }
      remaining[place] = remaining.back();
      remaining.pop_back();
    }
    update(first, least, shortest, seen_row, seen_column);
    for (size_t column = sink;;) {
      const size_t own = path[column];
      row_of_[column] = own;
      std::swap(column_of_[own], column);
      if (own == first) return;
    }
  }

  void update(size_t first, double least, const std::vector<double>& shortest, const std::vector<bool>& seen_row,
              const std::vector<bool>& seen_column) {
    u_[first] += least;
    for (size_t row = 0; row < u_.size(); ++row) {
      if (seen_row[row] && row != first) u_[row] += least - shortest[column_of_[row]];
    }
    for (size_t column = 0; column < columns_; ++column) {
      if (seen_column[column]) v_[column] -= least - shortest[column];
    }
  }

  const std::vector<double>& costs_;
  size_t columns_;
  std::vector<double> u_, v_;
  std::vector<size_t> column_of_, row_of_;
};

std::vector<std::u32string> cut(const std::vector<std::u32string>& read) {
  std::vector<std::u32string> words;
  for (const std::u32string& text : read) append_words(text, words);
  return words;
}

/// [[box, [text, confidence]], ...], or nothing read.
std::vector<std::u32string> read_texts(const Json& picture, const char* key, const std::string& where) {
  const Json list = picture.value(key, Json());
  if (!list.is_array() && !list.is_null()) fail_input("{}: \"{}\" must be a list", where, key);
  if (!picture.contains(key)) fail_input("{}: \"{}\" is missing", where, key);
  std::vector<std::u32string> texts;
  for (const Json& one : list) {
    if (!one.is_array() || one.size() < 2 || !one[1].is_array() || one[1].empty() || !one[1][0].is_string()) {
      fail_input("{}: \"{}\" must hold [box, [text, confidence]]; the official script would make all numbers 0", where,
                 key);
    }
    texts.push_back(lower(one[1][0]));
  }
  if (texts.empty()) texts.emplace_back();
  return texts;
}

std::vector<std::u32string> wanted_words(const Json& picture, const std::string& where) {
  const Json list = picture.value("text", Json());
  if (!list.is_array() || list.empty() ||
      !std::all_of(list.begin(), list.end(), [](const Json& one) { return one.is_string(); })) {
    fail_input("{}: \"text\" must be a list of the wanted words, and not empty", where);
  }
  std::vector<std::u32string> words;
  for (const Json& one : list) words.push_back(lower(one));
  return words;
}

}  // namespace

double tiif_edit_distance(const std::u32string& a, const std::u32string& b) {
  const size_t longer = std::max(a.size(), b.size());
  if (longer == 0) return 0;
  std::vector<int64_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), int64_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    int64_t diagonal = row[0];
    row[0] = static_cast<int64_t>(i);
    for (size_t j = 1; j <= b.size(); ++j) {
      const int64_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
      diagonal = above;
    }
  }
  return static_cast<double>(row.back()) / static_cast<double>(longer);
}

double tiif_gned(const std::vector<std::u32string>& wanted, const std::vector<std::u32string>& read) {
  // The official matrix has a row a read word; scipy turns it over where it has more rows than columns.
  const bool turned = read.size() > wanted.size();
  const std::vector<std::u32string>&rows = turned ? wanted : read, &columns = turned ? read : wanted;
  std::vector<double> costs;
  for (const std::u32string& row : rows) {
    for (const std::u32string& column : columns) costs.push_back(tiif_edit_distance(row, column));
  }
  const Assignment assignment(costs, rows.size(), columns.size());
  // Costs are added by read word, in order, whichever way the matrix was turned.
  std::vector<std::pair<size_t, double>> matched;
  for (size_t row = 0; row < rows.size(); ++row) {
    const size_t column = assignment.column_of()[row];
    matched.emplace_back(turned ? column : row, costs[row * columns.size() + column]);
  }
  std::sort(matched.begin(), matched.end());
  std::vector<double> in_order;
  for (const auto& [place, cost] : matched) in_order.push_back(cost);
  const double unmatched = static_cast<double>(columns.size() - rows.size());
  return (numpy_sum(in_order) + unmatched) / static_cast<double>(columns.size());
}

double tiif_recall(const std::vector<std::u32string>& wanted, const std::vector<std::u32string>& read) {
  std::vector<bool> used(read.size(), false);
  double found = 0;
  for (const std::u32string& word : wanted) {
    for (size_t i = 0; i < read.size(); ++i) {
      if (used[i] || tiif_edit_distance(word, read[i]) > kNearEnough) continue;
      used[i] = true;
      ++found;
      break;
    }
  }
  return found / static_cast<double>(wanted.size());
}

void add_tiif_text(AnswerSet& set, const AnswerFile& file, AnswerNotes& notes) {
  constexpr int kLevels = 5;  // picture, list, entry, box, corner
  std::map<std::string, int> repeats;
  const auto take = [&](Json&& picture, size_t place) {
    const std::string where = fmt::format("{}: picture {}", file.origin(), place + 1);
    if (!picture.is_object()) fail_input("{}: must be an object", where);
    const Json name = picture.value("image_name", Json());
    std::string id = name.is_string() ? name.get<std::string>() : std::to_string(place);
    if (const int repeat = ++repeats[id]; repeat > 1) {
      notes.add("pictures that stand more than once, each counted as the official script does", where);
      id = fmt::format("{} #{}", id, repeat);
    }
    const std::vector<std::u32string> wanted = wanted_words(picture, where);
    for (const char* length : {"short", "long"}) {
      const std::vector<std::u32string> read =
          cut(read_texts(picture, fmt::format("{}_image_ocr_results", length).c_str(), where));
      const double gned = tiif_gned(wanted, read), recall = tiif_recall(wanted, read);
      AnswerItem& item = set.items.emplace_back();
      item.id = fmt::format("ocr/{}/{}", length, id);
      item.cluster = "ocr/" + id;
      item.stratum = "ocr";
      item.score = 1 - gned;
      item.parts = {{set.slot(fmt::format("GNED_{}", length)), {gned, 1}},
                    {set.slot(fmt::format("Recall_{}", length)), {recall, 1}}};
      item.facts = {{"GNED", gned}, {"recall", recall}, {"words", wanted.size()}, {"read", read.size()}};
    }
  };
  for_each_element(file.text(), file.origin(), kLevels, take);
  if (repeats.empty()) fail_input("{}: no pictures", file.origin());
  const std::vector<Sum> sums = set.sums();
  std::string text = fmt::format("[\n    {{\n        \"file_name\": \"{}\"", file.path.filename().string());
  for (const char* name : {"GNED_short", "GNED_long", "Recall_short", "Recall_long"}) {
    const size_t slot = set.slot(name);
    AnswerNumber& number = set.add_mean(name, slot);
    number.lower_is_better = number.name.starts_with("GNED");
    text += fmt::format(",\n        \"{}_score_{}\": {}", number.name.substr(0, number.name.find('_')),
                        number.name.substr(number.name.find('_') + 1), python_text(sums[slot].mean()));
  }
  set.official.push_back({"eval/cal_gned_and_recall_models.py", text + "\n    }\n]", ""});
}

}  // namespace emf
