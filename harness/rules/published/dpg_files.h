// SPDX-License-Identifier: Apache-2.0
// The three files of DPG-Bench: its questions, its answers, and its scores a picture.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "harness/rules/answer_files.h"
#include "harness/rules/question_graph.h"

namespace emf {

/// A prompt's questions as the official loader has them.
struct DpgPrompt {
  QuestionGraph graph;             ///< category: "entity"; subcategory: "entity - whole"
  std::vector<std::string> texts;  ///< [questions] as they are asked
};

/// A picture's answers, crop by crop in the order in which they were asked.
struct DpgPicture {
  std::string image_path;
  std::vector<std::pair<std::string, PictureAnswers>> crops;  ///< "(0, 0, 512, 512)" and its answers
};

/// What results.txt holds.
struct DpgResults {
  struct Picture {
    std::string image_path;
    std::vector<double> crops;
    double mean = 0;
  };
  std::vector<Picture> pictures;
  std::map<std::string, double> numbers;  ///< of the report behind them: "DPG-Bench score", "entity", "entity - whole"
};

/// By a file's first line.
bool is_dpg_detail(std::string_view line);
bool is_dpg_result(std::string_view line);

/// @throws UserError  a missing column, an id or a dependency that is no whole number (names the line).
std::map<std::string, DpgPrompt> read_dpg_benchmark(const AnswerFile& file, AnswerNotes& notes);

/// @throws UserError  a line of another form, a question that its prompt does not have, one that is answered twice.
std::vector<DpgPicture> read_dpg_details(const AnswerFile& file, const std::map<std::string, DpgPrompt>& prompts,
                                         AnswerNotes& notes);

/// @throws UserError  a line of another form, a score outside 0..1, a mean that is not its crops'.
DpgResults read_dpg_results(const AnswerFile& file);

}  // namespace emf
