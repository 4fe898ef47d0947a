// SPDX-License-Identifier: Apache-2.0
// UniGenBench: shares of checkpoints that a judge finds fulfilled, by ten primary and 27 sub-dimensions.
//
// Source: CodeGoat24/UniGenBench 49d0bce, eval/src/eval_common.py, calculate_scores().
//
// What the script does, and a reader may not expect:
// - It prints no number over all dimensions. Here the headline is the share over all checkpoints, and "primary_mean"
//   the plain mean over primary dimensions; neither is an official number.
// - A primary dimension is what stands before the first "-" of a checkpoint's name: "Attribute " of "Attribute -
//   Quantity", its blank included.
// - Rows that the judge gave nothing for are left out with a line on stdout, and their checkpoints count nowhere: a
//   picture that no judge could read makes the scores no worse.
// - result_json is JSON, but is read as a Python literal: a row that holds null, true or false is left out.
// - Only what equals 1 is right: .5 counts as 0.
// - zip() pairs checkpoints and scores, and leaves out what one list has more of.
#include <algorithm>
#include <set>

#include "harness/base/csv.h"
#include "harness/base/error.h"
#include "harness/rules/answer_rule.h"
#include "harness/rules/python_literal.h"

namespace emf {
namespace {

/// What pandas takes for an empty cell.
bool is_empty_cell(const std::string& cell) {
  static const std::vector<std::string> kEmpty = {"",     "#N/A",   "#N/A N/A", "#NA",  "-1.#IND", "-1.#QNAN", "-NaN",
                                                  "-nan", "1.#IND", "1.#QNAN",  "<NA>", "N/A",     "NA",       "NULL",
                                                  "NaN",  "None",   "n/a",      "nan",  "null"};
  return std::find(kEmpty.begin(), kEmpty.end(), cell) != kEmpty.end();
}

/// The 27 sub-dimensions, in both languages.
const std::set<std::string>& sub_dimensions() {
  static const std::set<std::string> kNames = {"Relationship - Comparison",
                                               "Relationship - Composition",
                                               "Relationship - Inclusion",
                                               "Relationship - Similarity",
                                               "Compound - Imagination",
                                               "Compound - Feature Matching",
                                               "Attribute - Size",
                                               "Attribute - Expression",
                                               "Attribute - Quantity",
                                               "Attribute - Material",
                                               "Attribute - Color",
                                               "Attribute - Shape",
                                               "Entity Layout - Two-Dimensional Space",
                                               "Entity Layout - Three-Dimensional Space",
                                               "Action - Full-body (Character/Anthropomorphic)",
                                               "Action - Hand (Character/Anthropomorphic)",
                                               "Action - Animal",
                                               "Action - Contact Interaction",
                                               "Action - Non-contact Interaction",
                                               "Action - State",
                                               "Grammar - Negation",
                                               "Grammar - Pronoun Reference",
                                               "Grammar - Consistency",
                                               "World Knowledge",
                                               "Style",
                                               "Text Generation",
                                               "Logical Reasoning",
                                               "关系-比较关系",
                                               "关系-构成关系",
                                               "关系-包含关系",
                                               "关系-相似关系",
                                               "复合考点-想象力",
                                               "复合考点-不同实体特征匹配",
                                               "实体布局-三维空间",
                                               "实体布局-二维空间",
                                               "属性-大小",
                                               "属性-表情",
                                               "属性-数量",
                                               "属性-材质",
                                               "属性-颜色",
                                               "属性-形状",
                                               "动作-人物/拟人全身动作",
                                               "动作-人物/拟人手部动作",
                                               "动作-动物动作",
                                               "动作-实体间有接触互动",
                                               "动作-实体间无接触互动",
                                               "动作-状态",
                                               "语法-否定",
                                               "语法-代词指代",
                                               "语法-统一性",
                                               "世界知识",
                                               "风格",
                                               "逻辑推理",
                                               "文本生成"};
  return kNames;
}

std::string trimmed(const std::string& text) {
  const size_t first = text.find_first_not_of(' ');
  return first == std::string::npos ? "" : text.substr(first, text.find_last_not_of(' ') - first + 1);
}

/// The scores of a row, or none when the official reader leaves the row out.
class RowScores {
 public:
  RowScores(const std::string& where, AnswerNotes& notes) : where_(where), notes_(notes) {}

