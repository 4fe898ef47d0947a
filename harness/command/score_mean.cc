// SPDX-License-Identifier: Apache-2.0
#include "harness/command/score_mean.h"

namespace emf {

void declare_mean(const Flags& score, MeanOptions& options) {
  const Flags flags = score.verb(
      "mean",
      "Mean of a judge's numbers in CSV or JSON Lines files (CLIP score, ImageReward, PickScore, HPS), with an "
      "interval over prompts, and paired against another model's");
  options.scored.flags = flags;
  options.scored.rule = "mean";
  flags.option("files", options.scored.files, ".csv, .tsv, .jsonl or .json, a line a picture; or folders of them")
      .required();
  flags
      .option("--column", options.columns.column,
              "the judge's number: a column, or a key (scores.clip leads into objects)")
      .required();
  flags.option("--cluster", options.columns.cluster,
               "the prompt's column: pictures of one prompt are drawn together (default: each line by itself)");
  flags.option("--id", options.columns.id,
               "what pairs pictures with --against's (default: the prompt and its n-th picture)");
  flags.option("--group", options.columns.group, "a number for each value of this column, too");
  flags.flag("--lower-is-better", options.columns.lower_is_better,
             "of a distance, such as LPIPS: decides won and lost");
  declare_scored_files(flags, options.scored);
}

ExitCode score_mean(const MeanOptions& options, const CommonFlags& flags) {
  return score_by_rule(*column_mean_rule(options.columns), options.scored, Options(), flags);
}

}  // namespace emf
