// SPDX-License-Identifier: Apache-2.0
// T2I-CompBench's files: answers by picture, BLIP's questions, UniDet's names of pictures.
#pragma once

#include <string>
#include <vector>

#include "harness/rules/answer_files.h"

namespace emf {

/// [{question_id, answer}, ...] in the file's order.
struct CompBenchAnswers {
  struct Row {
    int64_t id = 0;
    double value = 0;
  };
  std::string origin;
  std::vector<Row> rows;
};

/// A picture that somebody asked about.
struct CompBenchQuestion {
  int64_t id = 0;
  std::string prompt;  ///< its file's name up to the first "_"
  std::string text;    ///< BLIP's question, "" where the prompt has no such phrase
};

/// Whose answers a file holds, by the folder that it lies in.
struct CompBenchPlace {
  std::string evaluator;  ///< "blip_vqa", "unidet_2d", "unidet_3d", "numeracy", "clip", "3_in_1", "gpt4v", "answers"
  int phrase = 0;         ///< N of annotationN_blip, from 1; 0 of everything else
};

CompBenchPlace compbench_place(const AnswerFile& file);

/// Its answers lie in 0..1.
bool compbench_is_share(const std::string& evaluator);

/// @throws UserError  another form; an answer outside what the evaluator gives (names the element).
CompBenchAnswers read_compbench_answers(const AnswerFile& file, const std::string& evaluator, AnswerNotes& notes);

/// vqa_test.json or mapping.json.  @throws UserError  another form (names the element).
std::vector<CompBenchQuestion> read_compbench_questions(const AnswerFile& file);

}  // namespace emf
