// Which prompts a suite speaks of: the distinct captions of its training pictures, and those it is judged by.
#pragma once

#include <string>
#include <vector>

#include "harness/api/dataset.h"

namespace emf {

/// Training captions first, then judging prompts; a text that is both stands once in each part.
struct PromptTable {
  std::vector<Prompt> training;         ///< distinct, in order of first appearance
  std::vector<int64_t> training_index;  ///< [pool] row of `training` of each training picture
  std::vector<Prompt>
      judging;  ///< a prompt a picture: all once, then all again, then the reworded ones, then compositions

  /// Prompts of `judging` before the reworded ones and the compositions.
  int64_t num_plain() const;

  int64_t num_beyond = 0;  ///< lines of JudgingOptions::metadata that this dataset cannot draw

  int64_t size() const { return static_cast<int64_t>(training.size() + judging.size()); }
  /// Hash of every text and label: part of the specs of what reads this table.
  std::string hash() const;
};

struct JudgingOptions {
  int64_t prompts = 200, pictures_per_prompt = 1;
  /// A file of GenEval's metadata lines: its prompts are judged, as many as the dataset can draw, instead of `prompts` of the
  /// dataset's own; "" = none.
  std::string metadata;
  int64_t reworded = 0;      ///< of the prompts, judged once more in words that training's captions do not have
  int64_t compositions = 0;  ///< long captions, judged by questions
  uint64_t seed = 0;
};

/// False for prompts that are another score than GenEval: in words that training does not have (label "reworded"), or
/// compositions.
bool is_plain(const Prompt& prompt);

/// @throws UserError  a metadata file that is absent or malformed (names the line), or none of whose prompts can be drawn.
PromptTable make_prompt_table(const Dataset& dataset, int64_t pool, const JudgingOptions& judging);

}  // namespace emf
