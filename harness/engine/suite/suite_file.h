// SPDX-License-Identifier: Apache-2.0
// A suite, read and checked: which encoders, objectives, models, codecs, steps and
// seeds, on what data, with what budget.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "harness/base/config.h"
#include "harness/engine/suite/claim_sentence.h"
#include "harness/engine/suite/suite_choices.h"
#include "harness/engine/text/judged_prompts.h"
#include "harness/engine/training/options.h"
#include "harness/tensor/placement.h"

namespace emf {

/// [pretraining]: how encoders that come without values are trained, all alike.
struct PretrainingOptions {
  TrainOptions train;       ///< `pictures` counts captions
  double paraphrase = 0.5;  ///< share of captions said in other words than the dataset's first
  std::vector<Json> data;   ///< [data] tables of the datasets whose captions are shown in turn
};

struct EvaluationOptions {
  JudgingOptions judging;                     ///< its seed picks the prompts and the real pictures
  std::map<std::string, double> guidance_of;  ///< by the suite's name of the objective
  int64_t reference_pictures = 500;           ///< real pictures behind distances
  std::vector<int64_t> feature_steps;         ///< step counts whose pictures get a distance; all of them in `steps`
  /// Those of the file that its command line has no pictures of.
  std::vector<int64_t> dropped_feature_steps;
};

/// One sentence the suite must show.
struct Claim {
  std::string name;    ///< for people
  std::string metric;  ///< what cells are measured by, or METRIC/PART
  std::string text;    ///< as the suite has it
  ClaimSentence sentence;
  /// Cells that the sentence leaves open, "*" standing for all: it must hold of each of them, or of their mean.
  std::vector<std::string> encoders, objectives;
  std::vector<std::string> steps;  ///< "4", "*"
  bool of_mean = false;
  double margin = 0;  ///< what is above the threshold must be so by this much
  /// Encoders and where they stand on an axis: the sentence then speaks of `slope`, the score's rise along it.
  std::vector<std::pair<std::string, double>> along;
  std::string given;     ///< of a correlation: the probe whose share is taken out; "" = none
  std::string reported;  ///< what a paper says of it, in its words; "" = nothing

  Json to_json() const;  ///< all of it, as the suite's hash and the record hold it
};

struct SuiteSpec {
  std::string name, question;
  std::string paper;  ///< whose tables the report shows beside the suite's; "" = none
  Config config;
  std::vector<EncoderChoice> encoders;
  std::vector<PluginChoice> objectives, models, codecs;  ///< of models and codecs the first is the suite's own
  std::vector<MetricChoice> metrics;
  std::string main_metric;     ///< as `metrics` lists it: what orders tables, plots, comparisons and claims
  std::string main_objective;  ///< what the others are compared with
  std::string backbone;        ///< of metrics and probes that have none of their own
  std::vector<ProbeSpec> probes;
  std::vector<int64_t> steps, seeds;                          ///< each once; steps rise
  std::map<std::string, std::vector<int64_t>> encoder_seeds;  ///< of encoders whose seeds are not `seeds`
  int64_t trajectory_steps = 0;      ///< in which every row's paths are looked at; 0 = not at all
  std::vector<int64_t> checkpoints;  ///< pictures at which a row's weights are kept and scored too
  TrainOptions train;
  PretrainingOptions pretraining;
  EvaluationOptions evaluation;
  std::vector<Claim> claims;
  uint64_t data_seed = 0;
  Placement placement;
  bool bfloat16_instruments = false;  ///< codecs, judges and backbones multiply in bf16

  /// Without objectives nothing is trained, sampled or judged: the suite probes encoders, and needs no instruments.
  bool only_probes() const { return objectives.empty(); }

  const std::vector<int64_t>& seeds_of(const std::string& encoder) const {
    const auto own = encoder_seeds.find(encoder);
    return own == encoder_seeds.end() ? seeds : own->second;
  }
  /// The objective of a suite's name, or a registered one that the suite does not list (what a listed one starts from).
  /// @throws UserError  neither.
  PluginChoice objective(const std::string& wanted) const;
  std::vector<std::string> encoder_names() const;
};

/// What a row's objective is called: "mean_flow"; of other models and codecs than the first "mean_flow+wide".
std::string arm_name(const std::string& objective, const std::string& model, const std::string& codec);

/// Reads and checks a suite.
/// @param name_or_path  "quick" (experiments/quick.toml) or a path ending in .toml.
/// @param overrides     `key=value` words.
/// @throws UserError  no such suite (nearest name), unknown key or plugin, wrong type or range: file and line.
SuiteSpec load_suite(const std::string& name_or_path, const std::vector<std::string>& overrides);

/// The two halves of load_suite: the file with its overrides, and its meaning.
Config load_suite_file(const std::string& name_or_path, const std::vector<std::string>& overrides);
SuiteSpec read_suite(Config config);

/// Names of the suites under experiments/.
/// @throws UserError(kMissing)  the tree has no such folder ($EMFBENCH_ROOT names another one).
std::vector<std::string> suite_names();

}  // namespace emf
