// SPDX-License-Identifier: Apache-2.0
// A graph of questions in front of the first byte 0, their answers behind it.
#include "harness/rules/question_graph.h"
#include "tests/fuzz/input.h"

EMF_FUZZ(bytes) {
  const auto [graph, answers] = emf::fuzz::halves(bytes);
  const auto graph_file = emf::fuzz::file_of(graph, "graph.csv"),
             answer_file = emf::fuzz::file_of(answers, "answers.csv");
  try {
    emf::read_question_prompts(graph_file);
  } catch (const emf::UserError&) {
  }
  emf::read_question_graphs(graph_file, answer_file, {});
}
