// SPDX-License-Identifier: Apache-2.0
// The prompts that a suite's pictures are judged by. What is trained does not depend on them.
#pragma once

#include <string>
#include <vector>

#include "harness/api/dataset.h"
#include "harness/engine/text/caption_index.h"

namespace emf {

struct JudgingOptions {
  int64_t prompts = 200, pictures_per_prompt = 1;
  /// A file of GenEval's metadata lines: its prompts are judged, as many as the dataset can draw, instead
  /// of `prompts` of the dataset's own; "" = none.
  std::string metadata;
  /// A CSV with DSG-1k's columns: its prompts are judged beside the others, by the questions it asks; "" = none.
  std::string questions;
  int64_t reworded = 0;      ///< of the prompts, judged once more in words that training's captions do not have
  int64_t compositions = 0;  ///< long captions, judged by questions
  uint64_t seed = 0;
};

/// A prompt a picture: all plain ones once, then all again, then the reworded ones,
/// then those that questions are asked of.
struct JudgedPrompts {
  std::vector<Prompt> prompts;
  int64_t num_beyond = 0;  ///< lines of JudgingOptions::metadata that the dataset cannot draw

  int64_t size() const { return static_cast<int64_t>(prompts.size()); }
  /// Prompts before the reworded ones and those with questions.
  int64_t num_plain() const;
  /// Plain and reworded ones.
  int64_t num_without_questions() const;
  /// Hash of every text and label: part of the specs of what reads these prompts.
  std::string hash() const;
};

/// In words that training does not have: a score of its own.
bool is_reworded(const Prompt& prompt);
/// Judged by the questions in its labels.
bool has_questions(const Prompt& prompt);
/// Neither: what the main score is of.
bool is_plain(const Prompt& prompt);
/// Which prompts a score is of: "all", "known", "new", or one novelty by its name ("combination", "sentence", "words").
const std::vector<std::string>& prompt_kinds();
/// True when the prompt is of that kind; those of a dataset that says nothing of novelty are of "all" alone.
bool is_of_kind(const Prompt& prompt, const std::string& kind);

/// A line of GenEval's facts that is no composition: boxes can be judged by it.
bool has_facts(const Prompt& prompt);

/// Hash of texts and labels, as JudgedPrompts::hash().
std::string hash_of_prompts(const std::vector<Prompt>& prompts);

/// @param captions  those of training, which reworded prompts avoid.
/// @throws UserError  a file that is absent or malformed (names the line), or none of whose prompts can be drawn;
///   compositions, rewording or metadata of a dataset without facts.
JudgedPrompts make_judged_prompts(const TrainingCaptions& captions, const JudgingOptions& judging);

}  // namespace emf
