// SPDX-License-Identifier: Apache-2.0
// From a suite to its stages: what depends on what.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "harness/engine/stages/pictures_stage.h"
#include "harness/engine/stages/probe_stages.h"
#include "harness/engine/stages/score_stages.h"
#include "harness/engine/stages/train_stage.h"
#include "harness/engine/suite/suite_file.h"

namespace emf {

/// One row of the comparison: an encoder, an objective, a model, a codec and a seed, trained to the end of the budget.
struct Row {
  std::string encoder,
      objective;  ///< the suite's names; `objective` names model and codec where they are not the first
  uint64_t seed = 0;
  EncoderSource source;
  PluginChoice trained_by;  ///< the objective that the row ends with
  std::string starts_from;  ///< the objective that trains first; "" = none
  double guidance = 1;
  std::string model_name, codec_name;  ///< the suite's; "" = its first
  ModelMaker model;
  std::shared_ptr<const Codec> codec;
  StagePointer texts, judged_texts;
  std::vector<StagePointer> segments;  ///< in order; the last holds the whole budget
  std::vector<int64_t> ends;           ///< pictures that each segment ends at
  int64_t own_from = 0;                ///< pictures before the row's own objective begins
};

/// A metric's stage of one cell.
struct CellScore {
  size_t metric = 0;  ///< place in SuiteGraph::metrics
  StagePointer stage;
};

/// Pictures with all that is said of them: of a row at one step count, or of real ones.
struct Cell {
  std::string encoder, objective;
  uint64_t seed = 0;
  int64_t steps = 0;
  int64_t checkpoint = 0;  ///< pictures that were trained on; 0 = the whole budget
  StagePointer train;      ///< null for real pictures
  StagePointer pictures;
  std::vector<CellScore> scores;

  /// "encoder/objective/steps": what claims and comparisons call it.
  std::string name() const;
};

/// An encoder's pretraining.
struct PretrainingRow {
  std::string encoder;    ///< registered name
  std::string objective;  ///< the Pretraining's name
  int64_t seed = 0;
  StagePointer stage;
};

/// The paths of a row, measured.
struct TrajectoryCell {
  std::string encoder, objective;
  uint64_t seed = 0;
  StagePointer train, stage;
};

struct ProbeCell {
  ProbeSpec probe;
  std::string encoder;
  StagePointer stage;  ///< null where the encoder cannot read the data
  std::string why;     ///< of a null stage
};

/// A metric of the suite, made ready.
struct SuiteMetric {
  MetricChoice choice;
  MetricPlan plan;
  std::shared_ptr<const Judge> judge;  ///< where it needs one
  bool higher_is_better = true;
  bool of_items = false;  ///< it scores pictures one by one
  bool official = false;  ///< measured on what it is defined on
};

/// Everything a suite does. Shared inputs live here while stages run.
struct SuiteGraph {
  SuiteSpec spec;
  std::filesystem::path store;
  std::shared_ptr<const Dataset> dataset;
  std::shared_ptr<const TrainingCaptions> captions;
  std::shared_ptr<const JudgedPrompts> judged;
  std::vector<SuiteMetric> metrics;
  size_t main_metric = 0;  ///< place in `metrics`

  std::vector<StagePointer> stages;               ///< in an order that respects inputs; equal stages stand once
  std::map<std::string, EncoderSource> encoders;  ///< by the suite's name, with its first seed
  std::vector<PretrainingRow> pretrainings;
  std::vector<Row> rows;
  std::vector<Cell> cells;
  std::vector<TrajectoryCell> trajectories;
  std::vector<ProbeCell> probes;
  std::vector<std::shared_ptr<const Dataset>> other_datasets;  ///< what probes and pretraining look at, each once
  Prompt first_prompt;                                         ///< one that every encoder of a stage can read
  std::optional<Cell> ceiling, reconstruction;                 ///< real pictures, and the codec's of them
  std::optional<Cell> chance;               ///< real pictures that have nothing to do with the prompts
  StagePointer calibration;                 ///< what `calibrated` gets wrong in this world; or null
  StagePointer mush;                        ///< what `calibrated` makes of averages; or null
  std::shared_ptr<const Judge> calibrated;  ///< the first detecting judge of the metrics
  std::vector<std::string> notes;           ///< said before anything runs: what will be undecided
  Json instruments = Json::array();         ///< shipped ones that stages use
};

/// Builds the graph. Loads instruments and checks that weights are there; trains nothing.
/// @throws UserError  a bad suite table (file and line), absent weights (how to get them), a metric that the data
///   cannot be judged by, a claim about a cell that the suite does not have.
SuiteGraph build_suite_graph(const SuiteSpec& spec, const std::filesystem::path& store);

}  // namespace emf
