// SPDX-License-Identifier: Apache-2.0
#include "reports/score_page.h"

#include <fmt/format.h>

#include <algorithm>

#include "reports/blocks/cells.h"
#include "reports/record/names.h"
#include "reports/writers/page.h"

namespace emf {
namespace {

constexpr size_t kMostRows = 200;

bool is_interval(const Json& value) {
  return value.is_array() && value.size() == 2 && value[0].is_number() && value[1].is_number();
}

bool is_plain(const Json& value) { return value.is_primitive() || is_interval(value); }

std::string words_of(const Json& value) {
  if (value.is_null()) return "none";
  if (value.is_string()) return value;
  if (value.is_number_float()) return fmt::format("{:.6g}", value.get<double>());
  if (is_interval(value)) return fmt::format("{:.6g} to {:.6g}", value[0].get<double>(), value[1].get<double>());
  return value.dump();
}

std::string title_of(const std::string& key) {
  if (key == "ci95") return "95 % interval";
  if (key == "p_holm") return "p, Holm";
  return key.size() < 2 ? key : plain_words(key);
}

TableCell cell_of(const Json& value) {
  if (value.is_null()) return absent_cell("none");
  if (value.is_number()) return number_cell(words_of(value), value.get<double>());
  return text_cell(is_plain(value) ? words_of(value) : value.dump());
}

/// Objects as rows: the keys that any of them has, but for what is nested, are columns.
/// @param rows  each with a name, which is the first column where one is not "".
Table table_of(const std::string& caption, const std::vector<std::pair<std::string, Json>>& rows) {
  std::vector<std::string> keys;
  for (const auto& [name, row] : rows) {
    for (const auto& [key, value] : row.items()) {
      if (is_plain(value) && std::find(keys.begin(), keys.end(), key) == keys.end()) keys.push_back(key);
    }
  }
  // Names and values first: JSON's objects are in the order of their letters.
  const std::vector<std::string> first = {"name",  "item",    "prompt",     "value", "score",
                                          "other", "against", "difference", "ci95",  "p"};
  const auto place = [&](const std::string& key) { return std::find(first.begin(), first.end(), key) - first.begin(); };
  std::stable_sort(keys.begin(), keys.end(), [&](const auto& a, const auto& b) { return place(a) < place(b); });
  const bool named = std::any_of(rows.begin(), rows.end(), [](const auto& row) { return !row.first.empty(); });
  Table table{caption, {}};
  if (named) table.columns.push_back({""});
  for (const std::string& key : keys) {
    const bool number = std::any_of(rows.begin(), rows.end(), [&](const auto& row) {
      return row.second.contains(key) && row.second.at(key).is_number();
    });
    table.columns.push_back({title_of(key), number});
  }
  for (const auto& [name, row] : rows) {
    std::vector<TableCell> cells;
    if (named) cells.push_back(text_cell(plain_words(name)));
    for (const std::string& key : keys) cells.push_back(cell_of(row.value(key, Json())));
    table.add(std::move(cells));
  }
  return table;
}

/// Keys as a reader wants them: what was found first, what it was made of last.
std::vector<std::string> ordered_keys(const Json& object) {
  const std::vector<std::string> first = {"value", "overall", "ci95",  "n",      "won",        "lost",
                                          "tied",  "numbers", "tasks", "values", "categories", "against"},
                                 last = {"excluded", "not_judged", "official", "summary", "identity", "files"};
  std::vector<std::string> keys;
  for (const auto& [key, value] : object.items()) keys.push_back(key);
  const auto rank = [&](const std::string& key) {
    const auto early = std::find(first.begin(), first.end(), key);
    if (early != first.end()) return early - first.begin();
    const auto late = std::find(last.begin(), last.end(), key);
    return static_cast<std::ptrdiff_t>(first.size()) + (late == last.end() ? 0 : 1 + (late - last.begin()));
  };
  std::stable_sort(keys.begin(), keys.end(), [&](const auto& a, const auto& b) { return rank(a) < rank(b); });
  return keys;
}

class PageBlocks {
 public:
  /// Facts of an object, then what is nested in it.
  void add(const std::string& caption, const Json& object) {
    FactList facts;
    for (const std::string& key : ordered_keys(object)) {
      const Json& value = object.at(key);
      if (key == "warnings" || key == "seconds") continue;
      if (is_plain(value) && !(value.is_string() && value.get<std::string>().find('\n') != std::string::npos)) {
        facts.facts.push_back({title_of(key), "", words_of(value)});
      }
    }
    if (!facts.facts.empty()) blocks.emplace_back(facts);
    for (const std::string& key : ordered_keys(object)) {
      const Json& value = object.at(key);
      const std::string title = caption.empty() ? title_of(key) : caption + ": " + title_of(key);
      if (key == "warnings" || is_plain(value) || value.empty()) {
        if (value.is_string() && value.get<std::string>().find('\n') != std::string::npos) text(title, value);
        continue;
      }
      if (value.is_array()) list(title, value);
      if (value.is_object()) nested(title, value);
    }
  }

  std::vector<Block> blocks;

 private:
  void text(const std::string& title, const std::string& lines) {
    blocks.emplace_back(Heading{title});
    blocks.emplace_back(Preformatted{lines});
  }

  void list(const std::string& title, const Json& values) {
    std::vector<std::pair<std::string, Json>> rows;
    BulletList points;
    for (const Json& value : values) {
      if (rows.size() + points.items.size() == kMostRows) break;
      if (value.is_object()) rows.emplace_back("", value);
      if (!value.is_object()) points.items.push_back({"", is_plain(value) ? words_of(value) : value.dump(), "", ""});
    }
    blocks.emplace_back(Heading{title});
    if (!rows.empty()) blocks.emplace_back(table_of("", rows));
    if (!points.items.empty()) blocks.emplace_back(points);
    if (values.size() > kMostRows)
      blocks.emplace_back(Paragraph{
          fmt::format("The first {} of {}; --json and --items have all.", kMostRows, values.size()), Tone::kNote});
  }

  void nested(const std::string& title, const Json& object) {
    const bool table = std::all_of(object.begin(), object.end(), [](const Json& value) { return value.is_object(); });
    blocks.emplace_back(Heading{title});
    if (!table) return add(title, object);
    std::vector<std::pair<std::string, Json>> rows;
    for (const auto& [name, row] : object.items()) {
      if (rows.size() < kMostRows) rows.emplace_back(name, row);
    }
    blocks.emplace_back(table_of("", rows));
  }
};

}  // namespace

std::string score_page(const std::string& heading, const std::string& command, const Json& result) {
  PageBlocks page;
  for (const Json& warning : result.value("warnings", Json::array()))
    page.blocks.emplace_back(Paragraph{words_of(warning), Tone::kNotice});
  page.add("", result);
  return render_plain_page(heading, command, {{"score", "Score", std::move(page.blocks)}});
}

}  // namespace emf