  std::optional<Json> of(const std::string& result, const std::optional<std::string>& score) const {
    if (is_empty_cell(result)) {
      if (score && !is_empty_cell(*score)) return list_of(parse_python_literal(*score, where_ + ": score"));
      notes_.add("no result of the judge, left out as the official script does", where_);
      return std::nullopt;
    }
    bool unreadable = false;
    const auto watch = [&](int depth, Json::parse_event_t event, Json& value) {
      constexpr int kDeepest = 20;
      if (depth > kDeepest) fail_input("{}: result_json is nested too deep", where_);
      unreadable = unreadable || (event == Json::parse_event_t::value && (value.is_null() || value.is_boolean()));
      return true;
    };
    Json parsed;
    try {
      parsed = Json::parse(result, watch);
    } catch (const Json::exception&) {
      fail_input("{}: result_json is no JSON; mend the row or judge its picture anew", where_);
    }
    if (unreadable) {
      notes_.add("result_json with null, true or false, which the official script cannot read and leaves out", where_);
      return std::nullopt;
    }
    if (!parsed.is_object() || !parsed.contains("score")) fail_input("{}: result_json has no \"score\"", where_);
    return list_of(parsed["score"]);
  }

 private:
  Json list_of(const Json& scores) const {
    if (!scores.is_array()) fail_input("{}: the scores must be a list, [1, 0, ...]", where_);
    return scores;
  }

  const std::string& where_;
  AnswerNotes& notes_;
};

/// @throws UserError  a score on another scale.
bool is_right(const Json& score, const std::string& where, AnswerNotes& notes) {
  if (score.is_boolean()) return score.get<bool>();  // Python's True equals 1
  if (!score.is_number()) {
    notes.add("scores that are no numbers, counted as 0 as the official script does", where);
    return false;
  }
  const double value = score;
  if (value < 0 || value > 1)
    fail_input("{}: a score of {}, but the judge gives 0 or 1; is it on another scale?", where, value);
  if (value != 0 && value != 1) notes.add("scores between 0 and 1, counted as 0 as the official script does", where);
  return value == 1;
}

class Reader {
 public:
  Reader(AnswerSet& set, AnswerNotes& notes) : set_(set), notes_(notes) { set_.slot("checkpoints"); }

  void read(const AnswerFile& file) {
    const std::string text = file.text(), origin = file.origin();
    CsvReader csv(text, origin);
    CsvTable columns{origin, csv.header().cells, {}};
    const size_t index = columns.required_column("index"), testpoint = columns.required_column("testpoint");
    const auto result = columns.column("result_json"), score = columns.column("score"),
               path = columns.column("img_path");
    if (!result && !score) columns.required_column("result_json");
    CsvTable::Row row;
    while (csv.next(row)) {
      const std::string where = columns.place(row);
      const std::string prompt = prompt_of(row.cells[index], where);
      const Json points = parse_python_literal(row.cells[testpoint], where + ": testpoint");
      if (!points.is_array() || points.empty() ||
          !std::all_of(points.begin(), points.end(), [](const Json& one) { return one.is_string(); })) {
        fail_input("{}: testpoint must be a list of texts", where);
      }
      const auto scores =
          RowScores(where, notes_)
              .of(result ? row.cells[*result] : "", score ? std::optional(row.cells[*score]) : std::nullopt);
      const int picture = ++pictures_[prompt];
      if (!scores) continue;
      add(prompt,
          path ? std::filesystem::path(row.cells[*path]).stem().string() : fmt::format("{}_{}", prompt, picture - 1),
          points, *scores, where);
    }
    note_missing();
  }

  /// Primary dimensions in the order in which they were first met, with their official names.
  const std::vector<std::string>& primary() const { return primary_; }

 private:
  static std::string prompt_of(const std::string& cell, const std::string& where) {
    const std::optional<double> number = number_of(cell);
    if (!number || *number < 0 || *number != static_cast<double>(static_cast<int64_t>(*number))) {
      fail_input("{}: index must be a whole number, not '{}'", where, cell);
    }
    return std::to_string(static_cast<int64_t>(*number));
  }

  void add(const std::string& prompt, const std::string& picture, const Json& points, const Json& scores,
           const std::string& where) {
    if (points.size() != scores.size()) {
      notes_.add(
          "rows with another number of scores than checkpoints; what one has more of is left out, as the official "
          "script does",
          fmt::format("{} for {} at {}", scores.size(), points.size(), where));
    }
    const size_t pairs = std::min(points.size(), scores.size());
    if (pairs == 0) return;
    AnswerItem item;
    const int repeat = ++repeats_[picture];
    item.id = repeat == 1 ? picture : fmt::format("{} #{}", picture, repeat);
    if (repeat == 2) notes_.add("pictures with several rows, each counted as the official script does", where);
    item.cluster = prompt;
    Json judged = Json::array();
    double right = 0;
    for (size_t i = 0; i < pairs; ++i) {
      const std::string name = points[i];
      if (sub_dimensions().count(name) == 0) {
        notes_.add("checkpoints that are none of the benchmark's, counted under their own names",
                   fmt::format("'{}' at {}", name, where));
      }
      const double value = is_right(scores[i], where, notes_) ? 1 : 0;
      right += value;
      const std::string primary = name.substr(0, name.find('-'));
      if (std::find(primary_.begin(), primary_.end(), primary) == primary_.end()) primary_.push_back(primary);
      item.parts.push_back({set_.slot("primary/" + primary), {value, 1}});
      item.parts.push_back({set_.slot("sub/" + name), {value, 1}});
      judged.push_back({name, value});
    }
    item.score = right / static_cast<double>(pairs);
    item.parts.push_back({set_.slot("checkpoints"), {right, static_cast<double>(pairs)}});
    item.facts = {{"index", prompt}, {"checkpoints", judged}};
    set_.items.push_back(std::move(item));
  }

