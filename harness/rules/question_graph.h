// SPDX-License-Identifier: Apache-2.0
// How pictures are scored by questions that depend on one another: the rules of DPG-Bench and of DSG, and
// what is checked of a graph before either is applied.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "harness/base/json.h"
#include "harness/captions/prompt.h"

namespace emf {

/// Both set a question to 0 when a parent was answered "no".
/// DPG reads a parent's CURRENT score in file order, so zeroes travel down the graph; DSG reads the answers
/// as they were given, so a zero goes one level only.
enum class DependencyRule { kDpg, kDsg };

struct GraphQuestion {
  int64_t id = 0;                     ///< proposition_id; 1 and up
  std::string dependency;             ///< the cell as it stands: "0" (none), "2", "1,2" (dependency_cell.h)
  std::string category, subcategory;  ///< category_broad, category_detailed
};

/// The questions of one prompt, in file order (which the DPG rule reads them in).
struct QuestionGraph {
  std::string item_id;
  std::vector<GraphQuestion> questions;
};

/// Answers to one picture by question id. Only exactly "yes" counts.
using PictureAnswers = std::map<int64_t, std::string>;

/// A graph with its dependencies read.
struct CheckedGraph {
  std::vector<std::vector<int64_t>> parents;  ///< ids, one list a question; unknown ids only when official
  std::vector<std::string> warnings;          ///< what was wrong with it, one line each
  std::string why;                            ///< a cell that cannot be read, for which no picture is scored; or ""
};

/// Reads the dependencies of a graph and says what is wrong with them.
///
/// Words beside numbers, a question that is its own parent, and parents that do not exist are left out with a warning;
/// longer cycles stay (either rule ends on them) and are warned about. A cell that may mean a parent and cannot be read
/// is never left out, which would raise the score: the whole item fails, by `why`.
/// @param official  as the released loaders have it: cells are read by Python's int(), self and absent parents stay,
///                  and under the DSG rule one bad cell drops every dependency of the item.
CheckedGraph check_graph(const QuestionGraph& graph, DependencyRule rule, bool official);

struct PictureScore {
  double score = 0;                   ///< 0..1, mean over questions
  std::vector<double> raw, adjusted;  ///< [questions] 0 or 1: as answered, and after the rule
  std::string why;                    ///< not scored, and why; "" when scored
};

/// Scores one picture. A question without an answer counts as "no"; the official DSG code looks only at the
/// questions that were answered.
///
/// @source  TencentQQGYLab/ELLA 3c228f1, dpg_bench/compute_dpg_bench.py; j-min/DSG 7330119, dsg/vqa_utils.py
///          (both Apache-2.0). Where those raise KeyError on an absent parent, `why` says so (official only).
PictureScore score_picture(const QuestionGraph& graph, const CheckedGraph& checked, const PictureAnswers& answers,
                           DependencyRule rule, bool official);

/// What two CSVs say, as judged rows of the `question_graph` metric.
struct QuestionRows {
  std::vector<Json> rows;
  std::vector<std::string> warnings;  ///< what was passed over, one line each
};

/// Judged rows of the `question_graph` metric from two CSVs with DSG-1k's columns.
///
/// Of a question that stands twice the later row counts, at the place of the first, as in the released loader. Answers
/// that match no question are counted. Both are warned about.
///
/// @param graph_path    item_id, proposition_id, dependency; category_broad and category_detailed if there.
/// @param answers_path  item_id, question_id, answer; t2i_model and picture if there. Without `picture`, the
///                      n-th answer to one question is about the n-th picture (of a 2x2 grid, say).
/// @param generators    rows whose t2i_model is one of these; each is a picture of its own. Empty: the file must hold
///                      one generator.
/// @return  one row a picture, items in the graph's order: {"item_id", "picture", "questions": [{"id",
///          "dependency", "category", "subcategory"}], "answers": {id: text}}; an item without any answer is
///          one row with none. Only an item's first row holds its questions.
/// @throws UserError  absent file; missing column; an id that is no number, a question answered twice, several
///                    generators and none chosen (names file and line, or the generators); no answer that matches any
///                    question.
QuestionRows read_question_graphs(const std::filesystem::path& graph_path, const std::filesystem::path& answers_path,
                                  const std::vector<std::string>& generators);

/// Prompts with their questions from a CSV with DSG-1k's columns: item_id, text, proposition_id, dependency,
/// question_natural_language; category_broad and category_detailed if there.
///
/// @return  one a item, in the file's order; labels {"tag": "questions", "prompt", "item_id", "questions": [{"id",
///   "dependency", "category", "subcategory", "text"}]}.
/// A question that stands twice is told of on stderr.
/// @throws UserError  absent file; missing column; an item with two texts (names file and line).
std::vector<Prompt> read_question_prompts(const std::filesystem::path& path);

/// The graph of a judged row.  @param where  names it in errors.  @throws UserError  not as described above.
QuestionGraph question_graph(const Json& row, const std::string& where);

/// The answers of a judged row, likewise.
PictureAnswers picture_answers(const Json& row, const std::string& where);

}  // namespace emf
