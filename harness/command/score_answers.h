// SPDX-License-Identifier: Apache-2.0
// emfbench score answers: a published benchmark's answer files, by its own rule.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "harness/command/command.h"
#include "harness/rules/answer_rule.h"

namespace emf {

struct AnswerOptions {
  std::optional<Flags> flags;  ///< the words behind `score answers`
  std::string rule;
  std::vector<std::string> files, against, options;
  std::string items;    ///< a file to write
  std::string exclude;  ///< a file of items to leave out
  std::string html;     ///< a page to write
  bool official = false, json = false;
  int64_t draws = 2000;
  uint64_t seed = 0;

  bool chosen() const { return flags && flags->chosen(); }
};

/// Adds the subcommand `answers` to `score`.
void declare_answers(const Flags& score, AnswerOptions& options);

/// Adds what `answers` and `mean` both take: files, --against, --items and the bootstrap's.
void declare_scored_files(const Flags& flags, AnswerOptions& options);

/// Scores by a rule that the caller made.   @param own  the rule's options.
ExitCode score_by_rule(const AnswerRule& rule, const AnswerOptions& options, const Options& own,
                       const CommonFlags& flags);

/// @throws UserError  no such rule; files missing or malformed (names file and place).
ExitCode score_answers(const AnswerOptions& options, const CommonFlags& flags);

}  // namespace emf
