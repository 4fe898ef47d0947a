// SPDX-License-Identifier: Apache-2.0
#include "harness/rules/column_mean.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "harness/base/csv.h"
#include "harness/base/error.h"
#include "harness/base/near_name.h"

namespace emf {
namespace {

/// One line of a file, whatever form that has.
struct Line {
  Json fields;  ///< by column or key
  std::string where;
};

/// What stands under "a.b": a field of that very name, else what the objects lead to. nullptr: nothing.
const Json* field_of(const Json& fields, const std::string& name) {
  if (!fields.is_object()) return nullptr;
  if (const auto found = fields.find(name); found != fields.end()) return &*found;
  const size_t dot = name.find('.');
  if (dot == std::string::npos) return nullptr;
  const auto found = fields.find(name.substr(0, dot));
  return found == fields.end() ? nullptr : field_of(*found, name.substr(dot + 1));
}

std::vector<std::string> names_in(const Json& fields) {
  std::vector<std::string> names;
  for (const auto& [name, value] : fields.items()) names.push_back(name);
  return names;
}

void add_csv(const AnswerFile& file, std::vector<Line>& lines) {
  std::string text = file.text();
  if (file.path.extension() == ".tsv") {
    if (text.find_first_of(",\"") != std::string::npos)
      fail_input("{}: holds commas or quotes; save it as .csv", file.origin());
    std::replace(text.begin(), text.end(), '\t', ',');
  }
  const CsvTable table = parse_csv(text, file.origin());
  for (const CsvTable::Row& row : table.rows) {
    Json fields = Json::object();
    for (size_t i = 0; i < table.header.size(); ++i) {
      if (fields.contains(table.header[i])) fail_input("{}: two columns '{}'", file.origin(), table.header[i]);
      fields[table.header[i]] = row.cells[i];
    }
    lines.push_back({std::move(fields), table.place(row)});
  }
}

void add_json(const AnswerFile& file, std::vector<Line>& lines) {
  const std::string text = file.text();
  const size_t first = text.find_first_not_of(" \t\r\n");
  if (first != std::string::npos && text[first] == '[') {
    const Json list = parse_json(text, file.origin());
    for (size_t i = 0; i < list.size(); ++i)
      lines.push_back({list[i], fmt::format("{}, item {}", file.origin(), i + 1)});
  } else {
    for_each_line(text, file.origin(), [&](std::string_view line, const std::string& where) {
      lines.push_back({parse_json(std::string(line), where), where});
    });
  }
  for (const Line& line : lines)
    if (!line.fields.is_object()) fail_input("{}: must be an object with a key a column", line.where);
}

std::string text_of(const Json& value) { return value.is_string() ? value.get<std::string>() : value.dump(); }

class ColumnMeanRule : public AnswerRule {
 public:
  explicit ColumnMeanRule(ColumnMean columns) : columns_(std::move(columns)) {}

  std::string source() const override { return "no published rule: the mean of column " + columns_.column; }
  std::vector<FileKind> files() const override {
    return {{".csv, .tsv, .jsonl or .json", "a line a picture, one of whose columns holds the judge's number",
             FileKind::Count::kSome}};
  }
  std::optional<size_t> kind_of(const std::filesystem::path& below, std::string_view) const override {
    const std::string ending = below.extension();
    const bool known = ending == ".csv" || ending == ".tsv" || ending == ".jsonl" || ending == ".json";
    return known ? std::optional<size_t>(0) : std::nullopt;
  }

  AnswerSet score(const std::vector<AnswerFile>& files, const Options& options, AnswerNotes& notes) const override {
    ConfigReader(options).finish();
    AnswerSet set;
    set.identity = {{"column", columns_.column}};
    const size_t all = set.slot("mean", /*share=*/false);
    std::map<std::string, size_t> groups;
    std::map<std::string, int> repeats;
    for (const AnswerFile& file : files) {
      std::vector<Line> lines;
      const bool csv = file.path.extension() == ".csv" || file.path.extension() == ".tsv";
      csv ? add_csv(file, lines) : add_json(file, lines);
      for (const Line& line : lines) {
        const std::optional<double> value = number_in(line, notes);
        if (!value) continue;
        AnswerItem& item = set.items.emplace_back();
        name(item, line, set.items.size(), repeats);
        item.score = columns_.lower_is_better ? -*value : *value;
        item.parts = {{all, {*value, 1}}};
        item.facts = {{"value", *value}, {"where", line.where}};
        if (columns_.group.empty()) continue;
        const std::string group = text_of(required(line, columns_.group));
        const size_t own = groups.try_emplace(group, set.slot("group/" + group, /*share=*/false)).first->second;
        item.parts.push_back({own, {*value, 1}});
      }
    }
    if (set.items.empty()) fail_input("column '{}' holds not one number", columns_.column);
    if (columns_.cluster.empty())
      notes.add(
          "each line counts as a prompt of its own; where prompts have several pictures, name their column with "
          "--cluster");
    set.add_mean(columns_.column, all).lower_is_better = columns_.lower_is_better;
    for (const auto& [group, slot] : groups)
      set.add_mean(columns_.group + "/" + group, slot).lower_is_better = columns_.lower_is_better;
    set.official.push_back({"none", "", "a mean of a column has no official script"});
    return set;
  }

 private:
  static const Json& required(const Line& line, const std::string& column) {
    const Json* found = field_of(line.fields, column);
    if (found == nullptr)
      fail_input("{}: no column '{}'{}", line.where, column, suggestion(column, names_in(line.fields)));
    return *found;
  }

  /// Nothing where the judge gave none; that is counted.
  std::optional<double> number_in(const Line& line, AnswerNotes& notes) const {
    const Json& cell = required(line, columns_.column);
    std::optional<double> value;
    if (cell.is_number()) value = cell.get<double>();
    if (cell.is_boolean()) value = cell.get<bool>() ? 1 : 0;
    std::string text;
    if (cell.is_string()) {
      text = cell.get<std::string>();
      value = number_of(text);
      std::transform(text.begin(), text.end(), text.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; });
    }
    if (value && std::isfinite(*value)) return value;
    const bool none =
        cell.is_null() || value || (cell.is_string() && (text.empty() || text == "nan" || text == "none"));
    if (!none)
      fail_input("{}: column '{}' holds {}, which is no number", line.where, columns_.column,
                 beginning_of(cell.dump()));
    notes.add("lines without a number in the column, left out", line.where);
    return std::nullopt;
  }

  /// Which prompt it is of, and what it is paired by.
  void name(AnswerItem& item, const Line& line, size_t number, std::map<std::string, int>& repeats) const {
    item.cluster =
        columns_.cluster.empty() ? fmt::format("line {}", number) : text_of(required(line, columns_.cluster));
    item.id = columns_.id.empty() ? item.cluster : text_of(required(line, columns_.id));
    const int repeat = ++repeats[item.id];
    if (repeat > 1 && !columns_.id.empty())
      fail_input("{}: '{}' stands twice in column '{}', so it names no single picture", line.where, item.id,
                 columns_.id);
    if (repeat > 1) item.id += fmt::format(" #{}", repeat);
  }

  ColumnMean columns_;
};

}  // namespace

std::unique_ptr<AnswerRule> column_mean_rule(ColumnMean columns) {
  return std::make_unique<ColumnMeanRule>(std::move(columns));
}

}  // namespace emf