  void note_missing() {
    int most = 0;
    for (const auto& [prompt, count] : pictures_) most = std::max(most, count);
    for (const auto& [prompt, count] : pictures_) {
      if (count < most) {
        notes_.add(fmt::format("prompts with fewer than the {} pictures that others have", most),
                   fmt::format("index {}: {}", prompt, count));
      }
    }
  }

  AnswerSet& set_;
  AnswerNotes& notes_;
  std::vector<std::string> primary_;
  std::map<std::string, int> pictures_, repeats_;
};

std::string line_of(const std::string& name, const Sum& sum) {
  return fmt::format("  - {}: {:.0f}/{:.0f} = {:.2f}%\n", name, sum.total, sum.weight, sum.mean() * 100);
}

class UniGenBench : public AnswerRule {
 public:
  std::string source() const override { return "CodeGoat24/UniGenBench 49d0bce, eval/src/calculate_score.py"; }
  std::vector<FileKind> files() const override {
    return {{"results/MODEL_en.csv", "the result CSV: index, testpoint, result_json (or score), img_path",
             FileKind::Count::kOne}};
  }
  std::optional<size_t> kind_of(const std::filesystem::path&, std::string_view head) const override {
    const std::string_view header = head.substr(0, head.find('\n'));
    if (header.find("testpoint") != std::string_view::npos) return 0;
    return std::nullopt;
  }

  AnswerSet score(const std::vector<AnswerFile>& files, const Options& options, AnswerNotes& notes) const override {
    ConfigReader(options).finish();
    AnswerSet set;
    Reader reader(set, notes);
    reader.read(files.front());
    if (set.items.empty()) fail_input("{}: not one row can be scored", files.front().origin());
    add_numbers(set, reader.primary());
    add_official(set, reader.primary());
    return set;
  }

 private:
  static void add_numbers(AnswerSet& set, const std::vector<std::string>& primary) {
    set.add_mean("checkpoints", set.slot("checkpoints"));
    AnswerNumber mean{"primary_mean", {}, [](std::span<const Sum> sums) {
                        double value = 0;
                        for (const Sum& sum : sums) value += sum.mean() / static_cast<double>(sums.size());
                        return value;
                      }};
    std::map<std::string, int> names;
    for (const std::string& name : primary) {
      mean.slots.push_back(set.slot("primary/" + name));
      ++names[trimmed(name)];
    }
    set.numbers.push_back(mean);
    for (const std::string& name : primary) {
      const std::string shown = names[trimmed(name)] == 1 ? trimmed(name) : name;
      set.add_mean("primary/" + shown, set.slot("primary/" + name));
    }
    for (const auto& [name, slot] : sub_slots(set)) {
      // Without a "-" the two dimensions are one.
      if (name.find('-') != std::string::npos) set.add_mean("sub/" + name, slot);
    }
  }

  static std::map<std::string, size_t> sub_slots(const AnswerSet& set) {
    std::map<std::string, size_t> sub;
    for (size_t slot = 0; slot < set.slots.size(); ++slot) {
      if (set.slots[slot].name.starts_with("sub/")) sub[set.slots[slot].name.substr(4)] = slot;
    }
    return sub;
  }

  static void add_official(AnswerSet& set, const std::vector<std::string>& primary) {
    const std::vector<Sum> sums = set.sums();
    std::string text = "\n\U0001f4d8 Primary Dimension Evaluation Results:\n";
    for (const std::string& name : primary) text += line_of(name, sums[set.slot("primary/" + name)]);
    text += "\n\U0001f4d7 Sub Dimension Evaluation Results:\n";
    for (const auto& [name, slot] : sub_slots(set)) text += line_of(name, sums[slot]);
    set.official.push_back({"eval/src/calculate_score.py", text, ""});
  }
};

EMF_REGISTER(AnswerRuleRegistry, "unigenbench", "UniGenBench's checkpoints, by primary and sub-dimension",
             std::make_unique<UniGenBench>);

}  // namespace
}  // namespace emf
